"""How does a "no" travel from the place that says it to the terminal, and keep its reasons?"""

import errno
from dataclasses import dataclass
from enum import IntEnum
from typing import TypedDict


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_RUNNING = 3
    NO_PRIVILEGE = 4


class RefusalJson(TypedDict):
    """A refusal on the control socket; `errno` is its name, as EACCES, or "" for none."""

    what: str
    why: str
    remedy: str
    errno: str
    exit: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, why, and what to do: one line each. `errno` is 0 where Linux has none."""

    what: str
    why: str
    remedy: str
    errno: int = 0
    exit_code: Exit = Exit.REFUSED

    def json(self) -> RefusalJson:
        """The refusal as the control socket carries it."""
        return {
            "what": self.what,
            "why": self.why,
            "remedy": self.remedy,
            "errno": errno.errorcode.get(self.errno, ""),
            "exit": int(self.exit_code),
        }

    @classmethod
    def from_json(cls, parsed: RefusalJson) -> "Refusal":
        """Inverse of json()."""
        number = getattr(errno, parsed["errno"], 0) if parsed["errno"] else 0
        return cls(parsed["what"], parsed["why"], parsed["remedy"], number, Exit(parsed["exit"]))


class CommandRefusedError(Exception):
    """Carries a refusal up to the command or route that answers for it."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal; its first line is the text."""
        super().__init__(refusal.what)
        self.refusal = refusal


def not_running(bond: str) -> Refusal:
    """No daemon answers for this bond."""
    return Refusal(
        f"no bond named {bond} is running",
        "no daemon answers on its control socket",
        f"start it: pybondd up {bond} --mode active-backup eth0 eth1   (what runs: pybondd status)",
        errno.ENODEV,
        Exit.NOT_RUNNING,
    )
