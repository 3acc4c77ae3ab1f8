"""The bond: events in, effects out.

Here everything meets and nothing is decided: an event is handed to the room that knows it, and the
forwarding table is published when something changed it. No clock, no I/O, no exception crosses.
"""

import errno

from pybondd import arp_monitoring
from pybondd.effects import DetachPort, Effect, Refuse
from pybondd.enslaving import complete, leave, offer, release, undo_offer
from pybondd.events import (
    BondClosed,
    BondMacChanged,
    BondMtuChanged,
    BondOpened,
    BondReceiveModeChanged,
    EffectFailed,
    Event,
    HostAddressed,
    HostFrame,
    HostFrames,
    LinkChanged,
    LoadMeasured,
    OptionWritten,
    PortFrame,
    PortFramesLost,
    PortMacChanged,
    PortOffered,
    PortOptionWritten,
    PortReady,
    PortReleased,
    PortRenamed,
    PortsHeard,
    PortVanished,
    TargetsRouted,
)
from pybondd.forwarding import ForwardingTable
from pybondd.modes import announcing, failover
from pybondd.modes.registry import MODES
from pybondd.monitoring import mii_event, mii_pass, plan_poll
from pybondd.monitors.arp_hearing import frame_heard, ports_heard
from pybondd.monitors.carrier import wants_to_move_at_once
from pybondd.naming_ports import write_port_option
from pybondd.port import Port
from pybondd.refusal import RefusedError
from pybondd.settings import write_option
from pybondd.shared_settings import follow_mac, follow_mtu, roll_back
from pybondd.state import BondState
from pybondd.status.sysfs import file_text
from pybondd.units import Instant

MAX_PASSES_PER_CALL = 1000
"""Bound on deadlines run in one `advance`: after a long suspend the rest comes with the next."""


class Bond:
    """One bond. `mac` is the address the bond interface was created with (6 octets).

    `seed` decides the random addresses that a bond takes when its last port leaves.
    """

    def __init__(self, name: str, *, mac: bytes, seed: int = 0) -> None:
        self.state = BondState(name=name, mac=mac, seed=seed)
        self.mode = MODES[self.state.options.mode]()
        self._offered: dict[int, Port] = {}

    @property
    def table(self) -> ForwardingTable:
        """The table in force."""
        return self.state.table

    def next_deadline(self) -> tuple[Instant, str] | None:
        """When `advance` wants to be called, and for what; None: only events matter."""
        return self.state.agenda.next()

    def due(self, *, now: Instant) -> list[str]:
        """What `advance` would do at this instant, in its order."""
        return self.state.agenda.due(now=now)

    def read_option(self, name: str) -> str:
        """A file of sysfs, without the newline. Raises RefusedError for an unknown name."""
        return file_text(self.state, self.mode, name)

    def handle(self, event: Event, *, now: Instant) -> list[Effect]:
        """One thing happened. A refusal is a list of one Refuse, and nothing has changed."""
        if not isinstance(event, EffectFailed):
            self.state.forget_before()
        try:
            self._dispatch(event, now)
        except RefusedError as no:
            self.state.outbox.clear()
            return [Refuse(no.code, no.what, no.why, no.remedy)]
        if isinstance(event, PortFrame | LoadMeasured | PortsHeard | TargetsRouted):
            return self._handed_over()
        return self._settled()

    def advance(self, *, now: Instant) -> list[Effect]:
        """Run every deadline that is due."""
        for _ in range(MAX_PASSES_PER_CALL):
            name = self.state.agenda.take_due(now=now)
            if name is None:
                break
            if name == "mii":
                mii_pass(self.state, self.mode, now=now)
                plan_poll(self.state, now=now)
            elif name == "arp":
                arp_monitoring.arp_pass(self.state, self.mode, now=now)
            elif name == "igmp":
                announcing.resend_reports(self.state, now=now)
            else:
                self.mode.deadline(self.state, name, now=now)
                failover.update_carrier(self.state, self.mode)
        return self._settled()

    def _dispatch(self, event: Event, now: Instant) -> None:
        state = self.state
        match event:
            case LinkChanged():
                self._link_changed(event, now)
            case PortFrame():
                self._port_frame(event, now)
            case HostFrames(frames):
                self._host_frames(frames, now)
            case LoadMeasured(octets, unbalanced_octets):
                self.mode.load_measured(state, octets, unbalanced_octets)
            case PortFramesLost():
                self._port_frames_lost(event)
            case PortOffered():
                self._offered[event.ifindex] = offer(state, event)
            case PortReady(ifindex, facts):
                complete(state, self.mode, self._offered.pop(ifindex), facts, now=now)
            case PortReleased(ifindex):
                release(state, self.mode, self._port(ifindex), now=now)
            case PortVanished():
                self._port_vanished(event, now)
            case PortRenamed():
                self._port_renamed(event, now)
            case PortMacChanged(ifindex, mac):
                self._port(ifindex).mac = mac
            case BondOpened():
                self._opened(now)
            case BondClosed():
                self._closed()
            case BondMacChanged(mac):
                follow_mac(state, self.mode, mac)
            case BondMtuChanged(mtu):
                follow_mtu(state, mtu)
            case BondReceiveModeChanged(is_promiscuous):
                self._receive_mode_changed(is_promiscuous)
            case HostAddressed(interfaces):
                before, state.interfaces = state.interfaces, interfaces
                self.mode.host_addressed(state, before)
            case PortsHeard(ports):
                ports_heard(state, ports)
            case TargetsRouted(routes):
                state.probing.routes = {route.target: route for route in routes}
            case OptionWritten(name, text):
                self._option_written(name, text, now)
            case PortOptionWritten():
                self._port_option_written(event, now)
            case EffectFailed():
                self._effect_failed(event)

    def _settled(self) -> list[Effect]:
        """Publish what follows from the new state, and hand over the outbox."""
        state = self.state
        state.publish(self.mode.table(state))
        state.show_speed(*self.mode.speed(state))
        return self._handed_over()

    def _handed_over(self) -> list[Effect]:
        effects, self.state.outbox = self.state.outbox, []
        return effects

    def _port(self, ifindex: int) -> Port:
        port = self.state.port_by_index(ifindex)
        if port is None:
            what = f"interface {ifindex} is not changed"
            raise RefusedError(errno.EINVAL, what, f"it is no port of {self.state.name}")
        return port

    def _link_changed(self, event: LinkChanged, now: Instant) -> None:
        port = self.state.port_by_index(event.ifindex)
        if port is None or port.facts == event.facts:
            return
        port.facts = event.facts
        if port.facts.is_up:
            port.read_speed()
            self.mode.speed_read(self.state, port)
        self.mode.device_changed(self.state)
        polls = self.state.is_open and self.state.options.miimon
        if not polls or self.mode.waits_for_poll(self.state):
            return
        if wants_to_move_at_once(self.state, port):
            mii_event(self.state, self.mode, port, now=now)

    def _port_frame(self, event: PortFrame, now: Instant) -> None:
        port = self.state.port_by_index(event.ifindex)
        if port:  # A frame may still be on its way up when its port has just left.
            frame_heard(self.state, port, event.frame, now=now)
            self.mode.frame(self.state, port, event.frame, now=now)

    def _host_frames(self, frames: tuple[HostFrame, ...], now: Instant) -> None:
        if self.state.is_open:
            for each in frames:
                self.mode.host_frame(self.state, each, now=now)

    def _port_frames_lost(self, event: PortFramesLost) -> None:
        port = self.state.port_by_index(event.ifindex)
        if port:
            self.mode.frames_lost(self.state, port, event.count)

    def _port_vanished(self, event: PortVanished, now: Instant) -> None:
        self._offered.pop(event.ifindex, None)
        port = self.state.port_by_index(event.ifindex)
        if port:
            leave(self.state, self.mode, port, now=now)
            self.state.ask(DetachPort(port.ifindex))

    def _port_renamed(self, event: PortRenamed, now: Instant) -> None:
        state, port = self.state, self._port(event.ifindex)
        port.name = event.name
        if not self.mode.has_primary or not state.options.primary:
            return
        if port is state.primary:
            state.primary = None
        elif port.name == state.options.primary:
            state.primary = port
        else:
            return
        chosen = state.primary.name if state.primary else "none"
        state.report(f"the primary is {chosen} after a rename")
        failover.select(state, self.mode, now=now)

    def _opened(self, now: Instant) -> None:
        self.state.is_open = True
        self.mode.opened(self.state, now=now)
        if self.state.options.miimon:
            self.state.agenda.set("mii", at=now)
        if self.state.options.arp_interval:
            arp_monitoring.start(self.state, now=now)

    def _closed(self) -> None:
        self.state.is_open = False
        self.state.notifications_left = 0
        self.mode.closed(self.state)
        self.state.agenda.cancel("mii")
        arp_monitoring.close(self.state)
        self.state.agenda.cancel("igmp")

    def _receive_mode_changed(self, is_promiscuous: bool) -> None:
        state = self.state
        state.is_promiscuous = is_promiscuous
        for port in state.ports:
            concerned = port is state.active or not self.mode.has_primary
            failover.set_promiscuous(state, port, is_promiscuous=is_promiscuous and concerned)

    def _option_written(self, name: str, text: str, now: Instant) -> None:
        write_option(self.state, self.mode, name, text, now=now)
        self.mode.option_changed(self.state, name)
        if self.state.options.mode is not self.mode.number:
            self.mode = MODES[self.state.options.mode]()

    def _port_option_written(self, event: PortOptionWritten, now: Instant) -> None:
        port = self._port(event.ifindex)
        write_port_option(self.state, self.mode, port, event.name, event.text, now=now)

    def _effect_failed(self, event: EffectFailed) -> None:
        state, effect = self.state, event.effect
        port = self._offered.pop(getattr(effect, "ifindex", -1), None)
        if port:
            undo_offer(state, port, effect, event.errno)
            return
        if self.mode.effect_failed(state, effect):
            return
        reason = errno.errorcode.get(event.errno, str(event.errno))
        state.fail(f"{type(effect).__name__} failed: {reason}")
        roll_back(state, effect)
