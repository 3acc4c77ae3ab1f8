"""What is a lab? A mode, a network, a plan of probes and deeds, and how to judge and tell it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pybondd.lab.bonds import BondHost
from pybondd.lab.looking import Look
from pybondd.lab.recording import Recording
from pybondd.lab.stage import Deed
from pybondd.lab.topology import FAR_ADDRESS
from pybondd.units import MILLISECOND_NS, Duration

PORTS = ("eth0", "eth1")
INTERVAL_NS: Duration = MILLISECOND_NS
"""One probe a millisecond: an outage of one poll interval is a hundred probes wide."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How a run is told: one sentence, the terminal's picture, the SVG, what went wrong (or "")."""

    result: str
    picture: tuple[str, ...]
    svg: str
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab. `has_far_bond`: the far end is a second pybondd, else a switch with `hosts`.

    `count` probes are sent, or fewer in a lab that looks: it ends when it has seen all it wants.
    `turns` says to which flow the first, the second, ... probe belongs, over and over; flow n goes
    to host n, or begins again with the first one. `tell(recording, width, is_coloured)` makes the
    pictures and the judgement. `is_ready(host)` says when an end may be probed, where `up` alone
    does not. `liar` is one more port here, whose partner speaks LACP falsely.
    """

    name: str
    mode: str
    options: tuple[str, ...]
    has_far_bond: bool
    count: int
    burst: int
    tell: Callable[[Recording, int, bool], Telling]
    try_next: Sequence[str]
    turns: Sequence[int] = (0,)
    steps: tuple[Deed | Look, ...] = ()
    hosts: tuple[str, ...] = (FAR_ADDRESS,)
    is_ready: Callable[[BondHost], bool] | None = None
    liar: str = ""
