"""What must hold of LACP from one instant to the next: time that passes, and frames that leave.

A `LacpWatch` looks at bonds after each thing that happens in their world, asks the rules of
checks_lacp.py, and compares with what it saw before.
"""

from typing import Final

from pybondd.lacp.boxes import MuxBox, PeriodicBox, ReceiveBox
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import System
from pybondd.sim.bonded import SimulatedBond
from pybondd.sim.checks_lacp import (
    BOND_RULES,
    PASS_RULES,
    PORT_RULES,
    SENDS,
    SYSTEM_RULES,
    everything_asked_for_was_handed_over,
)
from pybondd.sim.seen_lacp import Seen, Watched, describe
from pybondd.sim.sent_lacp import PASSES_BETWEEN_LACPDUS, look_at_what_was_sent
from pybondd.sim.world import World

WAIT_PASSES: Final = 20
SHORT_TIMEOUT_PASSES: Final = 30
LONG_TIMEOUT_PASSES: Final = 900
SLOWEST_FAST_PERIOD_PASSES: Final = 13
"""Ten of the period, and three until the transmit window opens."""
_M, _R = MuxBox, ReceiveBox
MUX_WAYS: Final = frozenset(
    {
        (None, _M.DETACHED),
        (_M.DETACHED, _M.WAITING),
        (_M.WAITING, _M.ATTACHED),
        (_M.ATTACHED, _M.COLLECTING_DISTRIBUTING),
        (_M.COLLECTING_DISTRIBUTING, _M.ATTACHED),
        (_M.ATTACHED, _M.COLLECTING),
        (_M.COLLECTING, _M.ATTACHED),
        (_M.COLLECTING, _M.DISTRIBUTING),
        (_M.DISTRIBUTING, _M.COLLECTING),
    }
    | {(box, _M.DETACHED) for box in _M}
)
"""Where a port may be one pass after it was somewhere else."""


class LacpWatch:
    """An observer of a world. `bonds` may be changed at any time. Looking changes nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.watched: dict[SimulatedBond, Watched] = {}
        world.observers.append(self.look)

    def follow(self, bond: SimulatedBond) -> None:
        """Look at this bond too."""
        self.watched[bond] = Watched(bond)

    def forget(self, bond: SimulatedBond) -> None:
        """Look at it no more."""
        del self.watched[bond]

    def look(self) -> None:
        """Assert every rule of every bond to which something has happened."""
        for watched in self.watched.values():
            if watched.turns != watched.bond.turns:
                watched.turns = watched.bond.turns
                _look_at(watched)


def _look_at(watched: Watched) -> None:
    bond = watched.bond
    lacp = bond.bond.mode.lacp
    assert lacp is not None, "this bond has another mode now"
    seen = {port: watched.ports.get(port) or Seen() for port in lacp.ports}
    passed = any(then.transmit_window not in (0, p.transmit_window) for p, then in seen.items())
    _ask_the_rules(watched, lacp, seen, passed=passed)
    look_at_what_was_sent(watched, lacp, passed=passed)
    for port, before in seen.items():
        for problem in _changes(port, before, passed=passed):
            raise AssertionError(f"{problem}\n{describe(bond, port)}")
        _remember(port, before)
    watched.ports = seen
    if passed:
        is_shown = bond.has_carrier == bond.bond.mode.carrier(bond.bond.state)
        assert is_shown, f"carrier {bond.has_carrier} of {bond.name}"


def _ask_the_rules(
    watched: Watched, lacp: System, seen: dict[AggregationPort, Seen], *, passed: bool
) -> None:
    """Where nothing has changed, nothing is asked again: that makes ten times the schedules."""
    bond = watched.bond
    has_changed = len(seen) != len(watched.ports)
    for port, before in seen.items():
        state = _state(port)
        is_new = state != before.state
        if is_new or passed:
            rule = next((rule for rule in PORT_RULES if not rule(port)), None)
            assert rule is None, f"{rule.__name__}\n{describe(bond, port)}"
        before.state = state
        has_changed |= is_new
    assert everything_asked_for_was_handed_over(lacp)
    if has_changed:
        for system_rule in SYSTEM_RULES:
            assert system_rule(lacp), f"{bond.name}: {system_rule.__name__}"
        for bond_rule in BOND_RULES:
            assert bond_rule(bond, lacp), f"{bond.name}: {bond_rule.__name__}"


def _state(port: AggregationPort) -> tuple[object, ...]:
    """Everything that the rules speak of, but timers, of the port and the aggregator it brought."""
    member, own = port.member, port.own
    return (
        port.actor,
        port.partner,
        port.receive_box,
        port.mux_box,
        port.periodic_box,
        port.selected,
        port.matched,
        port.port_enabled,
        port.is_loop_told,
        member.is_backup,
        member.is_running,
        member.is_link_up,
        port.aggregator,
        own.is_active,
        own.is_individual,
        own.key,
        len(own.ports),
    )


def _changes(port: AggregationPort, seen: Seen, *, passed: bool) -> list[str]:
    """What is wrong about the way from then to now."""
    wrong = []
    counts = _counts(port)
    if counts != seen.counts and any(map(int.__lt__, counts, seen.counts)):
        wrong.append("a counter went back")
    if seen.is_backup and not port.member.is_backup and not _may_transmit(port, seen):
        wrong.append("it was taken into use for no reason")
    if _heard(port) != seen.heard:
        seen.passes_since_heard = 0
    if not port.lacp_enabled or port.begin:
        seen.passes_unsaid = seen.passes_fast = 0
    if passed and seen.transmit_window:
        wrong += [rule.__name__ for rule in PASS_RULES if not rule(port, seen.mux_box)]
        _let_a_pass_go_by(port, seen)
        wrong += _late(seen)
    elif port.mux_box is not seen.mux_box:
        wrong.append("the mux moved outside of a pass")
    wrong += _moves(port, seen)
    return wrong


def _may_transmit(port: AggregationPort, seen: Seen) -> bool:
    """Both sides distribute; or, in Linux, nobody speaks LACP at the other end.

    Who was alone when a pass began may have been taken into use before it found its partner in the
    same pass; Linux lets it be in use until its mux attaches.
    """
    return port.mux_box in SENDS or seen.is_alone or _is_alone(port)


def _is_alone(port: AggregationPort) -> bool:
    return port.aggregator is not None and not port.aggregator.has_partner


def _let_a_pass_go_by(port: AggregationPort, seen: Seen) -> None:
    seen.passes_in_mux_box += 1
    seen.passes_since_heard += 1
    seen.passes_in_receive_box += 1
    seen.passes_unsaid = seen.passes_unsaid + 1 if port.ntt and port.lacp_enabled else 0
    is_fast = port.periodic_box in (PeriodicBox.FAST_PERIODIC, PeriodicBox.PERIODIC_TX)
    seen.passes_fast = seen.passes_fast + 1 if is_fast and port.lacp_enabled else 0


def _late(seen: Seen) -> list[str]:
    wrong = []
    if seen.passes_unsaid > PASSES_BETWEEN_LACPDUS:
        wrong.append(f"an LACPDU is wanted for {seen.passes_unsaid} passes")
    if seen.passes_fast > SLOWEST_FAST_PERIOD_PASSES:
        wrong.append(f"nothing was sent for {seen.passes_fast} passes to a partner who wants fast")
    return wrong


def _moves(port: AggregationPort, seen: Seen) -> list[str]:
    wrong = []
    mux, receive = (seen.mux_box, port.mux_box), (seen.receive_box, port.receive_box)
    if port.mux_box is not seen.mux_box and mux not in MUX_WAYS:
        wrong.append(f"the mux went from {seen.mux_box} to {port.mux_box}")
    if mux == (_M.WAITING, _M.ATTACHED) and seen.passes_in_mux_box < WAIT_PASSES:
        wrong.append(f"it waited {seen.passes_in_mux_box} passes for other ports")
    timeouts = (SHORT_TIMEOUT_PASSES, LONG_TIMEOUT_PASSES)
    if receive == (_R.CURRENT, _R.EXPIRED) and seen.passes_since_heard not in timeouts:
        wrong.append(f"it gave the partner up after {seen.passes_since_heard} passes of silence")
    expired = seen.passes_in_receive_box
    if receive == (_R.EXPIRED, _R.DEFAULTED) and expired != SHORT_TIMEOUT_PASSES:
        wrong.append(f"it was expired for {expired} passes")
    return wrong


def _remember(port: AggregationPort, seen: Seen) -> None:
    if port.mux_box is not seen.mux_box:
        seen.passes_in_mux_box = 0
    if port.receive_box is not seen.receive_box:
        seen.passes_in_receive_box = 0
    seen.mux_box, seen.receive_box = port.mux_box, port.receive_box
    seen.is_backup, seen.transmit_window = port.member.is_backup, port.transmit_window
    seen.is_alone = _is_alone(port)
    seen.counts, seen.heard = _counts(port), _heard(port)


def _heard(port: AggregationPort) -> int:
    """LACPDUs of somebody else."""
    return port.counters.lacpdu_rx - port.counters.looped


def _counts(port: AggregationPort) -> tuple[int, ...]:
    counters = port.counters
    return (
        counters.lacpdu_rx,
        counters.lacpdu_tx,
        counters.marker_rx,
        counters.marker_resp_tx,
        counters.over_limit,
        counters.looped,
        port.actor_churn_count,
        port.partner_churn_count,
    )
