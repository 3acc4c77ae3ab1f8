"""Which port is the active one, and what follows when it changes?

Source: Linux 6.12 bond_main.c bond_find_best_slave, bond_choose_primary_or_current,
bond_change_active_slave, bond_select_active_slave; bonding.rst: primary, primary_reselect.
All modes elect; outside the primary modes the active port matters for IGMP only.
"""

from pybondd.effects import SetCarrier, SetPortPromiscuous
from pybondd.modes.announcing import notify_failover, rejoin_groups
from pybondd.modes.base import Mode
from pybondd.modes.moving_mac import move_mac
from pybondd.option import BondMode
from pybondd.port import Duplex, Link, Port
from pybondd.state import BondState, PrimaryReselect
from pybondd.units import Instant


def select(state: BondState, mode: Mode, *, now: Instant) -> None:
    """Elect, and change over if another port wins; then look at the carrier."""
    best = find_best(state)
    if best is state.active:
        return
    change_active(state, mode, best, now=now)
    if update_carrier(state, mode):
        state.report("active interface up" if state.has_carrier else NOBODY_TEXT)


NOBODY_TEXT = "now running without any active interface"


def find_best(state: BondState) -> Port | None:
    """The port that ought to be active; None if there is none to be had."""
    current = state.active
    challenger = state.primary
    if challenger is None or challenger.link is not Link.UP:
        challenger = _highest_prio(state)
        if challenger is None:
            return _nearest_to_back(state)
        if challenger is current:
            return current
    elif state.must_take_primary:
        state.must_take_primary = False
        return challenger
    if current is None or current.link is not Link.UP:
        return challenger
    return challenger if _may_take_over(state, challenger, current) else current


def _highest_prio(state: BondState) -> Port | None:
    """Among ports with a link; max() keeps the earliest on a tie, as Linux does."""
    up = [port for port in state.ports if port.link is Link.UP]
    return max(up, key=lambda port: port.prio, default=None)


def _nearest_to_back(state: BondState) -> Port | None:
    """With no link UP, the port whose updelay is furthest gone; one just begun does not count."""
    waiting = [
        port
        for port in state.ports
        if port.link is Link.BACK and port.facts.is_running and port.delay < state.options.updelay
    ]
    return min(waiting, key=lambda port: port.delay, default=None)


UNKNOWN_SPEED = 2**32 - 1
"""Linux keeps an unknown speed as -1 in an unsigned field, so unknown beats every known speed."""


def _may_take_over(state: BondState, challenger: Port, current: Port) -> bool:
    match PrimaryReselect(state.options.primary_reselect):
        case PrimaryReselect.ALWAYS:
            return True
        case PrimaryReselect.FAILURE:
            return False
        case PrimaryReselect.BETTER:
            return _quality(challenger) > _quality(current)


def _quality(port: Port) -> tuple[int, int]:
    speed = UNKNOWN_SPEED if port.speed_mbps is None else port.speed_mbps
    duplex = {Duplex.HALF: 0, Duplex.FULL: 1, None: 255}[port.duplex]
    return speed, duplex


def change_active(state: BondState, mode: Mode, new: Port | None, *, now: Instant) -> None:
    """Make `new` the active port. The order of the effects is a promise: first forward, then
    move addresses, then announce."""
    old = state.active
    if new is old:
        return
    if new:
        _bring_forward(state, mode, new, now=now)
    state.active = new
    mode.active_changed(state, old)
    state.publish(mode.table(state))
    if mode.has_primary:
        _follow_receive_mode(state, old, new)
    if mode.announces:
        move_mac(state, old, new)
        notify_failover(state)
    rejoin_groups(state, mode, now=now)


def _bring_forward(state: BondState, mode: Mode, new: Port, *, now: Instant) -> None:
    """A port elected while its updelay runs is UP from now on."""
    new.last_link_up_ns = now
    if new.link is not Link.BACK:
        if mode.has_primary:
            state.report("making interface the new active one", new)
        return
    early = (state.options.updelay - new.delay) * state.options.miimon
    if mode.has_primary:
        state.report(f"making interface the new active one {early} ms earlier", new)
    new.delay = 0
    new.link = Link.UP
    mode.brought_forward(state, new)
    mode.device_changed(state)


def _follow_receive_mode(state: BondState, old: Port | None, new: Port | None) -> None:
    """In the primary modes only the active port hears what the bond wants to hear."""
    for port in (old, new):
        if port and port in state.ports:
            set_promiscuous(state, port, is_promiscuous=state.is_promiscuous and port is new)


def set_promiscuous(state: BondState, port: Port, *, is_promiscuous: bool) -> None:
    """Ask for the port's receive mode, unless it has it. A port that stands in hears it all."""
    is_promiscuous = is_promiscuous or port.stands_in or _all_hear_tags(state)
    if port.is_promiscuous != is_promiscuous:
        port.is_promiscuous = is_promiscuous
        state.ask(SetPortPromiscuous(port.ifindex, is_promiscuous))


def _all_hear_tags(state: BondState) -> bool:
    """In balance-alb clients in a VLAN send to every port, whose driver may filter tags.

    A bridge is no such reason: what is for it comes to the active port, and what a switch floods
    would come as often as there are ports.
    """
    receives_by_all = state.options.mode is BondMode.BALANCE_ALB
    return receives_by_all and state.is_promiscuous and any(i.tags for i in state.interfaces)


def update_carrier(state: BondState, mode: Mode) -> bool:
    """Show the carrier the mode wants; was that a change?"""
    has_carrier = bool(state.ports) and mode.carrier(state)
    if has_carrier == state.has_carrier:
        return False
    state.has_carrier = has_carrier
    state.ask(SetCarrier(has_carrier))
    return True
