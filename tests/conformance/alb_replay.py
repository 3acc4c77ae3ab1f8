"""Lets our bond live through a recording of balance-tlb or balance-alb, and compares what it sends.

Inputs are the recorded events, what came in, and what the host sent. The last is recovered from
what left by a port: its source address is that of the port, where it was the bond's. What the
bond sends of itself (learning frames, updates, answers it changed) must be what was recorded: the
same frames in the same order at each port, each within a tick.
"""

import re
from collections import deque
from dataclasses import replace

from alb_beliefs import Beliefs
from alb_happenings import Happenings
from alb_recording import ipv4
from alb_start import Beginning, starts
from alb_ticks import ticks
from iproute2_words import parse_mac

from pybondd.bond import Bond
from pybondd.effects import Refuse, SendFrame
from pybondd.events import (
    BondOpened,
    BondReceiveModeChanged,
    HostAddress,
    HostAddressed,
    HostFrame,
    HostFrames,
    LinkChanged,
    OptionWritten,
    PortFrame,
    PortOffered,
    PortReady,
    PortReleased,
)
from pybondd.port import Duplex, LinkFacts
from pybondd.units import SECOND_NS
from pybondd.wire.arp import ArpOperation, build_arp
from pybondd.wire.ethernet import take_tag, with_source, with_tags
from pybondd.wire.learning import is_learning_frame

ORIGIN_S = 1000.0
"""Not zero, because a recording may begin with something that happened before."""
ANSWER_S = 0.05
"""A host answers an ARP request within this time."""
VETH_MBPS = 10_000


class MismatchError(AssertionError):
    """What our bond sends is not what was recorded."""

    def __init__(self, at_s, text):
        super().__init__(f"{at_s:.4f} s: {text}")
        self.at_s = at_s


class Replay:
    """One run of a recording from one supposed start."""

    def __init__(self, recording, start):
        self.recording, self.start = recording, start
        self.now_s = 0.0
        members = recording.members
        self.index = {name: number for number, name in enumerate(members, start=1)}
        self.facts = {name: self._facts(name, has_carrier=True) for name in members}
        self.macs = {name: recording.permanent_macs.get(name, bytes(6)) for name in members}
        self.pending = {name: deque() for name in members}
        self.awaited = {name: deque() for name in members}
        self.asked = []
        self.beliefs = Beliefs()
        self.seen_sources = {frame.octets[6:12] for frame in recording.sent}
        self._actions = {
            "carrier": self._carrier,
            "speed": self._speed,
            "commit_one": self._commit_one,
            "join_again": self._join_again,
            "give_mac": self._give_mac,
            "leave": self._leave,
            "vlan_gone": self._vlan_gone,
            "vlan_made": self._vlan_made,
            "vlan_mac": self._vlan_mac,
            "handle": self._handle,
        }
        self.bond = Bond("bond0", mac=bytes.fromhex("02b000000001"))
        self.has_no_base_for_loads = not recording.has_learning_frames
        self._build()

    # -- the start

    def _facts(self, name, *, has_carrier):
        speed = self.recording.speeds.get(name, VETH_MBPS)
        return LinkFacts(True, has_carrier, speed, Duplex.FULL)

    def _build(self):
        options = dict(self.recording.options)
        for name in ["mode", *(each for each in options if each != "mode")]:
            self._handle(OptionWritten(name, options[name]))
        self._handle(OptionWritten("alb_follows", "linux"))
        self._handle(HostAddressed(self.recording.interfaces()))
        for name in self.recording.ports:
            assert self._join(name), f"{name} cannot join"
        self._handle(BondOpened())
        if self.recording.bridge:
            self._handle(BondReceiveModeChanged(is_promiscuous=True))
        if not self.recording.is_fresh:
            for queue in self.pending.values():
                queue.clear()
            Beginning(self, self.start).take()

    # -- the run

    def run(self):
        """Everything in turn; the answer is the replay itself."""
        turns = [(frame.at_s, 2, self._frame, frame) for frame in self.recording.frames]
        turns += [(at, 1, self._tick, None) for at in self._ticks()]
        turns += [
            (at, 0, self._actions[action], value)
            for at, action, value in Happenings(self.recording).in_turn()
        ]
        turns += [(each["t"], 3, self._snapshot, each) for each in self.recording.snapshots]
        for at_s, _, action, value in sorted(turns, key=lambda turn: turn[:2]):
            self.now_s = at_s
            self._expire()
            action(value)
        self.now_s += 2 * self.recording.tick_s
        self._expire(at_end=True)
        return self

    @property
    def is_alb(self):
        return hasattr(self.bond.mode, "receive")

    def _ticks(self):
        # The last frame may be of the last tick.
        end_s = self.recording.frames[-1].at_s + 0.01
        times, before = ticks(self.recording, until_s=end_s, slips_late=self.start.slips_late)
        if times:
            interval = 10 * self.bond.state.options.lp_interval
            self.bond.mode.learning_ticks = interval - before - 1
        # A tick comes just before the first of its frames.
        return [at - 0.0005 for at in times]

    # -- what happens

    def _handle(self, event):
        return self._settle(self.bond.handle(event, now=self._now_ns))

    @property
    def _now_ns(self):
        return round((ORIGIN_S + self.now_s) * SECOND_NS)

    def _settle(self, effects):
        for effect in effects:
            if isinstance(effect, SendFrame):
                self._emitted(effect)
        # All deadlines are the recording's.
        for name in ("mii", "alb", "igmp"):
            self.bond.state.agenda.cancel(name)
        return effects

    def _run(self, deadline):
        self.bond.state.agenda.set(deadline, at=self._now_ns)
        self._settle(self.bond.advance(now=self._now_ns))

    def _tick(self, _):
        if self.bond.state.is_open:
            self._run("alb")

    def _carrier(self, change):
        name, has_carrier = change
        self.set_carrier(name, has_carrier=has_carrier)

    def set_carrier(self, name, *, has_carrier):
        self.facts[name] = replace(self.facts[name], has_carrier=has_carrier)
        if self.bond.state.port_by_index(self.index[name]):
            self._handle(LinkChanged(self.index[name], self.facts[name]))

    def _speed(self, change):
        name, speed = change
        self.facts[name] = replace(self.facts[name], speed_mbps=speed)

    def _commit_one(self, message):
        """The monitor found what its log tells; it looks at the cable even if we were not told."""
        name = re.search(r"slave (\S+)\)", message)[1]
        if name in self.facts:
            speed = re.search(r"definitely up, (\d+) Mbps", message)
            if speed:
                self._speed((name, int(speed[1])))
            self.set_carrier(name, has_carrier=speed is not None)
            self.commit()

    def commit(self):
        self._run("mii")

    def _join(self, name):
        """Was it taken?"""
        down = LinkFacts(is_up=False, has_carrier=False)
        effects = self._handle(PortOffered(self.index[name], name, self.macs[name], 1500, down))
        if any(isinstance(effect, Refuse) for effect in effects):
            return False
        self._handle(PortReady(self.index[name], self.facts[name]))
        return True

    def _join_again(self, attempt):
        name, is_refused = attempt
        self._carrier((name, True))
        if self._join(name) and is_refused:
            raise MismatchError(self.now_s, f"{name} joins, and was refused")

    def _give_mac(self, change):
        name, mac = change
        self.macs[name] = mac

    def _leave(self, name):
        self._handle(PortReleased(self.index[name]))

    def _vlan_made(self, vlan):
        name, number = vlan
        interfaces = self.bond.state.interfaces
        if all(each.name != name for each in interfaces):
            made = HostAddress(name, self.bond.state.mac, ((0x8100, number),), depth=1)
            self._handle(HostAddressed((*interfaces, made)))

    def _vlan_mac(self, change):
        name, mac = change
        above = self.bond.state.interfaces
        changed = (each.with_mac(mac) if each.name == name else each for each in above)
        self._handle(HostAddressed(tuple(changed)))

    def _vlan_gone(self, name):
        left = tuple(each for each in self.bond.state.interfaces if each.name != name)
        self._handle(HostAddressed(left))

    def _snapshot(self, snapshot):
        state = self.bond.state
        for port in state.ports:
            link = snapshot["links"].get(port.name)
            if link is None:
                raise MismatchError(snapshot["t"], f"{port.name} is no port any more")
            of_bond = snapshot["links"]["bond0"]["promiscuity"]
            told = (port.mac, port.stands_in)
            recorded = (parse_mac(link["address"]), link["promiscuity"] > of_bond)
            if port is not state.active:
                recorded = (recorded[0], link["promiscuity"] > 0)
            if told != recorded:
                raise MismatchError(snapshot["t"], f"{port.name} has {told}, not {recorded}")
        active = state.active.name if state.active else ""
        if active != (snapshot["active_slave"] or ""):
            raise MismatchError(snapshot["t"], f"{active!r} is active")
        self._compare_beliefs(snapshot)

    def _compare_beliefs(self, snapshot):
        """What clients believe is what our bond told them last."""
        for name, lines in snapshot["neigh"].items():
            _, mac = self.recording.clients.get(name, (None, None))
            for ours, believed, *_ in map(str.split, lines):
                told = [each.hex(":") for each in self.beliefs.of(mac, ipv4(ours))]
                if told and believed not in ("-", *told):
                    raise MismatchError(snapshot["t"], f"{name} believes {believed}, not {told}")

    # -- frames

    def _emitted(self, effect):
        name = self.recording.members[effect.ifindex - 1]
        if not self.facts[name].is_running:
            return
        self.beliefs.heard(effect.frame, at_s=self.now_s)
        is_learning = is_learning_frame(take_tag(effect.frame)[0])
        if is_learning and not self.recording.has_learning_frames:
            return
        if self.awaited[name]:
            self._compare(self.awaited[name].popleft(), effect.frame)
        else:
            self.pending[name].append((self.now_s, effect.frame))

    def _compare(self, recorded, frame):
        if frame[: len(recorded.octets)] != recorded.octets:
            text = (
                f"{recorded.interface} sends {frame[:60].hex()}, not {recorded.octets[:60].hex()}"
            )
            raise MismatchError(self.now_s, text)

    def _expire(self, *, at_end=False):
        limit = self.now_s - 1.2 * self.recording.tick_s
        for name in self.recording.members:
            ours, theirs = self.pending[name], self.awaited[name]
            if ours and ours[0][0] < limit and not (at_end and self._is_after_end(ours[0][0])):
                raise MismatchError(ours[0][0], f"{name} sends {ours[0][1][:60].hex()}")
            if theirs and theirs[0].at_s < limit:
                text = f"{name} does not send {theirs[0].octets[:60].hex()}"
                raise MismatchError(theirs[0].at_s, text)

    def _is_after_end(self, at_s):
        """The capture may have ended with the tick in which this was sent."""
        return at_s > self.recording.frames[-1].at_s - 0.01

    def _frame(self, frame):
        if frame.interface in self.facts:
            if frame.is_sent:
                self._left(frame)
            else:
                self._arrived(frame)
        elif frame.is_sent and frame.is_arp_request:
            self.asked.append((frame.at_s, frame.arp))

    def _arrived(self, frame):
        if frame.is_arp_request:
            self.asked.append((frame.at_s, frame.arp))
        self._handle(PortFrame(self.index[frame.interface], frame.whole))

    def _left(self, frame):
        name = frame.interface
        if self.pending[name] and not self._is_host_frame_before_ours(frame):
            self._compare(frame, self.pending[name].popleft()[1])
        elif self._is_of_host(frame):
            self._from_host(frame)
        else:
            self.awaited[name].append(frame)

    def _is_host_frame_before_ours(self, frame):
        """The bond's own frame may be recorded a little later than what the host sent meanwhile."""
        ours = self.pending[frame.interface][0][1]
        return ours[: len(frame.octets)] != frame.octets and self._is_of_host(frame)

    def _is_of_host(self, frame):
        """Not a learning frame, nor an ARP reply that nobody asked for."""
        if frame.is_learning:
            return False
        arp = frame.arp
        if arp is None or arp.operation is not ArpOperation.REPLY:
            return True
        return any(
            at_s >= frame.at_s - ANSWER_S
            and (asked.sender_ip, asked.target_ip) == (arp.target_ip, arp.sender_ip)
            for at_s, asked in self.asked
        )

    def _from_host(self, frame):
        state = self.bond.state
        port = state.port_by_index(self.index[frame.interface])
        if port is None:
            raise MismatchError(frame.at_s, f"{frame.interface} is no port")
        self._adopt_owner(frame, port)
        for source in self._possible_sources(frame, port):
            sent = self._try_host_frame(self._before_the_bond(frame, port, source), frame)
            if sent is None:
                return
        raise MismatchError(
            frame.at_s, f"a frame of the host left by {frame.interface}, ours {sent}"
        )

    def _possible_sources(self, frame, port):
        source = frame.octets[6:12]
        if source != port.mac or port is self.bond.state.active:
            return [source]
        members = {each.mac for each in self.bond.state.ports}
        return [self.bond.state.mac, *sorted(self.seen_sources - members)]

    def _before_the_bond(self, frame, port, source):
        whole, tag = take_tag(with_source(frame.whole, source))
        arp = frame.arp
        if arp and arp.operation is ArpOperation.REPLY and arp.sender_mac == port.mac:
            arp = replace(arp, sender_mac=source)
            whole = whole[:14] + build_arp(arp) + whole[42:]
        return with_tags(whole, (tag,) if tag else ())

    def _try_host_frame(self, given, frame):
        """None if our bond sends it as recorded; else where it sent it. A wrong guess at the source
        counts in no bucket, as only a hash with the source needs guessing."""
        effects = self.bond.handle(HostFrames((HostFrame(given),)), now=self._now_ns)
        sent = [each for each in effects if isinstance(each, SendFrame)]
        octets = frame.octets
        for each in sent:
            is_there = self.recording.members[each.ifindex - 1] == frame.interface
            if is_there and each.frame[: len(octets)] == octets:
                self._settle([other for other in effects if other is not each])
                self.beliefs.heard(each.frame, at_s=self.now_s)
                return None
        return [(each.ifindex, each.frame[:60].hex()) for each in sent]

    def _adopt_owner(self, frame, port):
        """Where the capture left traffic out, nobody can know the loads: take the recorded port."""
        if not self.has_no_base_for_loads:
            return
        if self.bond.state.options.tlb_dynamic_lb and port.can_transmit:
            transmit = self.bond.mode.transmit
            for bucket in transmit.buckets:
                bucket.port = port


def replayed(recording):
    """The replay from the first start that leads to what was recorded.

    Raises MismatchError of the start that came furthest.
    """
    furthest = None
    for start in starts(recording):
        try:
            return Replay(recording, start).run()
        except MismatchError as mismatch:
            if furthest is None or mismatch.at_s > furthest.at_s:
                furthest = mismatch
    raise furthest
