"""Runs one side of a recording in virtual time and compares every LACPDU, octet for octet.

A recording does not tell everything: a command had its effect somewhat before it was logged, a
monitor's poll came at some moment of the 100 ms after a link changed, and of two things at nearly
the same time either may have come first. So all bonds that the recording allows are run side by
side. In every pass each must send exactly what was recorded for that pass, no more and no less, or
it is dropped. The recording is matched if one is left at its end.
"""

import itertools
from collections import Counter
from dataclasses import dataclass

from iproute2_words import pairs
from lacp_recording import PASS_S, Recording
from lacp_side import RefusedDeedError, Side
from lacp_ticks import Session, extended, inferred_ticks, recorded_ticks

from pybondd.port import Duplex, LinkFacts

COMMAND_S = 0.25
"""How long before it was logged a command may have had its effect (user-mode Linux is slow)."""
LOGGED_COMMAND_S = 0.02
POLL_S = 0.150
"""A poll of the carrier comes within 110 ms of the change, and may find the bond locked once."""
MAX_HYPOTHESES = 600
FOREVER = 1e9


@dataclass(frozen=True)
class Item:
    """Something that happens to a side, some time between `lo` and `hi`. Items of one `lane` keep
    their order."""

    lo: float
    hi: float
    at: float
    lane: str
    verb: str
    name: str = ""
    load: object = None


@dataclass
class Hypothesis:
    """One bond that has done all that was recorded until now; `done` items of each lane."""

    side: Side
    done: tuple[int, ...]


class MismatchError(AssertionError):
    """No bond that the recording allows sends what was recorded."""


class Replay:
    """One side of one recording."""

    def __init__(self, recording: Recording, side: str):
        self.recording, self.letter = recording, side
        self.period = PASS_S.get(recording.series, PASS_S["6.12"])
        self.sightings = recording.sightings(side)
        self.deeds = recording.deeds
        self.mine = [deed for deed in self.deeds if deed.side == side]
        self.log = recording.log(side)
        self.wires = Wires(recording)
        self.sessions = self._sessions()
        self.why = ""

    def run(self):
        """The hypotheses left at the end. Raises MismatchError when none is."""
        furthest, why = -1.0, "nothing was run"
        for ticks in self._tick_candidates():
            try:
                return self._run_with(ticks)
            except MismatchError as mismatch:
                at, text = mismatch.args
                if at > furthest:
                    furthest, why = at, text
        raise MismatchError(f"{self.recording.name} side {self.letter}: {why}")

    # -- time

    def _sessions(self):
        sessions = []
        for deed in self.mine:
            if deed.verb == "up" and deed.name.startswith("bond"):
                since = max(deed.since, deed.at - COMMAND_S)
                if self.recording.is_scripted:
                    since = deed.since
                sessions.append(Session(since, deed.at - 0.004, FOREVER))
            elif deed.verb in ("down", "delete") and deed.name.startswith("bond"):
                last = sessions.pop()
                sessions.append(Session(last.since, last.opened, deed.at))
        return sessions

    def _tick_candidates(self):
        end = self.recording.end
        if self.log:
            return [recorded_ticks(self.log["ticks"], self._anchors(), end, self.period)]
        candidates = inferred_ticks(
            self._anchors(), self.sessions, self.period, early_keys=self._early_keys()
        )
        end = min(end, self.sessions[-1].closed if self.sessions else 0)
        return [extended(ticks, end, self.period) for ticks in candidates]

    def _anchors(self):
        return [
            (seen.at, self._window_key(seen))
            for seen in self.sightings
            if seen.is_ours and seen.is_lacpdu and not seen.is_farewell
        ]

    def _window_key(self, seen):
        """A port that joins again has another transmit window."""
        joined = [d for d in self.mine if d.verb == "enslave" and d.name == seen.port]
        return seen.port, sum(deed.since < seen.at for deed in joined)

    def _early_keys(self):
        opened = self.sessions[0].since if self.sessions else FOREVER
        return {
            (deed.name, 1)
            for deed in self.mine
            if deed.verb == "enslave" and deed.at <= max(opened, 0)
        }

    # -- the run

    def _run_with(self, ticks):
        items = ItemMaker(self, ticks).items()
        lanes = sorted({item.lane for item in items})
        self.lanes = [
            sorted((i for i in items if i.lane == lane), key=lambda i: i.at) for lane in lanes
        ]
        expected = self._expected(ticks)
        start = Side(
            follows=self.recording.follows,
            macs={n: self.recording.mac_of(n) for n in self._own_names()},
        )
        hypotheses = [Hypothesis(start, (0,) * len(lanes))]
        for number, tick in enumerate(ticks):
            hypotheses = self._one_tick(hypotheses, tick, expected[number])
        return self._finished(hypotheses)

    def _own_names(self):
        return {n for n in self.recording.names if n[0] == self.letter.lower()} | {
            deed.name for deed in self.mine if deed.verb in ("enslave", "add tap")
        }

    def _expected(self, ticks):
        """What was sent in each pass, but for farewells, which leave between passes."""
        expected = [Counter() for _ in ticks]
        for seen in self.sightings:
            if seen.is_ours and seen.is_lacpdu and not seen.is_farewell:
                number = min(range(len(ticks)), key=lambda n: abs(ticks[n].at - seen.at))
                expected[number][seen.port, seen.frame] += 1
        return expected

    def _one_tick(self, hypotheses, tick, expected):
        reached, why = {}, []
        for hypothesis in hypotheses:
            for grown in self._grow(hypothesis, tick):
                grown.side.set_now(tick.at)
                sent = self._on_wire(grown.side.tick(), tick)
                if self._differs(sent, expected):
                    why.append((sent, grown))
                    continue
                reached.setdefault((grown.done, grown.side.fingerprint()), grown)
        if not reached:
            raise MismatchError(tick.at, self._explain(tick, expected, why))
        return list(reached.values())[:MAX_HYPOTHESES]

    def _grow(self, hypothesis, tick):
        """All ways to get to this pass: which of the near things have happened before it?"""
        choices = []
        for lane, done in zip(self.lanes, hypothesis.done, strict=True):
            must = may = done
            while must < len(lane) and lane[must].hi + tick.slack < tick.at:
                must += 1
            may = max(must, may)
            while may < len(lane) and lane[may].lo - tick.slack <= tick.at:
                may += 1
            choices.append(range(must, may + 1))
        combinations = list(itertools.product(*choices))
        for combination in combinations:
            todo = [
                item
                for lane, old, new in zip(self.lanes, hypothesis.done, combination, strict=True)
                for item in lane[old:new]
            ]
            is_only = len(combinations) == 1
            side = hypothesis.side if is_only else hypothesis.side.copy()
            if self._happen(side, todo):
                yield Hypothesis(side, combination)

    def _happen(self, side, todo):
        """Let things happen in order; False where that order cannot have been."""
        for item in sorted(todo, key=lambda item: item.at):
            side.set_now(item.at)
            try:
                sent = perform(side, item)
            except ImpossibleError as reason:
                self.why = str(reason)
                return False
            except RefusedDeedError as reason:
                self.why = str(reason)
                return False
            if not self._are_farewells(sent, item):
                return False
        return True

    def _are_farewells(self, sent, item):
        recorded = Counter(
            (seen.port, seen.frame)
            for seen in self.sightings
            if seen.is_ours and seen.is_farewell and abs(seen.at - item.at) < COMMAND_S
        )
        surplus = Counter(pair for pair in sent if pair[1][14] == 1) - recorded
        if surplus:
            self.why = f"{item.verb} {item.name} sent {[f.hex() for _, f in surplus]}"
        return not surplus

    def _on_wire(self, sent, tick):
        """(must be seen, may be seen): a frame is lost where the link has no carrier."""
        must, may = Counter(), Counter()
        for name, frame in sent:
            was = self.wires.was_running(name, tick.at)
            if was is not False:
                may[name, frame] += 1
            if was is True and tick.at <= self.recording.end + 0.001:
                must[name, frame] += 1
        return must, may

    @staticmethod
    def _differs(sent, expected):
        must, may = sent
        return bool(must - expected) or bool(expected - may)

    def _explain(self, tick, expected, why):
        wanted = sorted((port, frame.hex()) for port, frame in expected)
        told = sorted({tuple(sorted((p, f.hex()) for p, f in s[1])) for s, _ in why[:50]})[:6]
        return f"in the pass at {tick.at:.3f} expected {wanted}, sent {told}; {self.why}"

    def _finished(self, hypotheses):
        for hypothesis in hypotheses:
            rest = [
                item
                for lane, done in zip(self.lanes, hypothesis.done, strict=True)
                for item in lane[done:]
            ]
            if not self._happen(hypothesis.side, rest):
                raise MismatchError(self.recording.end, self.why)
        return [hypothesis.side for hypothesis in hypotheses]


class ImpossibleError(Exception):
    """Things cannot have happened in this order."""


def perform(side, item):
    """Let one thing happen; the answer is what the bond sent at once."""
    match item.verb:
        case "set":
            return side.set_options(item.load) or []
        case "set port":
            return side.set_port_options(item.name, item.load) or []
        case "enslave":
            return side.enslave(item.name, item.load)
        case "release" | "link" if not side.has(item.name):
            raise ImpossibleError(f"{item.verb} of {item.name}, which is no port")
        case "release":
            return side.release(item.name)
        case "link":
            return side.link_changed(item.name, item.load)
        case "delete":
            return side.delete()
        case "open":
            return side.open()
        case "close":
            return side.close()
        case "frame":
            return side.received(item.name, item.load) if side.has(item.name) else []
    raise AssertionError(item)


class Wires:
    """The links between the sides: who has a carrier, from when on?"""

    def __init__(self, recording):
        self.recording = recording
        self.changes = []  # (lo, hi, at, name, facts)
        self.up, self.speed = {}, {}
        touched = {d.name for d in recording.deeds if d.verb in ("enslave", "up", "down")}
        for name in recording.names:
            self.up[name] = name not in touched
        for name in {recording.peer_of(n) for n in recording.names} - touched:
            self.up[name] = True
        self.joined = {}
        for deed in recording.deeds:
            self._apply(deed)

    def _apply(self, deed):
        before = {name: self.facts(name) for name in self.up}
        match deed.verb:
            case "enslave":
                self.up[deed.name] = True
                self.joined[deed.name] = deed.side
            case "release":
                self.up[deed.name] = False
                self.joined.pop(deed.name, None)
            case "delete":
                for name in [n for n, side in self.joined.items() if side == deed.side]:
                    self.up[name] = False
                    self.joined.pop(name)
            case ("up" | "down") if deed.name in self.up:
                self.up[deed.name] = deed.verb == "up"
        lo, hi = window(self.recording, deed)
        for name, old in before.items():
            if self.facts(name) != old:
                self.changes.append((lo, hi, deed.at - 0.004, name, self.facts(name)))

    def facts(self, name):
        is_up = self.up[name]
        has_carrier = is_up and self.up.get(self.recording.peer_of(name), True)
        return LinkFacts(
            is_up=is_up, has_carrier=has_carrier, speed_mbps=10_000, duplex=Duplex.FULL
        )

    def facts_at(self, name, at):
        known = [c[4] for c in self.changes if c[3] == name and c[2] <= at]
        return known[-1] if known else self.first_facts(name)

    def first_facts(self, name):
        is_up = not any(c[3] == name for c in self.changes)
        return LinkFacts(is_up=is_up, has_carrier=is_up, speed_mbps=10_000, duplex=Duplex.FULL)

    def was_running(self, name, at):
        """True or False; None near a change, where it may have been either."""
        for lo, hi, _, each, _ in self.changes:
            if each == name and lo - 0.02 <= at <= hi + 0.02:
                return None
        return self.facts_at(name, at).is_running


def window(recording, deed):
    """When may this command have had its effect?"""
    if recording.is_scripted:
        return deed.since, deed.at
    width = LOGGED_COMMAND_S if recording.log(deed.side) else COMMAND_S
    return max(deed.since - 0.005, deed.at - width), deed.at + 0.005


class ItemMaker:
    """What happened to one side, as items with their windows."""

    def __init__(self, replay, ticks):
        self.replay, self.ticks = replay, ticks
        self.recording, self.letter, self.log = replay.recording, replay.letter, replay.log
        self.openings = [tick.at for tick in ticks if tick.opens]

    def items(self):
        return [*self._commands(), *self._links(), *self._frames()]

    def _commands(self):
        openings = list(self.openings)
        for deed in self.replay.mine:
            lo, hi = window(self.recording, deed)
            at = self._exact(deed) or deed.at - 0.004
            if self._exact(deed):
                lo = hi = at
            verb, load = deed.verb, list(deed.words)
            match verb:
                case "add bond":
                    verb, load = "set", without_mode(load)
                case "up" if deed.name.startswith("bond"):
                    at = (openings.pop(0) if openings else at) - 0.0001
                    yield Item(at, at, at, "command", "open")
                    continue
                case "down" if deed.name.startswith("bond"):
                    verb = "close"
                case "enslave":
                    load = self.replay.wires.facts_at(deed.name, at + 0.01)
                case "set" if not deed.name.startswith("bond"):
                    verb = "set port"
                case "up" | "down" | "address" | "ethtool":
                    continue
            if verb == "close":
                after = [t for t in self.openings if t > at]
                lo = max([t.at for t in self.ticks if t.at < (after[0] if after else 1e9)])
                lo = hi = at = max(at, lo + 0.0001)
            yield Item(lo, hi, at, "command", verb, deed.name, load)

    def _exact(self, deed):
        """The log tells when a port joined or left, a farewell tells when it left."""
        for event in (self.log or {}).get("machine", ()):
            if event["ev"] == deed.verb and event.get("slave") == deed.name:
                if deed.since - 0.03 <= event["t"] <= deed.at + 0.03:
                    return event["t"]
        if deed.verb in ("release", "delete"):
            for seen in self.replay.sightings:
                right = seen.port == deed.name or deed.verb == "delete"
                if seen.is_ours and seen.is_farewell and right:
                    if deed.since <= seen.at <= deed.at + 0.02:
                        return seen.at
        return None

    def _links(self):
        if self.log and self.recording.series == "6.12":
            for event in self.log["machine"]:
                if event["ev"] == "link":
                    yield self._logged_link(event)
            return
        for lo, hi, at, name, facts in self.replay.wires.changes:
            if name[0] != self.letter.lower() or self._is_own_joining(name, at):
                continue
            late = max([hi, *self._openings_after(lo)[:1]]) if not self._is_open(at) else hi
            yield Item(lo, late + POLL_S, at + 0.05, f"link {name}", "link", name, facts)

    def _logged_link(self, event):
        name, at = event["slave"], event["t"]
        facts = self.replay.wires.facts_at(name, at + 0.05)
        if facts.is_running != event["up"]:
            facts = LinkFacts(
                is_up=True, has_carrier=event["up"], speed_mbps=10_000, duplex=Duplex.FULL
            )
        return Item(at, at, at, f"link {name}", "link", name, facts)

    def _is_own_joining(self, name, at):
        """Joining and leaving come with their own facts."""
        return any(
            d.name == name and d.verb in ("enslave", "release") and abs(d.at - 0.004 - at) < 1e-6
            for d in self.replay.mine
        ) or not self._is_port(name, at)

    def _is_port(self, name, at):
        verbs = [
            d.verb
            for d in self.replay.mine
            if (d.name == name and d.verb in ("enslave", "release")) or d.verb == "delete"
            if d.at - 0.004 <= at
        ]
        return bool(verbs) and verbs[-1] == "enslave"

    def _is_open(self, at):
        return any(s.opened <= at <= s.closed for s in self.replay.sessions)

    def _openings_after(self, at):
        return [opened for opened in self.openings if opened >= at]

    def _frames(self):
        heard = self._heard()
        for seen in self.replay.sightings:
            if seen.is_ours:
                continue
            at = heard(seen)
            yield Item(at, at, at, f"frame {seen.port}", "frame", seen.port, seen.frame)

    def _heard(self):
        """When the machines saw a frame: the log knows it better than the capture."""
        events = [e for e in (self.log or {}).get("machine", ()) if e["ev"] == "rxpdu"]
        taken = set()

        def heard(seen):
            for number, event in enumerate(events):
                near = -0.003 <= event["t"] - seen.at <= 0.03
                if number not in taken and event["slave"] == seen.port and near:
                    taken.add(number)
                    return event["t"]
            return seen.at

        return heard


def without_mode(words):
    """Options but for the mode, which a side has from the start."""
    return [word for pair in pairs(words) if pair[0] != "mode" for word in pair]
