"""balance-alb: balance-tlb, and each client is told the address of another port.

Source: Linux 6.12 bond_alb.c; bonding.rst: balance-alb. The rooms: balance/rlb.py (which client by
which port), stand_in.py (what is still sent to the address of a dead port), and balance_tlb.py.
"""

import errno

from pybondd.balance.balanced import bucket_by_destination
from pybondd.balance.hashing import transmit_hash
from pybondd.balance.learning import teach
from pybondd.balance.rlb import ReceiveBalance
from pybondd.events import HostAddress
from pybondd.forwarding import Balances, HashPolicy
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.modes.stand_in import StandIn
from pybondd.modes.unique_mac import take_bond_mac
from pybondd.option import BondMode
from pybondd.port import Port
from pybondd.refusal import RefusedError
from pybondd.state import BondState
from pybondd.units import Instant
from pybondd.wire.arp import build_arp, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import HEADER_OCTETS, is_valid_unicast, take_tag
from pybondd.wire.ethertypes import ARP


class BalanceAlb(BalanceTlb):
    """All ports receive what is for their own address; ARP says who sends to which."""

    number = BondMode.BALANCE_ALB
    teaches_strictly = True
    balances = Balances.IP
    covers_dead_ports = True

    def __init__(self) -> None:
        super().__init__()
        self.receive = ReceiveBalance()
        self.stand_in = StandIn()

    # -- ports come and go

    def port_added(self, state: BondState, port: Port) -> None:
        """The clients are dealt out anew at the next tick."""
        super().port_added(state, port)
        self.receive.must_deal = True

    def port_gone(self, state: BondState, port: Port) -> None:
        """Its clients go to other ports."""
        super().port_gone(state, port)
        self.receive.last_port = None
        self._lose_clients(state, port)

    def closed(self, state: BondState) -> None:
        """The clients are forgotten."""
        super().closed(state)
        self.receive.forget()

    def link_up(self, state: BondState, port: Port) -> None:
        """The clients are dealt out anew at the next tick; who still sends to it reaches it.

        Linux differs: the active port has taught the switch this address, and until the port says
        something, up to lp_interval, what is sent to it arrives where nobody takes it.
        """
        super().link_up(state, port)
        self.receive.must_deal = True
        if not self._follows_linux(state):
            teach(state, port, port.mac, is_strict=True)

    def brought_forward(self, state: BondState, port: Port) -> None:
        """As if its link had come up."""
        super().brought_forward(state, port)
        self.receive.must_deal = True

    def link_down(self, state: BondState, port: Port) -> None:
        """Its clients go to other ports."""
        super().link_down(state, port)
        self._lose_clients(state, port)

    def _lose_clients(self, state: BondState, port: Port) -> None:
        self.receive.port_lost(state, port)
        if port is not state.active:
            self.stand_in.take_over(state, port.mac)

    # -- addresses

    def active_changed(self, state: BondState, old: Port | None) -> None:
        """Whoever stood in for a dead port has done so for the last time."""
        if old:
            self.stand_in.stop(state)
        super().active_changed(state, old)

    def _swap(self, state: BondState, one: Port, other: Port) -> None:
        """If one of them is dead, the active port stands in for its new address."""
        super()._swap(state, one, other)
        dead = [port for port in (one, other) if not port.can_transmit]
        if len(dead) == 1 and one is not other:
            self.stand_in.take_over(state, dead[0].mac)

    def _clients_must_hear(self, port: Port) -> None:
        self.receive.port_has_new_mac(port)

    def gives_out_mac(self, state: BondState, mac: bytes) -> bool:
        """Only the active port gets it. Raises RefusedError (EADDRNOTAVAIL)."""
        if not is_valid_unicast(mac):
            what = f"the MAC address of {state.name} is not changed"
            raise RefusedError(errno.EADDRNOTAVAIL, what, "one station's address is expected")
        take_bond_mac(state, mac)
        if state.active:
            self._pass_on_mac(state, state.active)
        return True

    def host_addressed(self, state: BondState, before: tuple[HostAddress, ...]) -> None:
        """Clients of a VLAN that is gone are forgotten."""
        for tci in _vlans(before) - _vlans(state.interfaces):
            self.receive.vlan_gone(tci)

    # -- a tenth of a second

    def deadline(self, state: BondState, name: str, *, now: Instant) -> None:
        """After the transmit side: who stands in, who is to be told."""
        super().deadline(state, name, now=now)
        if state.ports:
            self.stand_in.tick(state)
            self.receive.tick(state)

    def _is_watched(self, state: BondState) -> bool:
        """The clients are watched with any tlb_dynamic_lb."""
        return True

    # -- frames

    def frame(self, state: BondState, port: Port, frame: bytes, *, now: Instant) -> None:
        """An ARP came in; it is for the host as well."""
        untagged, _ = take_tag(frame)
        if not state.is_open or not _is_arp(untagged):
            return
        try:
            arp = parse_arp(untagged[HEADER_OCTETS:], any_operation=True)
        except WireError:
            self.receive.tally.malformed_from_port += 1
            return
        self.receive.from_port(state, arp, now=now)

    def frames_lost(self, state: BondState, port: Port, count: int) -> None:
        """A storm: so much ARP of this port nobody has read."""
        self.receive.tally.lost += count

    def _choose(
        self, state: BondState, untagged: bytes, tci: int, *, now: Instant
    ) -> tuple[Port | None, bytes]:
        if _is_arp(untagged):
            return self._choose_for_arp(state, untagged, tci, now=now)
        bucket = bucket_by_destination(untagged)
        if bucket is None:
            return None, untagged
        policy = HashPolicy(state.options.xmit_hash_policy)
        word = bucket if state.options.tlb_dynamic_lb else transmit_hash(policy, untagged, tci)
        return self._balanced(state, word, bucket, len(untagged)), untagged

    def _choose_for_arp(
        self, state: BondState, untagged: bytes, tci: int, *, now: Instant
    ) -> tuple[Port | None, bytes]:
        try:
            arp = parse_arp(untagged[HEADER_OCTETS:], any_operation=True)
        except WireError:
            self.receive.tally.malformed_from_host += 1
            return None, untagged
        port, changed = self.receive.from_host(state, arp, tci, now=now)
        if changed != arp:
            size_octets = HEADER_OCTETS + len(build_arp(arp))
            untagged = untagged[:HEADER_OCTETS] + build_arp(changed) + untagged[size_octets:]
        return port, untagged


def _is_arp(untagged: bytes) -> bool:
    return int.from_bytes(untagged[12:14], "big") == ARP


def _vlans(interfaces: tuple[HostAddress, ...]) -> set[int]:
    """The VLANs of the interfaces that stand on the bond itself."""
    on_bond = (above for above in interfaces if above.depth == 1 and not above.is_macvlan)
    return {above.tags[0][1] for above in on_bond if above.tags}
