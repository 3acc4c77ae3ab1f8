"""With which frames does Linux tell the neighbours that a bond has moved to another port?

After a failover the switch must learn the new port. Linux lets the stack above the bond send what
it would send anyway: ARP, neighbour advertisements, and the reports of joined groups (Linux 6.12
devinet.c inetdev_send_gratuitous_arp, ndisc.c ndisc_send_unsol_na, igmp.c ip_mc_rejoin_groups,
mcast.c ipv6_mc_rejoin_groups). The frames here are those, octet for octet, as recorded from the
driver in tests/conformance/data/announce. For a VLAN above the bond add `ethernet.with_tags`.
"""

from typing import Final

from pybondd.wire import ethertypes, igmp, mld, neighbour, protocols
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, EthernetHeader, build_header
from pybondd.wire.groups import GroupRecord
from pybondd.wire.ip import DONT_FRAGMENT, ROUTER_ALERT4, Ipv4, Ipv6, build_ipv4, build_ipv6

INTERNETWORK_CONTROL: Final = 0xC0
"""The service octet of Linux's IGMP: precedence 6 (Linux 6.12 igmp.c, iphdr tos)."""

MLD_GROUPS_PER_REPORT: Final = 72
"""What fits into 1500 octets behind 56 of headers, at 20 each (Linux 6.12 mcast.c mld_newpack)."""


def gratuitous_arp(mac: bytes, address: bytes) -> bytes:
    """The ARP request by which an IPv4 address (4 octets) asks for itself: a frame of 42 octets."""
    arp = Arp(ArpOperation.REQUEST, mac, address, NO_ADDRESS, address)
    return build_header(EthernetHeader(BROADCAST, mac, ethertypes.ARP)) + build_arp(arp)


def unsolicited_na(mac: bytes, address: bytes, *, is_router: bool) -> bytes:
    """The advertisement of an IPv6 address (16 octets) to all nodes: a frame of 86 octets.

    `is_router`: the interface forwards IPv6.
    """
    message = neighbour.NeighbourAdvertisement(address, mac, is_router, False, True)
    return ipv6_frame(mac, neighbour.build_neighbour(message, address, neighbour.ALL_NODES))


def igmp_report(mac: bytes, source: bytes, group: bytes, *, version: int = 3) -> bytes:
    """A report of one joined IPv4 group, from an address of ours (4 octets each).

    Version 3 goes to all routers, with one record; 1 and 2 go to the group itself. Linux sends one
    frame per group in each version, the group joined last first.
    """
    if version == 3:
        destination = igmp.ALL_ROUTERS
        report: igmp.IgmpReport = igmp.IgmpSourceReport((GroupRecord(group),))
    else:
        destination = group
        report = igmp.IgmpGroupReport(version, group)
    packet = Ipv4(
        source,
        destination,
        protocols.IGMP,
        igmp.build_igmp(report),
        time_to_live=1,
        service=INTERNETWORK_CONTROL,
        fragment=DONT_FRAGMENT,
        options=ROUTER_ALERT4,
    )
    header = EthernetHeader(igmp.group_mac(destination), mac, ethertypes.IPV4)
    return build_header(header) + build_ipv4(packet)


def mld_reports(
    mac: bytes, source: bytes, groups: tuple[bytes, ...], *, version: int = 2
) -> list[bytes]:
    """Reports of all joined IPv6 groups, from our link-local address (16 octets each).

    Version 2 puts all groups into one frame, as long as they fit; version 1 sends one for each.
    Linux never reports ff02::1 nor groups of interface scope; leave them out.
    """
    if version == 1:
        single = (mld.build_mld(mld.MldGroupReport(group), source, group) for group in groups)
        return [ipv6_frame(mac, packet) for packet in single]
    starts = range(0, len(groups), MLD_GROUPS_PER_REPORT)
    batches = (groups[start : start + MLD_GROUPS_PER_REPORT] for start in starts)
    return [mld_source_report(mac, source, batch) for batch in batches]


def mld_source_report(mac: bytes, source: bytes, groups: tuple[bytes, ...]) -> bytes:
    """One version 2 report of groups that fit into a frame."""
    report = mld.MldSourceReport(tuple(map(GroupRecord, groups)))
    return ipv6_frame(mac, mld.build_mld(report, source, mld.ALL_ROUTERS))


def ipv6_frame(mac: bytes, packet: Ipv6) -> bytes:
    """An IPv6 packet to a group, as a frame."""
    destination = neighbour.group_mac(packet.destination)
    return build_header(EthernetHeader(destination, mac, ethertypes.IPV6)) + build_ipv6(packet)
