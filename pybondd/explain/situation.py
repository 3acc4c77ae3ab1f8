"""What is asked about? A port of a bond at one moment, and a few words that all answers use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pybondd.explain.answer import Unmet
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import PASSES_PER_SECOND, System
from pybondd.modes.base import Mode
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.negotiated import aggregation_port
from pybondd.units import SECOND_NS, Instant


@dataclass(frozen=True, slots=True)
class Situation:
    """A port of a bond at the moment `now`."""

    state: BondState
    mode: Mode
    port: Port
    now: Instant

    @property
    def bond(self) -> str:
        """The bond's name."""
        return self.state.name

    @property
    def name(self) -> str:
        """The port's name."""
        return self.port.name

    @property
    def lacp(self) -> System:
        """The LACP system, in the mode that has one."""
        assert self.mode.lacp is not None
        return self.mode.lacp

    @property
    def negotiated(self) -> AggregationPort:
        """What LACP knows of the port, in the mode that has LACP."""
        found = aggregation_port(self.mode, self.port)
        assert found is not None
        return found

    def ago(self, moment: Instant) -> str:
        """How long ago that was: `0.6 s ago`."""
        return f"{(self.now - moment) / SECOND_NS:.1f} s ago"


Check: TypeAlias = Callable[[Situation], str | Unmet]
"""A condition: what can be said of it if it holds ("": nothing), or why it does not."""


def seconds(passes: int) -> str:
    """So many passes of LACP's machines: `1.9 s`."""
    return f"{passes / PASSES_PER_SECOND:.1f} s"


def speed_text(port: Port) -> str:
    """`10000 Mb/s full`, as the interface says now."""
    if port.facts.speed_mbps is None:
        return "speed unknown"
    duplex = port.facts.duplex.value if port.facts.duplex else "duplex unknown"
    return f"{port.facts.speed_mbps} Mb/s {duplex}"
