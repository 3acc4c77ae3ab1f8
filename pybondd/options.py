"""Every option of the Linux bonding driver, once: names, values, defaults, where and when settable.

Source of the table: Linux 6.12 bond_options.c, checked against recordings of the running driver.
What happens when a value is stored stands in settings.py.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pybondd.option import BondMode, Option

_RR, _AB, _XOR, _BC, _AD, _TLB, _ALB = BondMode
PRIMARY_MODES = frozenset({_AB, _TLB, _ALB})
_NOT_PRIMARY = frozenset(BondMode) - PRIMARY_MODES
_NOT_ARP = frozenset({_AD, _TLB, _ALB})
_NOT_AD = frozenset(BondMode) - {_AD}
_NOT_LB = frozenset(BondMode) - {_TLB, _ALB}

MAX_INT = 2**31 - 1
"""Largest value of the options that Linux keeps in a C int."""
MAX_PEER_NOTIF_DELAY_MS = 300_000
"""Linux 6.12 bond_options.c bond_peer_notif_delay_tbl: five minutes."""


def _named(*names: str, first: int = 0) -> Mapping[str, int]:
    return MappingProxyType({name: first + i for i, name in enumerate(names)})


_SWITCH = _named("off", "on")
_INT = MappingProxyType({"off": 0, "maxval": MAX_INT})
_OCTET = MappingProxyType({"off": 0, "maxval": 255})

_TABLE = (
    Option(
        "mode",
        "mode",
        "how the ports share the work",
        _named(
            "balance-rr",
            "active-backup",
            "balance-xor",
            "broadcast",
            "802.3ad",
            "balance-tlb",
            "balance-alb",
        ),
        default=0,
        needs_no_ports=True,
        needs_bond_down=True,
        is_shown_by_name=True,
    ),
    Option(
        "active_slave",
        "",
        "the port in use; writing it fails over",
        rejects=_NOT_PRIMARY,
        is_raw=True,
    ),
    Option(
        "miimon", "miimon", "carrier poll interval in ms, 0 = off", _INT, high=MAX_INT, default=0
    ),
    Option(
        "updelay", "updelay", "ms that a returning carrier must hold", _INT, high=MAX_INT, default=0
    ),
    Option(
        "downdelay",
        "downdelay",
        "ms that a lost carrier is tolerated",
        _INT,
        high=MAX_INT,
        default=0,
    ),
    Option(
        "peer_notif_delay",
        "peer_notif_delay",
        "ms between peer notifications",
        MappingProxyType({"off": 0, "maxval": MAX_PEER_NOTIF_DELAY_MS}),
        high=MAX_PEER_NOTIF_DELAY_MS,
    ),
    Option(
        "use_carrier",
        "use_carrier",
        "ask the carrier flag (on) or ethtool and MII (off)",
        _SWITCH,
        default=1,
    ),
    Option(
        "arp_interval",
        "arp_interval",
        "ARP monitor interval in ms, 0 = off",
        _INT,
        high=MAX_INT,
        default=0,
        rejects=_NOT_ARP,
    ),
    Option(
        "arp_ip_target",
        "arp_ip_targets",
        "IPv4 addresses the ARP monitor asks, +a or -a",
        is_raw=True,
    ),
    Option("ns_ip6_target", "ns_ip6_targets", "IPv6 addresses the NS monitor asks", is_raw=True),
    Option(
        "arp_validate",
        "arp_validate",
        "whose ARP replies are checked",
        _named("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"),
        default=0,
        rejects=_NOT_ARP,
        is_shown_by_name=True,
    ),
    Option(
        "arp_all_targets",
        "arp_all_targets",
        "must any or all targets answer",
        _named("any", "all"),
        default=0,
        is_shown_by_name=True,
    ),
    Option(
        "primary",
        "primary",
        "the port to prefer; it may come later",
        rejects=_NOT_PRIMARY,
        is_raw=True,
    ),
    Option(
        "primary_reselect",
        "primary_reselect",
        "when a returning primary takes over",
        _named("always", "better", "failure"),
        default=0,
        is_shown_by_name=True,
    ),
    Option(
        "fail_over_mac",
        "fail_over_mac",
        "which MAC moves at failover (mode 1)",
        _named("none", "active", "follow"),
        default=0,
        needs_no_ports=True,
        is_shown_by_name=True,
    ),
    Option(
        "xmit_hash_policy",
        "xmit_hash_policy",
        "what a frame is hashed by",
        _named("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"),
        default=0,
        is_shown_by_name=True,
    ),
    Option(
        "resend_igmp",
        "resend_igmp",
        "multicast reports after a failover",
        _OCTET,
        high=255,
        default=1,
    ),
    Option(
        "num_grat_arp",
        "num_peer_notif",
        "gratuitous ARPs and NAs after a failover",
        _OCTET,
        high=255,
        default=1,
    ),
    Option(
        "num_unsol_na",
        "num_peer_notif",
        "another name of num_grat_arp",
        _OCTET,
        high=255,
        default=1,
    ),
    Option(
        "all_slaves_active",
        "all_slaves_active",
        "deliver what inactive ports receive",
        _SWITCH,
        default=0,
    ),
    Option(
        "min_links", "min_links", "ports needed for carrier (mode 4)", _INT, high=MAX_INT, default=0
    ),
    Option(
        "lp_interval",
        "lp_interval",
        "seconds between learning frames",
        MappingProxyType({"minval": 1, "maxval": MAX_INT}),
        low=1,
        high=MAX_INT,
        default=1,
    ),
    Option(
        "packets_per_slave",
        "packets_per_slave",
        "frames before the next port; 0 = random",
        MappingProxyType({"maxval": 65535}),
        high=65535,
        default=1,
        rejects=frozenset(BondMode) - {_RR},
    ),
    Option(
        "lacp_active",
        "lacp_active",
        "speak LACP unasked",
        _SWITCH,
        default=1,
        rejects=_NOT_AD,
        needs_bond_down=True,
        is_shown_by_name=True,
    ),
    Option(
        "lacp_rate",
        "lacp_rate",
        "ask the partner for LACPDUs every 30 s or 1 s",
        _named("slow", "fast"),
        rejects=_NOT_AD,
        needs_bond_down=True,
        is_shown_by_name=True,
    ),
    Option(
        "ad_select",
        "ad_select",
        "which aggregator wins",
        _named("stable", "bandwidth", "count", "actor_port_prio"),
        default=0,
        needs_bond_down=True,
        is_shown_by_name=True,
        only_by_name=frozenset({3}),
    ),
    Option(
        "ad_actor_sys_prio",
        "ad_actor_sys_prio",
        "LACP system priority",
        MappingProxyType({"minval": 1, "maxval": 65535}),
        low=1,
        high=65535,
        default=65535,
        rejects=_NOT_AD,
    ),
    Option(
        "ad_user_port_key",
        "ad_user_port_key",
        "upper bits of the LACP key",
        MappingProxyType({"minval": 0, "maxval": 1023}),
        high=1023,
        default=0,
        rejects=_NOT_AD,
        needs_bond_down=True,
    ),
    Option(
        "ad_actor_system",
        "ad_actor_system",
        "LACP system address; zeros = the bond's",
        rejects=_NOT_AD,
        is_raw=True,
    ),
    Option(
        "tlb_dynamic_lb",
        "tlb_dynamic_lb",
        "move flows by load (modes 5, 6)",
        _SWITCH,
        default=1,
        rejects=_NOT_LB,
        needs_bond_down=True,
    ),
    Option(
        "arp_missed_max",
        "arp_missed_max",
        "missed ARP intervals before a port is down",
        MappingProxyType({"minval": 1, "maxval": 255}),
        low=1,
        high=255,
        default=2,
        rejects=_NOT_ARP,
    ),
    Option(
        "coupled_control",
        "coupled_control",
        "one mux state for collecting and distributing",
        _SWITCH,
        default=1,
        rejects=_NOT_AD,
        needs_bond_down=True,
    ),
    Option(
        "broadcast_neighbor",
        "broadcast_neighbor",
        "send ARP and neighbour discovery by every usable port (mode 4)",
        _SWITCH,
        default=0,
        rejects=_NOT_AD,
    ),
    Option(
        "lacp_strict",
        "lacp_strict",
        "no carrier without a port that collects and distributes",
        _SWITCH,
        default=0,
        rejects=_NOT_AD,
    ),
    Option(
        "lacp_follows",
        "lacp_follows",
        "heal what Linux leaves broken (mended), or do what linux 6.12 or 6.1 does",
        _named("mended", "linux", "linux-6.1"),
        default=0,
        rejects=_NOT_AD,
        is_shown_by_name=True,
        is_ours=True,
    ),
    Option(
        "alb_follows",
        "alb_follows",
        "heal what Linux leaves broken in modes 5 and 6 (mended), or do what Linux does",
        _named("mended", "linux"),
        default=0,
        rejects=_NOT_LB,
        is_shown_by_name=True,
        is_ours=True,
    ),
    Option("queue_id", "", "port:number, frames of that queue use that port", is_raw=True),
    Option(
        "prio",
        "",
        "preference among ports, higher wins",
        rejects=_NOT_PRIMARY,
        is_raw=True,
        is_per_port=True,
    ),
    Option(
        "actor_port_prio",
        "",
        "LACP port priority, for ad_select=actor_port_prio",
        rejects=_NOT_AD,
        is_raw=True,
        is_per_port=True,
    ),
)

ALIASES: Mapping[str, str] = MappingProxyType({"peer_notify_delay": "peer_notif_delay"})
"""Names by which iproute2 knows an option that Linux's sysfs calls otherwise."""

OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _TABLE})
"""All options by name, in the order in which netlink applies them (bond_netlink.c); the last three
are per port. Whoever sets several at once must keep this order."""
