"""Which of the twins forwards, and why not the faster one?"""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from pybondd import _pure
from pybondd.counters import Counters, Reason
from pybondd.forwarding import ForwardingTable


class Forwards(Protocol):
    """What both twins' `Forwarder` can do; pybondd/_pure.py explains it."""

    def __init__(self, seed: int) -> None: ...

    def publish(self, table: ForwardingTable) -> None:
        """Forward by this table from the next frame on."""

    def from_host(self, frame: bytes, queue: int = 0) -> tuple[int, ...]:
        """The ports for a frame that the host sends; empty if it is dropped."""

    def from_port(self, ifindex: int, frame: bytes) -> Reason | None:
        """Why a frame from a port does not reach the host, or None if it does."""

    def counters(self) -> Counters:
        """What became of each frame until now."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The twin that runs: "compiled" or "pure", and why not the compiled one ("" if it is)."""

    kind: str
    why: str
    forwarder: type[Forwards]


def choose(*, wants_pure: bool) -> Choice:
    """The compiled twin, unless it is unwanted or was not built."""
    if wants_pure:
        return Choice("pure", "PYBONDD_PURE=1 asks for it", _pure.Forwarder)
    try:
        compiled = import_module("pybondd._fast")
    except ImportError as error:
        return Choice("pure", f"the compiled one does not load: {error}", _pure.Forwarder)
    return Choice("compiled", "", compiled.Forwarder)
