"""How does an interface become a port, and how does it stop being one?

Joining has two steps, because a link can only be judged after the port is up: `offer` prepares the
port, `complete` gives it its link and role. Source: Linux 6.12 bond_main.c bond_enslave,
__bond_release_one.
"""

import errno
from typing import Final

from pybondd.effects import (
    AttachPort,
    DetachPort,
    Effect,
    Hears,
    Refuse,
    SetPortMac,
    SetPortMtu,
    SetPortUp,
)
from pybondd.events import PortOffered
from pybondd.forwarding import MAX_PORTS
from pybondd.modes import failover
from pybondd.modes.base import Mode
from pybondd.modes.moving_mac import set_bond_mac
from pybondd.modes.unique_mac import mac_for_newcomer
from pybondd.monitors.arp_window import start_afresh
from pybondd.monitors.carrier import has_link
from pybondd.option import BondMode
from pybondd.port import Link, LinkFacts, Port
from pybondd.refusal import RefusedError
from pybondd.state import BondState, FailOverMac
from pybondd.units import Instant

_HEARS: Final = {BondMode.IEEE8023AD: Hears.LACP, BondMode.BALANCE_ALB: Hears.ARP}


def offer(state: BondState, event: PortOffered) -> Port:
    """Check, then ask for all that prepares the port. Raises RefusedError."""
    _refuse_unfit(state, event)
    if not state.ports and state.mac_is_random:
        set_bond_mac(state, event.mac)
        state.mac_is_random = False
    port = Port(
        ifindex=event.ifindex,
        name=event.name,
        permanent_mac=event.mac,
        mac=event.mac,
        original_mtu=event.mtu,
        facts=event.facts,
    )
    state.ask(AttachPort(port.ifindex, _heard(state)))
    if event.mtu != state.mtu:
        state.ask(SetPortMtu(port.ifindex, state.mtu))
    port.mac = _mac_in_bond(state, event)
    if port.mac != event.mac:
        state.ask(SetPortMac(port.ifindex, port.mac))
    state.ask(SetPortUp(port.ifindex, is_up=True))
    return port


def _heard(state: BondState) -> Hears:
    """What the bond itself wants to hear of its ports."""
    by_mode = _HEARS.get(state.options.mode, Hears.NOTHING)
    return Hears.PROBES if state.options.arp_interval else by_mode


def _refuse_unfit(state: BondState, event: PortOffered) -> None:
    what = f"{event.name} cannot join {state.name}"
    if state.port_by_index(event.ifindex):
        raise RefusedError(errno.EBUSY, what, "it is a port of this bond already")
    if event.facts.is_up:
        remedy = f"ip link set {event.name} down"
        raise RefusedError(errno.EPERM, what, "it is up, and a port must be down to join", remedy)
    if len(state.ports) >= MAX_PORTS:
        raise RefusedError(errno.ENOSPC, what, f"{state.name} has {MAX_PORTS} ports already")


def _mac_in_bond(state: BondState, event: PortOffered) -> bytes:
    """Which address does a port have while it is in the bond? Raises RefusedError."""
    mac = event.mac
    if state.options.mode in (BondMode.BALANCE_TLB, BondMode.BALANCE_ALB):
        return mac_for_newcomer(state, mac, event.name)
    if state.options.mode is not BondMode.ACTIVE_BACKUP:
        return state.mac
    match FailOverMac(state.options.fail_over_mac):
        case FailOverMac.NONE:
            return state.mac
        case FailOverMac.ACTIVE:
            return mac
        case FailOverMac.FOLLOW:
            return state.random_mac() if state.ports and mac == state.mac else mac


def undo_offer(state: BondState, port: Port, failed: Effect, code: int) -> None:
    """Preparing the port failed: give back what it had, and say why."""
    _restore(state, port)
    if not state.ports and state.mac == port.permanent_mac:
        _forget_mac(state)
    what = f"{port.name} cannot join {state.name}"
    why = f"{type(failed).__name__} failed: {errno.errorcode.get(code, code)}"
    state.ask(Refuse(code, what, why, f"look at: ip -d link show {port.name}"))


def complete(state: BondState, mode: Mode, port: Port, facts: LinkFacts, *, now: Instant) -> None:
    """The port is prepared and up: judge its link, give it its role, let it work."""
    port.facts = facts
    port.read_speed()
    port.link = _initial_link(state, port)
    if port.link is not Link.DOWN:
        port.last_link_up_ns = now
    start_afresh(state, port, now=now)
    state.ports.append(port)
    if mode.has_primary and port.name == state.options.primary:
        state.primary = port
        state.must_take_primary = True
    mode.port_added(state, port)
    hears_all = state.is_promiscuous and not mode.has_primary
    failover.set_promiscuous(state, port, is_promiscuous=hears_all)
    failover.update_carrier(state, mode)
    if mode.has_primary:
        failover.select(state, mode, now=now)
    role = "a backup" if port.is_backup else "an active"
    link = "a down" if port.link is Link.DOWN else "an up"
    state.report(f"enslaved as {role} interface with {link} link", port)


def _initial_link(state: BondState, port: Port) -> Link:
    """Linux 6.12 bond_enslave: with updelay even a good link has to wait."""
    if state.options.miimon:
        if not has_link(port, state.options):
            return Link.DOWN
        port.delay = state.options.updelay
        return Link.BACK if state.options.updelay else Link.UP
    if state.options.arp_interval:
        return Link.UP if port.facts.has_carrier else Link.DOWN
    return Link.UP


def release(state: BondState, mode: Mode, port: Port, *, now: Instant) -> None:
    """Take a port out and give it back as it was (but down, as Linux leaves it)."""
    leave(state, mode, port, now=now)
    _restore(state, port)


def leave(state: BondState, mode: Mode, port: Port, *, now: Instant) -> None:
    """Take a port out of the bond without touching the interface: it may be gone."""
    state.set_inactive(port)
    role = "a backup" if port.is_backup else "an active"
    state.report(f"released, it was {role} interface", port)
    state.ports.remove(port)
    mode.port_removed(state, port)
    _warn_of_shared_mac(state, port)
    state.probing.candidate = None
    if port is state.primary:
        state.primary = None
    if port is state.active:
        failover.change_active(state, mode, None, now=now)
        mode.port_gone(state, port)
        failover.select(state, mode, now=now)
    else:
        mode.port_gone(state, port)
    failover.update_carrier(state, mode)
    state.publish(mode.table(state))
    if not state.ports:
        _forget_mac(state)


def _warn_of_shared_mac(state: BondState, port: Port) -> None:
    takes_port_macs = (
        state.options.mode is BondMode.ACTIVE_BACKUP
        and state.options.fail_over_mac == FailOverMac.ACTIVE
    )
    if state.ports and state.mac == port.permanent_mac and not takes_port_macs:
        state.warn(f"its permanent address stays in use by {state.name}", port)


def _forget_mac(state: BondState) -> None:
    """Linux gives a bond without ports a new random address, even if a user had set the old."""
    set_bond_mac(state, state.random_mac())
    state.mac_is_random = True


def _restore(state: BondState, port: Port) -> None:
    state.ask(DetachPort(port.ifindex))
    state.ask(SetPortUp(port.ifindex, is_up=False))
    if port.mac != port.permanent_mac:
        state.ask(SetPortMac(port.ifindex, port.permanent_mac))
    if port.original_mtu != state.mtu:
        state.ask(SetPortMtu(port.ifindex, port.original_mtu))
