"""The words of `ip link` for bonds: their options, their order on the wire, their grammar."""

import re
from itertools import pairwise

NETLINK_ORDER = (
    "mode",
    "active_slave",
    "miimon",
    "updelay",
    "downdelay",
    "peer_notif_delay",
    "use_carrier",
    "arp_interval",
    "arp_ip_target",
    "ns_ip6_target",
    "arp_validate",
    "arp_all_targets",
    "primary",
    "primary_reselect",
    "fail_over_mac",
    "xmit_hash_policy",
    "resend_igmp",
    "num_grat_arp",
    "all_slaves_active",
    "min_links",
    "lp_interval",
    "packets_per_slave",
    "lacp_active",
    "lacp_rate",
    "ad_select",
    "ad_actor_sys_prio",
    "ad_user_port_key",
    "ad_actor_system",
    "tlb_dynamic_lb",
    "arp_missed_max",
    "coupled_control",
)
"""In which order the kernel takes the attributes of one request, whatever the command's order."""
WORDS_OF_IPROUTE2 = {
    "peer_notify_delay": "peer_notif_delay",
    "num_unsol_na": "num_grat_arp",
    "num_peer_notif": "num_grat_arp",
    "clear_active_slave": "active_slave",
}
"""Words of `ip link` that differ from the option's name."""
WITHOUT_VALUE = {"clear_active_slave"}


class UnknownCommandError(Exception):
    """A recording says something that this interpreter does not understand."""


def parse_mac(text):
    return bytes.fromhex(text.replace(":", ""))


def conflicts(option, wanted):
    """Does netlink itself refuse this attribute because of another one in the same request?"""
    has_miimon = int(wanted.get("miimon", "0")) > 0
    if option == "arp_interval":
        return has_miimon and int(wanted[option]) > 0
    return option == "arp_validate" and has_miimon


def settings(words):
    """`ip link set` words, cut into (keyword, its arguments)."""
    rest = list(words)
    while rest:
        keyword = rest.pop(0)
        if keyword == "type":
            yield keyword, rest
            return
        count = 0 if keyword in ("up", "down", "nomaster") else 1
        yield keyword, rest[:count]
        rest = rest[count:]


def pairs(words, without_value=()):
    rest = list(words)
    while rest:
        keyword = rest.pop(0)
        yield keyword, "" if keyword in without_value else rest.pop(0)


def plain_commands(text):
    """The commands of one line, each as words in one of the ways in which it can be said."""
    return [_plain(part.replace("'", "").replace('"', "").split()) for part in split(text)]


def split(text):
    return [part.strip() for part in re.split(r";|&&", text)]


def _plain(words):
    words = [word for before, word in pairwise(["", *words]) if (before, word) != ("set", "dev")]
    match words:
        case ["ip", "netns", "exec", netns, "ip", *rest]:
            return _plain(["ip", "-n", netns, *rest])
        case ["ip", "-netns", netns, *rest]:
            return _plain(["ip", "-n", netns, *rest])
        case ["ip", "link", "add", "link", below, name, *rest] if name != "name":
            return ["ip", "link", "add", "link", below, "name", name, *rest]
    return words
