"""The lists of addresses that the ARP and NS monitors ask: arp_ip_target, ns_ip6_target.

Source: Linux 6.12 bond_options.c bond_option_arp_ip_targets_set, bond_option_ns_ip6_targets_set.
"""

import errno
import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from pybondd.modes.base import Mode
from pybondd.port import MAX_TARGETS
from pybondd.refusal import RefusedError
from pybondd.state import BondState
from pybondd.units import NEVER, Instant


def _write_arp_ip_target(state: BondState, mode: Mode, text: str, *, now: Instant) -> None:
    """`+a.b.c.d` adds, `-a.b.c.d` removes; what follows the address is ignored."""
    what = f"arp_ip_target {text.strip()!r} is not changed"
    address = _leading_quad(text[1:])
    if address is None or text[0] not in "+-":
        why = "+address or -address is expected"
        raise RefusedError(errno.EPERM, what, why, "example: arp_ip_target=+192.0.2.1")
    targets = state.options.arp_ip_targets
    if text[0] == "+":
        _refuse_new_target(targets, address, what)
        targets.append(address)
        _heard_by_all(state, len(targets) - 1, at=now)
    elif address not in targets:
        raise RefusedError(errno.EINVAL, what, "it is not in the list")
    else:
        _forget_place(state, targets.index(address), len(targets))
        targets.remove(address)
        if not targets and state.options.arp_interval:
            state.warn("no ARP target is left while arp_interval is set")


def _heard_by_all(state: BondState, place: int, *, at: Instant) -> None:
    """A new target gets a full window's time to answer."""
    for port in state.ports:
        port.target_rx_ns[place] = at


def _forget_place(state: BondState, place: int, count: int) -> None:
    """Later targets move down, and the times at which they were heard with them."""
    for port in state.ports:
        del port.target_rx_ns[place]
        port.target_rx_ns.insert(count - 1, NEVER)


def _leading_quad(text: str) -> bytes | None:
    """The dotted quad at the start; None unless exactly four numbers stand there."""
    matched = re.match(r"[0-9.]*", text)
    assert matched is not None
    numbers = matched[0].split(".")
    if len(numbers) != 4 or not all(n.isdigit() and int(n) < 256 for n in numbers):
        return None
    return bytes(int(number) for number in numbers)


def _refuse_new_target(targets: list[bytes], address: bytes, what: str) -> None:
    if address in (bytes(4), bytes([255] * 4)):
        raise RefusedError(errno.EINVAL, what, f"{IPv4Address(address)} answers no ARP")
    if address in targets:
        raise RefusedError(errno.EINVAL, what, "it is in the list already")
    if len(targets) >= MAX_TARGETS:
        raise RefusedError(errno.EINVAL, what, f"the list has {MAX_TARGETS} addresses already")


def _write_ns_ip6_target(state: BondState, mode: Mode, text: str, *, now: Instant) -> None:
    """A list separated by commas that replaces the old one, as netlink does; checked as a whole.

    The places are shared with the ARP targets, whose times are forgotten too, as in Linux.
    """
    addresses: list[bytes] = []
    for word in filter(None, text.strip().split(",")):
        addresses.append(_ns_target(word, addresses))
    state.options.ns_ip6_targets = addresses
    for place in range(MAX_TARGETS):
        _heard_by_all(state, place, at=now if place < len(addresses) else NEVER)


def _ns_target(word: str, earlier: list[bytes]) -> bytes:
    what = "ns_ip6_target is not changed"
    try:
        address = IPv6Address(word.strip())
    except AddressValueError:
        why = f"{word!r} is no IPv6 address"
        raise RefusedError(errno.EINVAL, what, why) from None
    if address.is_unspecified or address.is_loopback or address.is_multicast:
        raise RefusedError(errno.EINVAL, what, f"{address} answers no neighbour solicitation")
    if address.packed in earlier or len(earlier) >= MAX_TARGETS:
        raise RefusedError(errno.EINVAL, what, f"twice {address}, or more than {MAX_TARGETS}")
    return address.packed


TARGET_ACTIONS = {"arp_ip_target": _write_arp_ip_target, "ns_ip6_target": _write_ns_ip6_target}
