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

from lacp_items import FOREVER, POLL_S, ItemMaker
from lacp_recording import PASS_S, Recording
from lacp_side import RefusedDeedError, Side
from lacp_ticks import Session, extended, inferred_ticks, recorded_ticks
from lacp_wires import LEEWAYS, Wires

COMMAND_S = LEEWAYS[-1].commands
MAX_HYPOTHESES = 200


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
        self.leeway = LEEWAYS[0]
        self.sessions = self._sessions()
        self.why = ""

    def run(self):
        """The bonds left at the end. Raises MismatchError when none is."""
        furthest, why = -1.0, "nothing was run"
        for self.leeway in LEEWAYS:
            for ticks in self._tick_candidates():
                try:
                    return self._run_with([self.leeway.of(tick) for tick in ticks])
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
        # Whatever was done last has its effects, unseen by the capture.
        end = max([self.recording.end, *(deed.at for deed in self.deeds)]) + POLL_S * 2
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
        self.wires = Wires(self.recording, self.leeway)
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
        start.keeps_moves = self.log is not None
        start.keeps_history = bool(self.recording.story.get("rows"))
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
            if not self._are_recorded(sent, item):
                return False
        return True

    def _are_recorded(self, sent, item):
        """Between passes only farewells and answers to markers leave, at once."""
        recorded = Counter(
            (seen.port, seen.frame)
            for seen in self.sightings
            if seen.is_ours and (seen.is_farewell or not seen.is_lacpdu)
            if abs(seen.at - item.at) < COMMAND_S
        )
        surplus = Counter(sent) - recorded
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
        case "release" | "link" | "poll" if item.name and not side.has(item.name):
            raise ImpossibleError(f"{item.verb} of {item.name}, which is no port")
        case "release":
            return side.release(item.name)
        case "link":
            return side.link_changed(item.name, item.load)
        case "delete":
            return side.delete()
        case "open":
            return side.open()
        case "poll":
            return side.poll()
        case "close":
            return side.close()
        case "frame":
            return side.received(item.name, item.load) if side.has(item.name) else []
    raise AssertionError(item)
