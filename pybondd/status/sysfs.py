"""What does Linux show when a file of /sys/class/net/<bond>/bonding/ is read?

Source: Linux 6.12 bond_sysfs.c; recordings in tests/conformance.
"""

import errno
from ipaddress import IPv4Address

from pybondd.modes.base import Mode
from pybondd.option import BondMode, Option
from pybondd.options import OPTIONS, PRIMARY_MODES
from pybondd.refusal import RefusedError
from pybondd.state import BondState
from pybondd.status.address_text import kernel_text
from pybondd.status.lacp_files import LACP_FILES, PRIVILEGED_FILES
from pybondd.status.sysfs_lacp import lacp_text

_SHOWN_IN_8023AD_ONLY = frozenset({"ad_actor_sys_prio", "ad_actor_system", "ad_user_port_key"})
_KEPT_IN_PASSES = frozenset({"updelay", "downdelay", "peer_notif_delay"})


def file_text(state: BondState, mode: Mode, name: str, *, is_privileged: bool = True) -> str:
    """The text of a file of bonding/, option or not, without the newline; "" if it is empty.

    Raises RefusedError (ENOENT) for an unknown name.
    """
    if name in PRIVILEGED_FILES and not is_privileged:
        return ""
    if name in LACP_FILES:
        return lacp_text(mode, name)
    match name:
        case "slaves":
            return " ".join(port.name for port in state.ports)
        case "mii_status":
            return "up" if state.has_carrier else "down"
    return option_text(state, name)


def option_text(state: BondState, name: str) -> str:
    """The text of an option's file, without the newline; "" where Linux shows nothing.

    Raises RefusedError (ENOENT) for an unknown name.
    """
    option = OPTIONS.get(name)
    if option is None or option.is_per_port:
        why = "Linux's bonding driver has no such option"
        raise RefusedError(errno.ENOENT, f"unknown option {name!r}", why)
    if name in _SHOWN_IN_8023AD_ONLY and state.options.mode is not BondMode.IEEE8023AD:
        return ""
    return _raw_text(state, name) if option.is_raw else _number_text(state, option)


def _number_text(state: BondState, option: Option) -> str:
    number = int(getattr(state.options, option.field))
    if option.name in _KEPT_IN_PASSES:
        number *= state.options.miimon
    return f"{option.name_of(number)} {number}" if option.is_shown_by_name else str(number)


def _raw_text(state: BondState, name: str) -> str:
    match name:
        case "primary":
            return state.primary.name if state.primary else ""
        case "active_slave":
            return active_name(state)
        case "queue_id":
            return " ".join(f"{port.name}:{port.queue_id}" for port in state.ports)
        case "arp_ip_target":
            return " ".join(str(IPv4Address(target)) for target in state.options.arp_ip_targets)
        case "ns_ip6_target":
            return " ".join(kernel_text(target) for target in state.options.ns_ip6_targets)
        case "ad_actor_system":
            return state.options.ad_actor_system.hex(":")
    raise AssertionError(f"no text for {name}")


def active_name(state: BondState) -> str:
    """The active port's name, in the modes where that means something; else ""."""
    has_primary = state.options.mode in PRIMARY_MODES
    return state.active.name if has_primary and state.active else ""
