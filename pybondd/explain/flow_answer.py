"""What does an answer about a flow look like? The port, why, and what follows from it."""

from dataclasses import dataclass

Step = tuple[str, str]
"""What is done, and the number that comes of it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one policy makes of the flow. `port` is "" where the next hop's address is missing."""

    policy: str
    is_in_use: bool
    word: int | None
    port: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class FlowAnswer:
    """The ports by which a frame of the flow leaves, in words and by each hash policy.

    `port` is the one port of the flow, "" if it has none or several. `steps` follow those of the
    policy in use. `source_mac` is put into the frame, "" where it is left alone. `then` is the port
    that the flow would take if that one failed, or what decides it; "" if there is none, None where
    that is another question. `back` is how the other side's frames come.
    """

    port: str
    what: str
    why: str
    choices: tuple[Choice, ...] = ()
    steps: tuple[Step, ...] = ()
    source_mac: str = ""
    then: str | None = None
    back: str = ""
