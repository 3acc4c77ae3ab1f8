"""One pass of the carrier monitor over the whole bond: inspect, commit, elect, announce.

Source: Linux 6.12 bond_main.c bond_mii_monitor, bond_miimon_commit.
"""

from pybondd.modes import announcing, failover
from pybondd.modes.base import Mode
from pybondd.monitors import carrier
from pybondd.port import Link, Port
from pybondd.state import BondState
from pybondd.units import Instant, milliseconds


def mii_pass(state: BondState, mode: Mode, *, now: Instant) -> None:
    """The poll: look at all ports and act on what has changed."""
    was_due = announcing.is_due(state)
    _look(state, mode, state.ports, now=now)
    announcing.end_of_pass(state, was_due=was_due)


def mii_event(state: BondState, mode: Mode, port: Port, *, now: Instant) -> None:
    """The kernel told of this port's link: look at it at once, the others wait for the poll.

    A failover decided here counts as a pass, and the next comes a whole interval later: so as many
    announcements follow as in Linux, where a poll would have decided it, and as far apart.
    """
    was_active = state.active
    _look(state, mode, [port], now=now)
    if state.active is not was_active:
        announcing.end_of_pass(state, was_due=False)
        plan_poll(state, now=now)


def plan_poll(state: BondState, *, now: Instant) -> None:
    """The next pass is due one interval from now."""
    state.agenda.set("mii", at=now + milliseconds(state.options.miimon))


def _look(state: BondState, mode: Mode, ports: list[Port], *, now: Instant) -> None:
    skip_updelay = mode.nothing_usable(state)
    proposals = carrier.inspect(state, ports, skip_updelay=skip_updelay, now=now)
    if proposals:
        _commit(state, mode, proposals, now=now)


def _commit(state: BondState, mode: Mode, proposals: carrier.Proposals, *, now: Instant) -> None:
    for port in state.ports:
        port.link = proposals.get(port.ifindex, port.link)
    election_wanted = False
    for port in state.ports:
        match proposals.get(port.ifindex):
            case Link.UP:
                election_wanted |= _came_up(state, mode, port, now=now)
            case Link.DOWN:
                election_wanted |= _went_down(state, mode, port)
            case None if port.link is Link.UP:
                mode.link_stays(state, port)
    if election_wanted:
        failover.select(state, mode, now=now)
    failover.update_carrier(state, mode)


def _came_up(state: BondState, mode: Mode, port: Port, *, now: Instant) -> bool:
    """Take the port into use; is an election wanted?"""
    port.read_speed()
    if mode.needs_speed and (port.speed_mbps is None or port.duplex is None):
        port.link = Link.DOWN
        state.warn("speed or duplex is unknown, so it stays down", port)
        return False
    port.last_link_up_ns = now
    mode.link_up(state, port)
    speed, duplex = port.speed_mbps or 0, port.duplex.value if port.duplex else "full"
    state.report(f"link status definitely up, {speed} Mbps {duplex} duplex", port)
    return state.active is None or port is state.primary or port.prio > state.active.prio


def _went_down(state: BondState, mode: Mode, port: Port) -> bool:
    """Take the port out of use; is an election wanted?"""
    port.count_failure()
    mode.link_down(state, port)
    state.report("link status definitely down, disabling it", port)
    return port is state.active
