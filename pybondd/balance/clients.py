"""Who talks to us, and which port have we shown them? The client table of balance-alb.

One place for each value of an octet: the place of a client is the xor of its IPv4 address. Two
clients with the same xor cannot both be known, and the later one gets the place. Source: Linux 6.12
bond_alb.c, section rlb.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pybondd.balance.balanced import octets_xored
from pybondd.port import Port
from pybondd.units import Instant
from pybondd.wire.ethernet import is_valid_unicast

CLIENT_COUNT: Final = 256
"""Linux 6.12 bond_alb.h RLB_HASH_TABLE_SIZE. The bound of the table, whoever asks for us."""


@dataclass(slots=True, eq=False)
class Client:
    """A pair of addresses: ours, and the client's (4 octets each).

    `our_mac` is the sender that our host wrote into its ARP, before we changed it. `mac` is the
    client's, all zero while we have asked and not been answered. `needs_update`: it is to be told
    where to find us. `tci` is the whole tag of the ARP by which we met, 0 for none.
    """

    our_ip: bytes
    ip: bytes
    our_mac: bytes
    mac: bytes
    port: Port | None
    tci: int = 0
    needs_update: bool = False
    met_at: Instant = 0
    last_arp_at: Instant = 0

    @property
    def can_be_told(self) -> bool:
        """Whether we know an address to send an update to."""
        return is_valid_unicast(self.mac)

    def is_between(self, our_ip: bytes, ip: bytes) -> bool:
        """Whether it is this pair of addresses."""
        return self.our_ip == our_ip and self.ip == ip


class ClientTable:
    """The clients by place; walked with the place first used last.

    A client that takes another's place takes its turn in the walk as well, as in Linux.
    """

    def __init__(self) -> None:
        self._by_place: dict[int, Client] = {}

    def __len__(self) -> int:
        """How many clients are known."""
        return len(self._by_place)

    def walk(self) -> Iterator[Client]:
        """All clients, those at the places first used last."""
        return reversed(self._by_place.values())

    def at(self, ip: bytes) -> Client | None:
        """Whoever has the place of this address; it may be another client."""
        return self._by_place.get(octets_xored(ip))

    def put(self, client: Client) -> None:
        """Give the client the place of its address."""
        self._by_place[octets_xored(client.ip)] = client

    def remove(self, client: Client) -> None:
        """Forget one client."""
        del self._by_place[octets_xored(client.ip)]

    def clear(self) -> None:
        """Forget all clients."""
        self._by_place.clear()
