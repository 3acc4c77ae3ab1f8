"""The bond's state in iproute2's words: what `ip -d -j link` prints for a bond and its ports.

Source: Linux 6.12 bond_netlink.c bond_fill_info, bond_fill_slave_info; iproute2 6.1
iplink_bond.c; the key order is that of the recordings in tests/conformance/data/proc-samples.
"""

from ipaddress import IPv4Address
from typing import TypeAlias

from pybondd.modes.base import Mode
from pybondd.options import OPTIONS
from pybondd.port import Link, Port
from pybondd.state import BondState
from pybondd.status.address_text import iproute2_text
from pybondd.status.report_lacp import ad_identity, ad_info, ad_port
from pybondd.status.sysfs import active_name, option_text

JsonValue: TypeAlias = "str | int | list[str] | dict[str, str | int] | None"


def info_data(state: BondState, mode: Mode, *, is_privileged: bool = True) -> dict[str, JsonValue]:
    """`linkinfo.info_data` of the bond; absent keys are absent in iproute2 too."""
    shown: dict[str, JsonValue] = {"mode": _name(state, "mode")}
    if active_name(state):
        shown["active_slave"] = active_name(state)
    shown |= {
        "miimon": state.options.miimon,
        "updelay": int(option_text(state, "updelay")),
        "downdelay": int(option_text(state, "downdelay")),
        "peer_notify_delay": int(option_text(state, "peer_notif_delay")),
        "use_carrier": state.options.use_carrier,
        "arp_interval": state.options.arp_interval,
        "arp_missed_max": state.options.arp_missed_max,
    }
    shown |= _targets(state) | _roles(state) | _counts(state) | _aggregation(state)
    shown.update(ad_info(mode))
    if is_privileged:
        shown.update(ad_identity(state, mode))
    return shown | {"tlb_dynamic_lb": state.options.tlb_dynamic_lb}


def _targets(state: BondState) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {}
    if state.options.arp_ip_targets:
        shown["arp_ip_target"] = [str(IPv4Address(t)) for t in state.options.arp_ip_targets]
    if state.options.ns_ip6_targets:
        shown["ns_ip6_target"] = [iproute2_text(t) for t in state.options.ns_ip6_targets]
    validate = _name(state, "arp_validate")
    shown["arp_validate"] = None if validate == "none" else validate
    shown["arp_all_targets"] = _name(state, "arp_all_targets")
    return shown


def _roles(state: BondState) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {"primary": state.primary.name} if state.primary else {}
    for name in ("primary_reselect", "fail_over_mac", "xmit_hash_policy"):
        shown[name] = _name(state, name)
    return shown


def _counts(state: BondState) -> dict[str, JsonValue]:
    options = state.options
    return {
        "resend_igmp": options.resend_igmp,
        "num_peer_notif": options.num_peer_notif,
        "all_slaves_active": options.all_slaves_active,
        "min_links": options.min_links,
        "lp_interval": options.lp_interval,
        "packets_per_slave": options.packets_per_slave,
    }


def _aggregation(state: BondState) -> dict[str, JsonValue]:
    return {
        "ad_lacp_active": _name(state, "lacp_active"),
        "ad_lacp_rate": _name(state, "lacp_rate"),
        "ad_select": _name(state, "ad_select"),
    }


def _name(state: BondState, name: str) -> str:
    option = OPTIONS[name]
    return option.name_of(getattr(state.options, option.field))


_MII_STATUS = {Link.UP: "UP", Link.FAIL: "GOING_DOWN", Link.DOWN: "DOWN", Link.BACK: "GOING_BACK"}


def info_slave_data(port: Port, mode: Mode) -> dict[str, JsonValue]:
    """`linkinfo.info_slave_data` of a port."""
    shown: dict[str, JsonValue] = {
        "state": "BACKUP" if port.is_backup else "ACTIVE",
        "mii_status": _MII_STATUS[port.link],
        "link_failure_count": port.link_failure_count,
        "perm_hwaddr": port.permanent_mac.hex(":"),
        "queue_id": port.queue_id,
        "prio": port.prio,
    }
    return {**shown, **ad_port(port, mode)}
