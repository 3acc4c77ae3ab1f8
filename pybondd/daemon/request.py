"""What did somebody ask for when they said `up`?"""

from collections.abc import Iterable
from dataclasses import dataclass

from pybondd.options import OPTIONS

NEEDS_PORTS = frozenset({"active_slave", "queue_id", "prio", "actor_port_prio"})
"""Options whose value names a port of this bond."""


@dataclass(frozen=True, slots=True)
class UpRequest:
    """A bond to be made. `options` are pairs of a kernel option's name and its text."""

    bond: str
    options: tuple[tuple[str, str], ...] = ()
    ports: tuple[str, ...] = ()
    may_cut_default_route: bool = False
    stays_down: bool = False
    """Whether the bond interface is left down, as `ip link add` leaves it."""

    @property
    def early_options(self) -> list[tuple[str, str]]:
        """Options to write before ports join, in the order in which netlink applies them."""
        return in_kernel_order(pair for pair in self.options if pair[0] not in NEEDS_PORTS)

    @property
    def late_options(self) -> list[tuple[str, str]]:
        """Options that speak of ports, so they can only be written after these have joined."""
        return in_kernel_order(pair for pair in self.options if pair[0] in NEEDS_PORTS)


def in_kernel_order(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs of option and text in the order in which netlink applies them; unknown names last.

    Source: Linux 6.12 bond_netlink.c bond_changelink. The order of equal names is kept.
    """
    places = {name: place for place, name in enumerate(OPTIONS)}
    return sorted(pairs, key=lambda pair: places.get(pair[0], len(places)))
