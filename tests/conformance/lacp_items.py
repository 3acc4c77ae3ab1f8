"""What happened to one side of a recording, each thing with the interval in which it did."""

from dataclasses import dataclass

from iproute2_words import pairs
from lacp_wires import likely, window

POLL_S = 0.150
"""A poll of the carrier comes within 110 ms of the change, and may find the bond locked once."""
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
            lo, hi = window(self.recording, deed, self.replay.leeway)
            at = self._exact(deed) or likely(deed)
            if self._exact(deed):
                lo = hi = at
            verb, load = deed.verb, list(deed.words)
            match verb:
                case "add bond":
                    verb, load = "set", without_mode(load)
                case "up" if deed.name.startswith("bond"):
                    at = (openings.pop(0) if openings else at) - 0.0001
                    yield Item(at - 1, at - 1, at, "command", "open")
                    yield Item(at, at + POLL_S, at + 0.00005, "poll", "poll")
                    continue
                case "down" if deed.name.startswith("bond"):
                    verb = "close"
                case "enslave":
                    load = self.replay.wires.facts_after[deed]
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
            is_it = (event["ev"], event["slave"]) == (deed.verb, deed.name)
            if is_it and deed.since - 0.03 <= event["t"] <= deed.at + 0.03:
                return event["t"]
        if deed.verb in ("release", "delete"):
            for seen in self.replay.sightings:
                is_it = deed.verb == "delete" or seen.port == deed.name
                is_it = is_it and seen.is_ours and seen.is_farewell
                if is_it and deed.since <= seen.at <= deed.at + 0.02:
                    return seen.at
        return None

    def _links(self):
        """A link changes, and then a poll of the monitor sees it."""
        for lo, hi, at, name, facts in self.replay.wires.changes:
            if name[0] != self.letter.lower() or self._is_own_joining(name, at):
                continue
            seen = self._seen_by(name, facts.is_running, at)
            yield Item(lo, min(hi, seen), min(at, seen), f"link {name}", "link", name, facts)
            if not self.log and self._is_open(at):
                yield Item(lo, hi + POLL_S, at + 0.05, f"link {name}", "poll", name)
        for event in (self.log or {}).get("machine", ()):
            if event["ev"] == "link":
                at = event["t"]
                yield Item(at, at, at, f"link {event['slave']}", "poll", event["slave"])

    def _seen_by(self, name, is_up, at):
        """A link has changed at the latest when the log says that the monitor saw it."""
        seen = [
            event["t"] - 0.0002
            for event in (self.log or {}).get("machine", ())
            if event["ev"] == "link" and (event["slave"], event["up"]) == (name, is_up)
        ]
        return next((instant for instant in seen if instant > at - 0.05), FOREVER)

    def _is_own_joining(self, name, at):
        """Joining and leaving come with their own facts."""
        return any(
            d.name == name and d.verb in ("enslave", "release") and abs(likely(d) - at) < 1e-6
            for d in self.replay.mine
        ) or not self._is_port(name, at)

    def _is_port(self, name, at):
        verbs = [
            d.verb
            for d in self.replay.mine
            if (d.name == name and d.verb in ("enslave", "release")) or d.verb == "delete"
            if likely(d) <= at
        ]
        return bool(verbs) and verbs[-1] == "enslave"

    def _is_open(self, at):
        return any(s.opened <= at <= s.closed for s in self.replay.sessions)

    def _frames(self):
        heard = self._heard()
        for seen in self.replay.sightings:
            if seen.is_ours:
                continue
            at = heard(seen)
            yield Item(at, at, at, f"frame {seen.port}", "frame", seen.port, untagged(seen.frame))

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


def untagged(frame):
    """The kernel takes a VLAN tag out before bonding sees the frame."""
    has_tag = frame[12:14] in (b"\x81\x00", b"\x88\xa8")
    return frame[:12] + frame[16:] if has_tag else frame


def without_mode(words):
    """Options but for the mode, which a side has from the start."""
    return [word for pair in pairs(words) if pair[0] != "mode" for word in pair]
