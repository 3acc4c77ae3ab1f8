"""Which shapes have the tables of balance-tlb and balance-alb as JSON? Only types.

Times are seconds; an age or a timer that does not run is None. Loads are octets per second as last
measured, room is bits per second.
"""

from collections.abc import Mapping
from typing import TypedDict


class BucketJson(TypedDict):
    """One share of what the host sends. `octets` since the last rebalancing; `port` may be None."""

    number: int
    port: str | None
    octets: int
    load_octets_per_s: int


class TransmitJson(TypedDict):
    """Who carries what the host sends.

    `buckets` are those that were ever used. `hash_policy` is None where only the destination's IP
    address counts. Not `is_dynamic`: there are no buckets, a hash chooses among `usable`.
    """

    is_dynamic: bool
    hash_policy: str | None
    usable: list[str]
    buckets: list[BucketJson]
    unbalanced_octets: int
    lost_frames: int
    next_rebalancing_s: float | None
    next_learning_s: float | None


class ClientJson(TypedDict):
    """One client. It was told `port_mac`, or will be: `needs_update`.

    `our_mac` is what our host calls itself, `tci` the VLAN tag of the ARP by which we met, 0 for
    none. A `mac` of zeros: we have asked, and nobody has answered yet.
    """

    ip: str
    our_ip: str
    mac: str
    our_mac: str
    tci: int
    port: str | None
    port_mac: str | None
    age_s: float | None
    last_arp_s: float | None
    needs_update: bool


class StandInJson(TypedDict):
    """`port` takes what is sent to the addresses of dead ports; `addresses` are by port name."""

    port: str
    ends_in_s: float
    addresses: Mapping[str, str]


class ReceiveJson(TypedDict):
    """Who sends to which port. The clients are in Linux's order, the one met last first.

    `rounds_left` of updates are to come, the next one after `next_round_s`.
    """

    clients: list[ClientJson]
    rounds_left: int
    next_round_s: float | None
    next_port: str | None
    stand_in: StandInJson | None
    tally: Mapping[str, int]


class AlbBondJson(TypedDict):
    """Both tables. `receive` is None in balance-tlb, where all clients send to the active port."""

    follows: str
    transmit: TransmitJson
    receive: ReceiveJson | None


class AlbPortJson(TypedDict):
    """What falls to one port. `speed_mbps` is as last read, which is what ports are compared by.

    `room_bits_per_s` is None for a port that cannot transmit, and where no load is measured.
    """

    speed_mbps: int | None
    load_octets_per_s: int
    room_bits_per_s: int | None
    buckets: int
    clients: int
