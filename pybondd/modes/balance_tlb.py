"""balance-tlb: what the host sends is shared out by load; what it receives comes by one port.

Source: Linux 6.12 bond_alb.c; bonding.rst: balance-tlb, tlb_dynamic_lb, lp_interval. The rooms:
balance/tlb.py (which port), balance/balanced.py (which frames), unique_mac.py (whose address).
"""

from typing import Final

from pybondd.balance.balanced import is_balanced_by_hash
from pybondd.balance.hashing import transmit_hash
from pybondd.balance.learning import teach
from pybondd.balance.tlb import REBALANCE_INTERVAL_S, TransmitTable
from pybondd.effects import Effect, SendFrame, SetPortMac
from pybondd.events import HostFrame
from pybondd.forwarding import BUCKET_COUNT, Balances, ForwardingTable, HashPolicy
from pybondd.modes import unique_mac
from pybondd.modes.balance_table import table_by_hash, table_by_load
from pybondd.modes.base import Mode
from pybondd.option import BondMode
from pybondd.port import Port
from pybondd.state import BalanceFollows, BondState
from pybondd.units import Duration, Instant, milliseconds
from pybondd.wire.ethernet import HEADER_OCTETS, take_tag, with_source, with_tags

TICKS_PER_S: Final = 10
"""Linux 6.12 bond_alb.h ALB_TIMER_TICKS_PER_SEC."""
TICK_NS: Final[Duration] = milliseconds(1000 // TICKS_PER_S)
REBALANCE_TICKS: Final = REBALANCE_INTERVAL_S * TICKS_PER_S


class BalanceTlb(Mode):
    """Every port transmits, with an address of its own; only the active one receives.

    `rebalance_ticks` and `learning_ticks` count up to what they wait for, and go on counting where
    they stood when the bond is set down and up again, as in Linux. `usable` is what a hash chooses
    from with tlb_dynamic_lb=0. `lost` counts frames of the host that no port could carry.
    """

    number = BondMode.BALANCE_TLB
    has_primary = True
    needs_speed = True
    balances = Balances.UNICAST_IP
    covers_dead_ports = False
    """Whether the active port takes what is sent to the address of a dead port, unless Linux is
    followed: there it arrives, and is dropped since it is for another station."""
    teaches_strictly = False
    """Whether learning frames are never for macvlans, not even by the active port."""

    def __init__(self) -> None:
        self.transmit = TransmitTable()
        self.rebalance_ticks = 0
        self.learning_ticks = 0
        self.usable: tuple[Port, ...] | None = None
        self.lost = 0

    # -- ports come and go

    def port_added(self, state: BondState, port: Port) -> None:
        """Every port transmits; which one receives is for the election to say."""
        port.is_backup = False
        state.set_inactive(port)
        self._rebalance_soon()
        self.device_changed(state)

    def port_removed(self, state: BondState, port: Port) -> None:
        """It is not to be chosen any more, and what it carried is shared out."""
        self.device_changed(state)
        self.transmit.give_back(port, takes_load=False)

    def port_gone(self, state: BondState, port: Port) -> None:
        """Give back a swapped address."""
        owner = unique_mac.rightful_owner_met(state, port)
        if owner:
            self._swap(state, port, owner)

    def opened(self, state: BondState, *, now: Instant) -> None:
        """Only the active port receives; the tables are empty."""
        for port in state.ports:
            state.set_inactive(port)
        if state.active:
            state.set_active(state.active)
        self.device_changed(state)
        self.transmit.forget()
        self.transmit.wraps = self._follows_linux(state)
        if self._is_watched(state):
            state.agenda.set("alb", at=now)

    def closed(self, state: BondState) -> None:
        """All that was learned is forgotten; nothing is sent."""
        state.agenda.cancel("alb")
        self.transmit.forget()

    def device_changed(self, state: BondState) -> None:
        """A dead carrier drops out of what a hash chooses from at once."""
        self.usable = tuple(port for port in state.ports if port.can_transmit)

    def link_up(self, state: BondState, port: Port) -> None:
        """One more to share the load with."""
        super().link_up(state, port)
        self._rebalance_soon()
        if not state.options.tlb_dynamic_lb:
            self.device_changed(state)

    def link_down(self, state: BondState, port: Port) -> None:
        """Its buckets look for another port; what was measured stays measured."""
        self.transmit.give_back(port, takes_load=False)
        if not state.options.tlb_dynamic_lb:
            self.device_changed(state)

    def brought_forward(self, state: BondState, port: Port) -> None:
        """It was elected while its updelay ran: its link is up now."""
        self._rebalance_soon()

    def waits_for_poll(self, state: BondState) -> bool:
        """In between, clients would be dealt out and told at other ticks than Linux's."""
        return self._follows_linux(state)

    def nothing_usable(self, state: BondState) -> bool:
        """The array that a hash would choose from is empty."""
        return self.usable == ()

    # -- the active port changes, and the addresses with it

    def active_changed(self, state: BondState, old: Port | None) -> None:
        """The new active port gets the bond's address, its predecessor the one it had."""
        if old:
            state.set_inactive(old)
        if state.active:
            state.set_active(state.active)
        self._give_addresses(state, old)

    def _give_addresses(self, state: BondState, old: Port | None) -> None:
        new = state.active
        if new is None or not state.ports:
            return
        partner = unique_mac.partner_of_new_active(state, old)
        if partner:
            self.transmit.give_back(partner, takes_load=True)
        self.transmit.give_back(new, takes_load=True)
        if partner:
            self._swap(state, partner, new)
        else:
            self._take_unowned_mac(state, new)

    def _take_unowned_mac(self, state: BondState, new: Port) -> None:
        """No port has the bond's address.

        Linux differs: it does not tell the clients of the port, which keep the address that it had
        and nobody has now.
        """
        self._readdress(state, (new, state.mac))
        teach(state, new, new.mac, is_strict=False)
        if not self._follows_linux(state):
            self._clients_must_hear(new)

    def _swap(self, state: BondState, one: Port, other: Port) -> None:
        """Exchange addresses and let the switch know."""
        if one is not other:
            self._readdress(state, (one, other.mac), (other, one.mac))
        for port in (one, other):
            if port.can_transmit:
                self._tell_of_new_mac(state, port)

    def _readdress(self, state: BondState, *given: tuple[Port, bytes]) -> None:
        """Forward by the new addresses first; then the interfaces get them."""
        for port, mac in given:
            state.macs_before[port.ifindex] = port.mac
            port.mac = mac
        state.publish(self.table(state))
        for port, mac in given:
            state.ask(SetPortMac(port.ifindex, mac))

    def _tell_of_new_mac(self, state: BondState, port: Port) -> None:
        teach(state, port, port.mac, is_strict=False)
        self._clients_must_hear(port)

    def _clients_must_hear(self, port: Port) -> None:
        """Clients know the bond's address only, and that does not change."""

    def gives_out_mac(self, state: BondState, mac: bytes) -> bool:
        """The ports keep addresses of their own; Linux makes them all equal.

        Linux differs: from then on all ports send from, and teach, the same address.
        """
        if self._follows_linux(state):
            return False
        unique_mac.take_bond_mac(state, mac)
        if state.active:
            self._pass_on_mac(state, state.active)
        return True

    def _pass_on_mac(self, state: BondState, active: Port) -> None:
        """The bond's new address is for its active port; whoever has it already gives it up."""
        holder = unique_mac.holder_of(state, state.mac)
        if holder:
            self._swap(state, holder, active)
        else:
            self._readdress(state, (active, state.mac))
            self._tell_of_new_mac(state, active)

    # -- a tenth of a second

    def deadline(self, state: BondState, name: str, *, now: Instant) -> None:
        """The monitor of the balance: teach, then share out anew."""
        state.agenda.set("alb", at=now + TICK_NS)
        if not state.ports:
            self.rebalance_ticks = self.learning_ticks = 0
            return
        self.rebalance_ticks += 1
        self.learning_ticks += 1
        if self.learning_ticks >= state.options.lp_interval * TICKS_PER_S:
            self.learning_ticks = 0
            self._teach_all(state)
        if self.rebalance_ticks >= REBALANCE_TICKS:
            self.rebalance_ticks = 0
            self.transmit.rebalance(state.ports, state.active)

    def _teach_all(self, state: BondState) -> None:
        for port in state.ports:
            is_strict = port is not state.active or self.teaches_strictly
            teach(state, port, port.mac, is_strict=is_strict)

    def _is_watched(self, state: BondState) -> bool:
        """Without a table there is nothing to rebalance, and Linux does not even teach."""
        return bool(state.options.tlb_dynamic_lb)

    def _rebalance_soon(self) -> None:
        self.rebalance_ticks = REBALANCE_TICKS

    def option_changed(self, state: BondState, name: str) -> None:
        """How to compute is an option."""
        self.transmit.wraps = self._follows_linux(state)

    def _follows_linux(self, state: BondState) -> bool:
        return state.options.alb_follows == BalanceFollows.LINUX

    # -- frames of the host

    def load_measured(
        self, state: BondState, octets: tuple[int, ...], unbalanced_octets: int
    ) -> None:
        """What the data plane sent by itself."""
        assert len(octets) == BUCKET_COUNT
        for number, size_octets in enumerate(octets):
            if size_octets:
                self.transmit.count(number, size_octets)
        self.transmit.unbalanced_octets += unbalanced_octets

    def table(self, state: BondState) -> ForwardingTable:
        """What can be said in advance of where a frame goes."""
        covers = self.covers_dead_ports and not self._follows_linux(state)
        if state.options.tlb_dynamic_lb:
            return table_by_load(state, self.transmit, self.balances, covers_dead_ports=covers)
        usable = self.usable or ()
        return table_by_hash(state, usable, self.balances, covers_dead_ports=covers)

    def host_frame(self, state: BondState, given: HostFrame, *, now: Instant) -> None:
        """Send a frame as the data plane would have to, were it to decide by itself."""
        if len(given.frame) < HEADER_OCTETS:
            self.lost += 1
            return
        untagged, tag = take_tag(given.frame)
        port, untagged = self._choose(state, untagged, tag[1] if tag else 0, now=now)
        is_dynamic = bool(state.options.tlb_dynamic_lb)
        if port is None:
            port = state.active
            if is_dynamic:
                self.transmit.unbalanced_octets += len(untagged)
        if port and port.can_transmit:
            shown = untagged if port is state.active else with_source(untagged, port.mac)
            whole = with_tags(shown, (tag,) if tag else ())
            state.ask(SendFrame(port.ifindex, whole, given.offload))
            return
        self.lost += 1
        if port and is_dynamic:
            self.transmit.give_back(port, takes_load=False)

    def _choose(
        self, state: BondState, untagged: bytes, tci: int, *, now: Instant
    ) -> tuple[Port | None, bytes]:
        """The port for a frame, None for the active one; and the frame, which may be changed."""
        if not is_balanced_by_hash(untagged):
            return None, untagged
        word = transmit_hash(HashPolicy(state.options.xmit_hash_policy), untagged, tci)
        return self._balanced(state, word, word % BUCKET_COUNT, len(untagged)), untagged

    def _balanced(self, state: BondState, word: int, bucket: int, size_octets: int) -> Port | None:
        if state.options.tlb_dynamic_lb:
            return self.transmit.choose(bucket, state.ports, size_octets)
        return self.usable[word % len(self.usable)] if self.usable else None

    def effect_failed(self, state: BondState, effect: Effect) -> bool:
        """A frame of ours is lost as others are; an address that a driver refuses is not taken.

        Linux keeps the exchange when half of it is refused, and so do we: the port shows what it
        has, the bond says that its driver is not fit for this mode.
        """
        if isinstance(effect, SendFrame):
            # The host's frames bring what it takes to finish them, our own do not.
            self.lost += bool(effect.offload)
            return True
        if not isinstance(effect, SetPortMac) or state.mac_before:
            return False
        port = state.port_by_index(effect.ifindex)
        if port and port.ifindex in state.macs_before:
            port.mac = state.macs_before.pop(port.ifindex)
            why = "its driver must change the MAC address of an interface that is up"
            state.fail(f"keeps its MAC address; {why}", port)
        return True
