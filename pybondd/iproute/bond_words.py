"""What do the words after `type bond` and `type bond_slave` ask for?

Source: iproute2 6.1 as it answers; newer words (coupled_control and later) as newer ones have them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pybondd.iproute import values
from pybondd.iproute.misuse import incomplete, unknown_word
from pybondd.iproute.values import Reader
from pybondd.options import ALIASES, OPTIONS

CLEAR_ACTIVE = "clear_active_slave"
"""The one word without a value."""
_U8, _U16, _U32 = values.unsigned(8), values.unsigned(16), values.unsigned(32)
_NOTIFICATIONS = values.unsigned(8, "invalid num_grat_arp|num_unsol_na")


def _named(option: str) -> Reader:
    return values.one_of(OPTIONS[option].values)


BOND_WORDS: Mapping[str, Reader] = MappingProxyType(
    {
        "mode": _named("mode"),
        "active_slave": values.device,
        CLEAR_ACTIVE: values.device,
        "miimon": _U32,
        "updelay": _U32,
        "downdelay": _U32,
        "peer_notify_delay": _U32,
        "use_carrier": _U8,
        "arp_interval": _U32,
        "arp_ip_target": values.ipv4_list,
        "ns_ip6_target": values.ipv6_list,
        "arp_validate": _named("arp_validate"),
        "arp_all_targets": _named("arp_all_targets"),
        "primary": values.device,
        "primary_reselect": _named("primary_reselect"),
        "fail_over_mac": _named("fail_over_mac"),
        "xmit_hash_policy": _named("xmit_hash_policy"),
        "resend_igmp": _U32,
        "num_grat_arp": _NOTIFICATIONS,
        "num_unsol_na": _NOTIFICATIONS,
        "all_slaves_active": _U8,
        "min_links": _U32,
        "lp_interval": _U32,
        "packets_per_slave": _U32,
        "lacp_rate": _named("lacp_rate"),
        "lacp_active": _named("lacp_active"),
        "ad_select": _named("ad_select"),
        "ad_user_port_key": _U16,
        "ad_actor_sys_prio": _U16,
        "ad_actor_system": values.mac,
        "tlb_dynamic_lb": _U8,
        "arp_missed_max": _U8,
        "coupled_control": values.switch,
        "broadcast_neighbor": values.switch,
        "lacp_strict": values.switch,
        "lacp_follows": _named("lacp_follows"),
        "alb_follows": _named("alb_follows"),
    }
)
"""In the order in which iproute2 compares: a word may be cut short, and the first that fits is
meant. The last two are pybondd's own."""

PORT_WORDS: Mapping[str, Reader] = MappingProxyType(
    {
        "queue_id": values.unsigned(16, "queue_id is invalid"),
        "prio": values.signed_32_bits,
        "actor_port_prio": values.unsigned(16, "actor_port_prio is invalid"),
    }
)

DEVICE_WORDS = frozenset({"active_slave", "primary"})
"""Options whose value must name an interface that exists."""


def read_bond_words(words: Sequence[str]) -> dict[str, str]:
    """The value to write of each option, by the option's own name. Raises MisuseError.

    What is said twice counts as it was said last; so does an option of two names.
    """
    given: dict[str, str] = {}
    for name, text in _read(words, BOND_WORDS, "bond"):
        if name == CLEAR_ACTIVE:
            given["active_slave"] = ""
        elif name == "num_unsol_na":
            given["num_grat_arp"] = text
        else:
            given[ALIASES.get(name, name)] = text
    return given


def read_port_words(words: Sequence[str]) -> dict[str, str]:
    """The value to write of each option of a port. Raises MisuseError."""
    return dict(_read(words, PORT_WORDS, "bond_slave"))


def _read(words: Sequence[str], known: Mapping[str, Reader], kind: str) -> list[tuple[str, str]]:
    read, left = [], list(words)
    while left:
        word = left.pop(0)
        name = next((name for name in known if word and name.startswith(word)), None)
        if name is None:
            raise unknown_word(kind, word)
        if name == CLEAR_ACTIVE:
            read.append((name, ""))
        elif not left:
            raise incomplete()
        else:
            read.append((name, known[name](name, left.pop(0))))
    return read
