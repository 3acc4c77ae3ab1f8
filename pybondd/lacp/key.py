"""Which ports may aggregate? Those with the same key: speed, duplex and a number of the user's.

Source: Linux 6.12 bond_3ad.c __get_link_speed, __get_duplex, __ad_actor_update_port,
ad_update_actor_keys; the codes were measured (tests/conformance/data/lacp-traces/speedkeys.json).
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import Follows

_SPEEDS_MBPS: Final = (
    *(1, 10, 100, 1000, 2500, 5000, 10_000, 14_000, 20_000, 25_000, 40_000, 50_000, 56_000),
    *(100_000, 200_000, 400_000, 800_000),
)
SPEED_CODES: Final[Mapping[int, int]] = MappingProxyType(
    {mbps: code for code, mbps in enumerate(_SPEEDS_MBPS, start=1)}
)
"""Mbit/s to code; other speeds have code 0."""

_FASTEST_OF_LINUX_6_1_MBPS: Final = 400_000
"""It has no code for 800 Gbit/s yet."""
_FULL_DUPLEX: Final = 1
_SPEED_SHIFT: Final = 1
_USER_SHIFT: Final = 6
_SPEED_AND_DUPLEX: Final = 0x3F


def is_aggregatable(key: int) -> bool:
    """Only full duplex ports aggregate; any other is alone in its aggregator."""
    return bool(key & _FULL_DUPLEX)


def key_of(port: AggregationPort) -> int:
    """The key that the port ought to have now. Without a link there is no speed and no duplex."""
    user = port.system.settings.user_key << _USER_SHIFT
    return user | _link_bits(port)


def _link_bits(port: AggregationPort) -> int:
    return speed_code(port) << _SPEED_SHIFT | duplex_bit(port)


def speed_code(port: AggregationPort) -> int:
    """The code of the port's speed; 0 while its link is not up."""
    mbps = port.member.speed_mbps
    if not port.member.is_link_up or mbps is None:
        return 0
    if mbps > _FASTEST_OF_LINUX_6_1_MBPS and port.system.settings.follows is Follows.LINUX_6_1:
        return 0
    return SPEED_CODES.get(mbps, 0)


def speed_now_mbps(port: AggregationPort) -> int:
    """What the port counts for when aggregators are compared by bandwidth."""
    mbps = port.member.speed_mbps
    return mbps if speed_code(port) and mbps is not None else 0


def duplex_bit(port: AggregationPort) -> int:
    """1 for full duplex; 0 otherwise, and while the link is not up."""
    return _FULL_DUPLEX if port.member.is_link_up and port.member.is_full_duplex else 0


def update_key(port: AggregationPort, *, has_link: bool) -> None:
    """Speed, duplex or link changed: take the new key, and start anew if the port's class changed.

    The user's part stays what it was when the port joined, as in Linux. A change to half duplex
    only makes the port mute, it does not start anew.
    """
    old = port.actor.key
    key = old & ~_SPEED_AND_DUPLEX | (_link_bits(port) if has_link else 0)
    if key == old:
        return
    port.actor = replace(port.actor, key=key)
    port.lacp_enabled = is_aggregatable(key)
    if not has_link:
        return
    if not speed_code(port):
        port.system.tell_error(port, f"speed {port.member.speed_mbps} has no LACP key")
    # Linux starts anew for another speed only, so that a port back from half duplex stays mute.
    elif port.lacp_enabled and (_speed_bits(key) != _speed_bits(old) or port.is_mended):
        port.begin = True


def _speed_bits(key: int) -> int:
    return key & _SPEED_AND_DUPLEX & ~_FULL_DUPLEX
