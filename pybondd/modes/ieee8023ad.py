"""802.3ad: LACP decides which ports carry traffic, a hash which of them carries a frame.

This is the bridge between a bond and the LACP system in lacp/: it tells the system what happens to
ports, and turns what the system wants into effects. Source: Linux 6.12 bond_main.c and bond_3ad.c
where they meet; bonding.rst: 802.3ad.
"""

from dataclasses import replace

from pybondd.effects import Effect, Report, SendFrame, Severity
from pybondd.forwarding import ForwardingTable, Spread
from pybondd.lacp import joining, passes, selection
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import (
    OPEN_HOLD_PASSES,
    PASS_MS,
    Complaint,
    Follows,
    Move,
    SelectPolicy,
    System,
    Transmission,
)
from pybondd.modes.base import Mode, build_table
from pybondd.option import BondMode
from pybondd.port import Link, Port
from pybondd.state import BondState
from pybondd.units import Instant, milliseconds
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import Lacpdu, PortState, is_slow_protocol

_TOLD_MACHINES = frozenset({"receive", "mux", "actor churn", "partner churn"})
"""Machines whose moves people want to read; the others move every second."""


class Ieee8023ad(Mode):
    """A frame goes to ports[hash % len(ports)] of the active aggregator."""

    number = BondMode.IEEE8023AD
    needs_speed = True

    lacp: System

    def __init__(self) -> None:
        self.lacp = System()

    def port_added(self, state: BondState, port: Port) -> None:
        """The port takes part in LACP from the next pass on."""
        state.set_inactive(port)
        self._take_settings(state)
        joining.bind(self.lacp, port, address=self._address(state))

    def port_removed(self, state: BondState, port: Port) -> None:
        """Say goodbye to the partner."""
        joining.unbind(self._of(port))
        self._flush(state)

    def opened(self, state: BondState, *, now: Instant) -> None:
        """The machines go on where they stood; the choice is made in the first pass."""
        self._take_settings(state)
        self.lacp.selection_hold = OPEN_HOLD_PASSES
        state.agenda.set("ad", at=now)

    def closed(self, state: BondState) -> None:
        """The machines stand still; nothing is sent, the partner sees silence."""
        state.agenda.cancel("ad")

    def deadline(self, state: BondState, name: str, *, now: Instant) -> None:
        """One pass of all machines."""
        state.agenda.set("ad", at=now + milliseconds(PASS_MS))
        passes.run_pass(self.lacp)
        for wish in self.lacp.outbox:
            if isinstance(wish, Transmission):
                wish.port.last_spoken_ns = now
        self._flush(state)

    def frame(self, state: BondState, port: Port, frame: bytes, *, now: Instant) -> None:
        """A frame for the slow protocols came in."""
        if not state.is_open or not is_slow_protocol(frame):
            return
        ours = self._of(port)
        said = passes.frame_received(ours, frame)
        if isinstance(said, Lacpdu):
            ours.last_heard_ns, ours.picture = now, said.partner
        self._flush(state)

    def waits_for_poll(self, state: BondState) -> bool:
        """In between the carrier is gone for some rules and the link still up for others."""
        return self.lacp.settings.follows is not Follows.MENDED

    def link_up(self, state: BondState, port: Port) -> None:
        """Negotiate again before the port carries traffic."""
        port.is_backup = True
        passes.link_changed(self._of(port), is_up=True)
        self._flush(state)

    def brought_forward(self, state: BondState, port: Port) -> None:
        """It was elected while its updelay ran, and negotiates from now on."""
        passes.link_changed(self._of(port), is_up=True)
        self._flush(state)

    def link_down(self, state: BondState, port: Port) -> None:
        """Out of use until the link is back."""
        state.set_inactive(port)
        ours = self._of(port)
        ours.is_rx_disabled = True
        passes.link_changed(ours, is_up=False)
        self._flush(state)

    def link_stays(self, state: BondState, port: Port) -> None:
        """Linux looks at the key again, in case the speed was unknown for a while."""
        passes.speed_changed(self._of(port))
        self._flush(state)

    def speed_read(self, state: BondState, port: Port) -> None:
        """The key follows speed and duplex; a port that has none of them cannot stay up."""
        if port.speed_mbps is None or port.duplex is None:
            port.link = Link.FAIL if port.last_link_up_ns else Link.DOWN
        passes.speed_changed(self._of(port))
        self._flush(state)

    def option_changed(self, state: BondState, name: str) -> None:
        """Take over what concerns LACP, and tell the partners what they see of it."""
        self._take_settings(state)
        if name in ("ad_actor_sys_prio", "ad_actor_system"):
            self._change_system(state)
        if name == "lacp_active":
            for port in self.lacp.ports:
                port.set_actor(PortState.ACTIVITY, on=bool(state.options.lacp_active))
        if name == "lacp_rate":
            for port in self.lacp.ports:
                port.set_actor(PortState.SHORT_TIMEOUT, on=bool(state.options.lacp_rate))

    def port_priority_written(self, state: BondState, port: Port, priority: int) -> None:
        """As every change of the actor in Linux, it is told to the partners of all ports."""
        ours = self._of(port)
        ours.actor = replace(ours.actor, port_priority=priority)
        self._change_system(state)

    def effect_failed(self, state: BondState, effect: Effect) -> bool:
        """An LACPDU that could not leave is lost, as in Linux; the next goes its own way.

        The port's queue was full (ENOBUFS), or it has no carrier any more and we do not know yet.
        """
        if not isinstance(effect, SendFrame) or not is_slow_protocol(effect.frame):
            return False
        port = state.port_by_index(effect.ifindex)
        if port is not None:  # The farewell of a port is sent when it has left.
            self._of(port).counters.not_sent += 1
        return True

    def frames_lost(self, state: BondState, port: Port, count: int) -> None:
        """A flood, which the kernel has cut off."""
        self._of(port).counters.over_limit += count

    def nothing_usable(self, state: BondState) -> bool:
        """No port could carry a frame."""
        return not self._usable(state)

    def carrier(self, state: BondState) -> bool:
        """Enough ports in the aggregator in use."""
        options = state.options
        is_strict = bool(options.lacp_strict)
        return selection.has_carrier(self.lacp, min_links=options.min_links, is_strict=is_strict)

    def table(self, state: BondState) -> ForwardingTable:
        """The working ports of the active aggregator, in enslave order."""
        copies_neighbours = bool(state.options.broadcast_neighbor)
        return build_table(
            state, Spread.HASH, self._usable(state), copies_neighbours=copies_neighbours
        )

    def _usable(self, state: BondState) -> tuple[int, ...]:
        active = self.lacp.active_aggregator
        if active is None:
            return ()
        members = {port.member.ifindex for port in active.ports}
        return tuple(
            port.ifindex for port in state.ports if port.ifindex in members and port.can_transmit
        )

    def lacp_port(self, port: Port) -> AggregationPort:
        """What LACP knows of this port."""
        return self._of(port)

    def _of(self, port: Port) -> AggregationPort:
        return next(each for each in self.lacp.ports if each.member is port)

    def _address(self, state: BondState) -> bytes:
        wished = state.options.ad_actor_system
        return state.mac if wished == NO_ADDRESS else wished

    def _take_settings(self, state: BondState) -> None:
        options, settings = state.options, self.lacp.settings
        settings.is_active = bool(options.lacp_active)
        settings.is_fast = bool(options.lacp_rate)
        settings.select_policy = SelectPolicy(options.ad_select)
        settings.is_coupled = bool(options.coupled_control)
        settings.user_key = options.ad_user_port_key
        settings.receives_on_all = bool(options.all_slaves_active)
        settings.follows = Follows(options.lacp_follows)
        self.lacp.priority = options.ad_actor_sys_prio

    def _change_system(self, state: BondState) -> None:
        """Linux 6.12 bond_3ad.c bond_3ad_update_ad_actor_settings."""
        self.lacp.address = self._address(state)
        for port in self.lacp.ports:
            port.actor = replace(
                port.actor, system=self.lacp.address, system_priority=self.lacp.priority
            )
            port.ntt = True

    def _flush(self, state: BondState) -> None:
        """Turn what the system wants into effects."""
        outbox, self.lacp.outbox = self.lacp.outbox, []
        for wish in outbox:
            match wish:
                case Transmission(port, frame):
                    state.ask(SendFrame(port.member.ifindex, frame))
                case Complaint(port, text):
                    state.ask(Report(Severity.WARNING, port.name, text))
                case Move(port, machine, old, new) if machine in _TOLD_MACHINES and old:
                    text = f"{machine} machine: {old.name} to {new.name}"
                    state.ask(Report(Severity.DEBUG, port.name, text))
