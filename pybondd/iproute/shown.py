"""What do bonds and ports show in `ip link`, beyond what the kernel knows of the interfaces?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

BOND_KIND = "bond"


@dataclass(frozen=True, slots=True)
class ShownBond:
    """A bond of ours; `info_data` has iproute2's keys."""

    ifindex: int
    name: str
    info_data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ShownPort:
    """A port of a bond of ours; `info_slave_data` has iproute2's keys."""

    ifindex: int
    name: str
    master: str
    info_slave_data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Picture:
    """All bonds of ours in one network namespace."""

    bonds: tuple[ShownBond, ...] = field(default=())
    ports: tuple[ShownPort, ...] = field(default=())

    def bond(self, which: int | str) -> ShownBond | None:
        """The bond of this index or name."""
        return next((each for each in self.bonds if which in (each.ifindex, each.name)), None)

    def port(self, which: int | str) -> ShownPort | None:
        """The port of this index or name."""
        return next((each for each in self.ports if which in (each.ifindex, each.name)), None)


_BEFORE_ROLE = (
    "NO-CARRIER",
    "LOOPBACK",
    "BROADCAST",
    "POINTOPOINT",
    "MULTICAST",
    "NOARP",
    "ALLMULTI",
    "PROMISC",
)


def flags_with(flags: list[str], role: str) -> list[str]:
    """The flags with MASTER or SLAVE where iproute2 prints it."""
    if role in flags:
        return flags
    place = sum(flag in _BEFORE_ROLE for flag in flags)
    return [*flags[:place], role, *flags[place:]]
