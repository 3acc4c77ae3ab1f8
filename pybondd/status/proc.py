"""What does /proc/net/bonding/<bond> say? Byte for byte.

Source: Linux 6.12 bond_procfs.c; every recording in tests/conformance/data/proc-samples.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address

from pybondd.modes.base import Mode
from pybondd.option import BondMode
from pybondd.options import OPTIONS, PRIMARY_MODES
from pybondd.port import Port
from pybondd.state import BondState, FailOverMac
from pybondd.status.address_text import kernel_text
from pybondd.status.negotiated import aggregation_port
from pybondd.status.proc_lacp import lacp_bond_lines, lacp_port_lines
from pybondd.status.sysfs import option_text

LONG_NAMES = (
    "load balancing (round-robin)",
    "fault-tolerance (active-backup)",
    "load balancing (xor)",
    "fault-tolerance (broadcast)",
    "IEEE 802.3ad Dynamic link aggregation",
    "transmit load balancing",
    "adaptive load balancing",
)
"""By mode number."""


def proc_text(state: BondState, mode: Mode, *, version: str, is_privileged: bool = True) -> str:
    """The whole file, as a reader with or without CAP_NET_ADMIN sees it.

    `version` stands in the first line after the v: a kernel release in Linux.
    """
    lines = [f"Ethernet Channel Bonding Driver: v{version}", "", *_bond_lines(state)]
    lines += lacp_bond_lines(state, mode, is_privileged=is_privileged)
    for port in state.ports:
        lines += ["", *_port_lines(port)]
        negotiated = aggregation_port(mode, port)
        if negotiated is not None:
            lines += lacp_port_lines(negotiated, is_privileged=is_privileged)
    return "".join(f"{line}\n" for line in lines)


def _bond_lines(state: BondState) -> Iterator[str]:
    yield f"Bonding Mode: {LONG_NAMES[state.options.mode]}{_fail_over_mac_suffix(state)}"
    if _shows_hash_policy(state):
        policy = OPTIONS["xmit_hash_policy"].name_of(state.options.xmit_hash_policy)
        yield f"Transmit Hash Policy: {policy} ({state.options.xmit_hash_policy})"
    if state.options.mode in PRIMARY_MODES:
        yield f"Primary Slave: {_primary(state)}"
        yield f"Currently Active Slave: {state.active.name if state.active else 'None'}"
    yield f"MII Status: {'up' if state.has_carrier else 'down'}"
    yield f"MII Polling Interval (ms): {state.options.miimon}"
    yield f"Up Delay (ms): {option_text(state, 'updelay')}"
    yield f"Down Delay (ms): {option_text(state, 'downdelay')}"
    yield f"Peer Notification Delay (ms): {option_text(state, 'peer_notif_delay')}"
    if state.options.arp_interval:
        yield from _arp_lines(state)


def _fail_over_mac_suffix(state: BondState) -> str:
    policy = FailOverMac(state.options.fail_over_mac)
    if state.options.mode is not BondMode.ACTIVE_BACKUP or policy is FailOverMac.NONE:
        return ""
    return f" (fail_over_mac {policy.name.lower()})"


def _shows_hash_policy(state: BondState) -> bool:
    if state.options.mode in (BondMode.BALANCE_XOR, BondMode.IEEE8023AD):
        return True
    is_lb = state.options.mode in (BondMode.BALANCE_TLB, BondMode.BALANCE_ALB)
    return is_lb and not state.options.tlb_dynamic_lb


def _primary(state: BondState) -> str:
    if state.primary is None:
        return "None"
    reselect = OPTIONS["primary_reselect"].name_of(state.options.primary_reselect)
    return f"{state.primary.name} (primary_reselect {reselect})"


def _arp_lines(state: BondState) -> Iterator[str]:
    ipv4 = ", ".join(str(IPv4Address(target)) for target in state.options.arp_ip_targets)
    ipv6 = ", ".join(kernel_text(target) for target in state.options.ns_ip6_targets)
    yield f"ARP Polling Interval (ms): {state.options.arp_interval}"
    yield f"ARP Missed Max: {state.options.arp_missed_max}"
    yield f"ARP IP target/s (n.n.n.n form): {ipv4}".rstrip()
    yield f"NS IPv6 target/s (xx::xx form): {ipv6}".rstrip()


def _port_lines(port: Port) -> Iterator[str]:
    yield f"Slave Interface: {port.name}"
    yield f"MII Status: {port.link.text}"
    yield f"Speed: {'Unknown' if port.speed_mbps is None else f'{port.speed_mbps} Mbps'}"
    yield f"Duplex: {port.duplex.value if port.duplex else 'Unknown'}"
    yield f"Link Failure Count: {port.link_failure_count}"
    yield f"Permanent HW addr: {port.permanent_mac.hex(':')}"
    yield f"Slave queue ID: {port.queue_id}"
