"""In which steps does a request of several options change a bond, and where does it stop?

Linux applies the options of one request in an order of its own. What was applied before a refusal
stays. Source: Linux 6.12 bond_netlink.c bond_changelink.
"""

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pybondd.options import MAX_PEER_NOTIF_DELAY_MS, OPTIONS

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KernelRefusal:
    """What `ip` prints of a refusal of the kernel: a text of the driver's, or that of the errno."""

    errno: int
    text: str = ""


def out_of_range(given: Mapping[str, str]) -> KernelRefusal | None:
    """A number that is refused before anything is applied; None without one."""
    if int(given.get("peer_notif_delay", "0")) > MAX_PEER_NOTIF_DELAY_MS:
        return KernelRefusal(errno.ERANGE, "integer out of range")
    return None


def clash(given: Mapping[str, str]) -> tuple[str, KernelRefusal] | None:
    """The option at which two monitors in one request are refused; None if they are not."""
    if not int(given.get("miimon", "0")):
        return None
    why = "cannot be used with MII monitoring"
    if int(given.get("arp_interval", "0")):
        return "arp_interval", KernelRefusal(errno.EINVAL, f"ARP monitoring {why}")
    if given.get("arp_validate", "none") != "none":
        return "arp_validate", KernelRefusal(errno.EINVAL, f"ARP validating {why}")
    return None


def in_order(given: Mapping[str, str]) -> list[Pair]:
    """The options in the order in which Linux applies them."""
    places = {name: place for place, name in enumerate(OPTIONS)}
    return sorted(given.items(), key=lambda pair: places[pair[0]])


def steps(pair: Pair, arp_ip_targets: Sequence[str]) -> Iterator[Pair]:
    """What to write for one option of a request; `arp_ip_targets` are those of the bond now.

    A list of a request replaces the one before. arp_ip_target is written address by address.
    """
    name, text = pair
    if name != "arp_ip_target":
        yield pair
        return
    yield from ((name, f"-{address}") for address in arp_ip_targets)
    yield from ((name, f"+{address}") for address in filter(None, text.split(",")))
