"""What may a mode decide? The hooks, with what most modes do in them."""

from dataclasses import replace

from pybondd.effects import Effect
from pybondd.events import HostAddress, HostFrame
from pybondd.forwarding import ForwardingTable, HashPolicy, PortEntry, Receive, Spread
from pybondd.lacp.system import System
from pybondd.option import BondMode
from pybondd.port import Duplex, Link, Port
from pybondd.state import BondState
from pybondd.units import Instant


class Mode:
    """The hooks of a mode; a mode overrides what it does differently.

    `has_primary`: one port is in use, the others wait. `needs_speed`: a port whose speed is unknown
    cannot come up. `announces`: peers are told of a new active port.
    """

    number: BondMode
    has_primary = False
    needs_speed = False
    announces = False
    lacp: System | None = None
    """The LACP system, in the mode that has one."""

    def port_added(self, state: BondState, port: Port) -> None:
        """A port has joined; give it its role. Modes without roles use it from now on."""
        port.is_backup = False
        if state.active is None and port.link is Link.UP:
            state.active = port

    def port_removed(self, state: BondState, port: Port) -> None:
        """A port has left."""

    def port_gone(self, state: BondState, port: Port) -> None:
        """The port has left and is not the active one any more; no other was elected yet."""

    def gives_out_mac(self, state: BondState, mac: bytes) -> bool:
        """A user gave the bond another address. False: every port is to get it.

        May raise RefusedError, as long as nothing has changed.
        """
        return False

    def host_addressed(self, state: BondState, before: tuple[HostAddress, ...]) -> None:
        """`state.interfaces` were read anew; they were these before."""

    def opened(self, state: BondState, *, now: Instant) -> None:
        """The bond interface was set up: roles start anew (Linux 6.12 bond_open)."""
        for port in state.ports:
            state.set_active(port)

    def waits_for_poll(self, state: BondState) -> bool:
        """Is a lost link acted on at the monitor's next poll only, as in Linux, not at once?"""
        return False

    def device_changed(self, state: BondState) -> None:
        """Some port's device went up or down, or its carrier changed."""

    def closed(self, state: BondState) -> None:
        """The bond interface was set down."""

    def deadline(self, state: BondState, name: str, *, now: Instant) -> None:
        """A deadline that this mode has set in the agenda is due."""

    def frame(self, state: BondState, port: Port, frame: bytes, *, now: Instant) -> None:
        """A frame came in on this port that is not for the host.

        No role changes by it: what follows is done by a deadline, and the table is not built anew.
        """

    def host_frame(self, state: BondState, given: HostFrame, *, now: Instant) -> None:
        """The host sent a frame that the data plane leaves to the bond."""

    def load_measured(
        self, state: BondState, octets: tuple[int, ...], unbalanced_octets: int
    ) -> None:
        """What the data plane sent by itself, by bucket."""

    def brought_forward(self, state: BondState, port: Port) -> None:
        """The port's updelay was cut short by its election, and its link is UP."""

    def speed_read(self, state: BondState, port: Port) -> None:
        """The port's speed and duplex were read again."""

    def option_changed(self, state: BondState, name: str) -> None:
        """An option of the bond has a new value."""

    def port_priority_written(self, state: BondState, port: Port, priority: int) -> None:
        """Somebody gave the port another LACP priority (16 bits)."""

    def effect_failed(self, state: BondState, effect: Effect) -> bool:
        """Linux refused what this mode asked for; True if that is dealt with."""
        return False

    def frames_lost(self, state: BondState, port: Port, count: int) -> None:
        """So many frames for the bond itself were lost before anybody read them."""

    def link_stays(self, state: BondState, port: Port) -> None:
        """The monitor committed changes of other ports; this one is UP and stays so."""

    def link_up(self, state: BondState, port: Port) -> None:
        """The monitor committed UP."""
        port.is_backup = False

    def link_down(self, state: BondState, port: Port) -> None:
        """The monitor committed DOWN."""

    def active_changed(self, state: BondState, old: Port | None) -> None:
        """`state.active` is another port now, or none."""

    def nothing_usable(self, state: BondState) -> bool:
        """Does no port carry traffic, so that the first one back may skip its updelay?"""
        return False

    def carrier(self, state: BondState) -> bool:
        """Does the bond have a carrier? (Linux 6.12 bond_set_carrier; min_links is for mode 4.)"""
        return any(port.link is Link.UP for port in state.ports)

    def speed(self, state: BondState) -> tuple[int | None, Duplex | None]:
        """What ethtool shows for the bond: the sum over ports that transmit, in Mbit/s."""
        ports = [port for port in state.ports if port.can_transmit and port.speed_mbps]
        total = sum(port.speed_mbps or 0 for port in ports)
        return total or None, next((port.duplex for port in ports if port.duplex), None)

    def table(self, state: BondState) -> ForwardingTable:
        """How to forward now."""
        return build_table(state, Spread.NONE, ())


def build_table(
    state: BondState,
    spread: Spread,
    tx_ports: tuple[int, ...],
    *,
    obeys_queue_id: bool = False,
    copies_neighbours: bool = False,
) -> ForwardingTable:
    """A table over all ports of the bond; the generation grows only if something differs."""
    return numbered(
        state,
        ForwardingTable(
            spread=spread,
            tx_ports=tx_ports,
            ports=tuple(entry_of(port) for port in state.ports),
            hash_policy=HashPolicy(state.options.xmit_hash_policy),
            packets_per_port=state.options.packets_per_slave,
            active_port=state.active.ifindex if state.active else None,
            obeys_queue_id=obeys_queue_id,
            copies_neighbours=copies_neighbours,
            generation=state.table.generation,
        ),
    )


def numbered(state: BondState, table: ForwardingTable) -> ForwardingTable:
    """The table with its generation: that in force, or the next one if something differs."""
    if table.generation != state.table.generation:
        table = replace(table, generation=state.table.generation)
    return table if table == state.table else table.next_generation()


def entry_of(port: Port) -> PortEntry:
    """The port as most modes show it to the data plane."""
    return PortEntry(
        ifindex=port.ifindex,
        can_transmit=port.can_transmit,
        is_live=port.is_live,
        receive=Receive.SUPPRESS if port.is_inactive else Receive.DELIVER,
        queue_id=port.queue_id,
    )
