"""What do peers hear after a failover? Gratuitous ARP, unsolicited NA, membership reports.

Source: Linux 6.12 bond_main.c bond_should_notify_peers, bond_change_active_slave,
bond_resend_igmp_join_requests; bonding.rst: num_grat_arp, peer_notif_delay, resend_igmp.
"""

from collections.abc import Iterator

from pybondd.effects import SendFrame
from pybondd.events import HostAddress
from pybondd.modes.base import Mode
from pybondd.option import BondMode
from pybondd.state import BondState
from pybondd.units import Duration, Instant, milliseconds
from pybondd.wire.announce import gratuitous_arp, igmp_report, mld_reports, unsolicited_na
from pybondd.wire.ethernet import with_tags

FIRST_REPORT_NS: Duration = milliseconds(4)
"""Linux waits one tick before the first report; 4 ms is the tick of a kernel with HZ=250."""
REPORT_INTERVAL_NS: Duration = milliseconds(200)
"""Linux 6.12 bond_main.c bond_resend_igmp_join_requests_delayed: HZ/5 between repetitions."""


def notify_failover(state: BondState) -> None:
    """A new active port: announce now if that is possible, and plan the repetitions."""
    if state.active is None:
        return
    if state.is_open:
        state.notifications_left = state.options.num_peer_notif * _passes_between(state)
    if is_due(state):
        state.notifications_left -= 1
        announce(state)


def is_due(state: BondState) -> bool:
    """May an announcement go out now? (Linux 6.12 bond_should_notify_peers)"""
    return (
        state.active is not None
        and state.has_carrier
        and state.notifications_left > 0
        and state.notifications_left % _passes_between(state) == 0
    )


def end_of_pass(state: BondState, *, was_due: bool) -> None:
    """The monitor's pass is over; one more of the waits, or an announcement, is done.

    Linux looks whether one is due when a pass begins, and counts when it ends. So of N
    announcements after a failover that the pass itself decided, N-1 go out.
    """
    if state.notifications_left:
        state.notifications_left -= 1
        if was_due:
            announce(state)


def announce(state: BondState) -> None:
    """One gratuitous ARP per IPv4 address, one unsolicited NA per IPv6 address, tags put on."""
    if state.active is None or not state.interfaces:
        return
    for frame in _announcements(state.interfaces):
        state.ask(SendFrame(state.active.ifindex, frame))


def _announcements(interfaces: tuple[HostAddress, ...]) -> Iterator[bytes]:
    """ARPs of an interface, then all of what stands on it, then its neighbour advertisements.

    That is how Linux's stack hears of the event: IPv4, then the devices above, then IPv6 (seen on
    6.1).
    """
    waiting: list[HostAddress] = []
    for interface in interfaces:
        while waiting and waiting[-1].depth >= interface.depth:
            yield from _neighbour_advertisements(waiting.pop())
        yield from _arps(interface)
        waiting.append(interface)
    while waiting:
        yield from _neighbour_advertisements(waiting.pop())


def _arps(interface: HostAddress) -> Iterator[bytes]:
    for ipv4 in interface.ipv4:
        yield with_tags(gratuitous_arp(interface.mac, ipv4), interface.tags)


def _neighbour_advertisements(interface: HostAddress) -> Iterator[bytes]:
    for ipv6 in interface.ipv6:
        frame = unsolicited_na(interface.mac, ipv6, is_router=interface.is_router)
        yield with_tags(frame, interface.tags)


def rejoin_groups(state: BondState, mode: Mode, *, now: Instant) -> None:
    """Plan the membership reports that move multicast to the new active port."""
    concerns = state.active is not None if mode.has_primary else mode.number is BondMode.BALANCE_RR
    if state.is_open and state.options.resend_igmp and concerns:
        state.igmp_resends_left = state.options.resend_igmp
        state.agenda.set("igmp", at=now + FIRST_REPORT_NS)


def resend_reports(state: BondState, *, now: Instant) -> None:
    """Report all joined groups once, and plan the next time."""
    if state.active:
        for interface in state.interfaces:
            for frame in _reports(interface):
                state.ask(SendFrame(state.active.ifindex, with_tags(frame, interface.tags)))
    state.igmp_resends_left -= 1
    if state.igmp_resends_left > 0:
        state.agenda.set("igmp", at=now + REPORT_INTERVAL_NS)


def _reports(interface: HostAddress) -> Iterator[bytes]:
    """All joined groups of one interface, IPv4 first; sources as Linux chooses them."""
    mac, version = interface.mac, interface.igmp_version
    source = next(iter(interface.ipv4), bytes(4))
    for group in interface.igmp_groups:
        yield igmp_report(mac, source, group, version=version)
    link_local = (a for a in interface.ipv6 if a[0] == 0xFE and a[1] & 0xC0 == 0x80)
    if interface.mld_groups:
        yield from mld_reports(mac, next(link_local, bytes(16)), interface.mld_groups)


def _passes_between(state: BondState) -> int:
    return max(1, state.options.peer_notif_delay)
