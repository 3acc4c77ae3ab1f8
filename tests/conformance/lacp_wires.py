"""When did a command have its effect, and which links did it change?

Two ends of a veth pair have a carrier while both are up, so a command on one side is a link event
on the other.
"""

from dataclasses import dataclass, replace

from pybondd.port import Duplex, LinkFacts

LOGGED_COMMAND_S = 0.02
"""How long before it was logged a command had its effect, where the machine was fast."""
WHOLE_COMMAND_S = 0.25
"""What a command takes from its start to its end where it was slow (user-mode Linux)."""


@dataclass(frozen=True)
class Leeway:
    """How much is allowed for what a recording does not tell: passes, commands (seconds).

    Another kind of peer may have its ports up from the start, or `peers_wait` until it is started.
    """

    passes: float
    commands: float
    peers_wait: bool = False

    def of(self, tick):
        """The pass with its slack, as far as this leeway lets it have any."""
        return replace(tick, slack=min(tick.slack, self.passes) + tick.stall)


LEEWAYS = (
    Leeway(0.012, 0.12),
    Leeway(0.022, 0.12),
    Leeway(0.022, 0.35),
    Leeway(0.022, 0.35, peers_wait=True),
)
"""The tight one is tried first, because it is quick and says more."""


class Wires:
    """The links between the sides: who has a carrier, from when on?"""

    def __init__(self, recording, leeway):
        self.recording, self.leeway = recording, leeway
        self.changes = []  # (lo, hi, at, name, facts)
        self.up, self.speed = {}, {}
        touched = {d.name for d in recording.deeds if d.verb in ("enslave", "up", "down")}
        for name in recording.names:
            self.up[name] = name not in touched
        for name in {recording.peer_of(n) for n in recording.names} - touched:
            self.up[name] = True
        started = {d.side for d in recording.deeds if d.verb == "unknown" and leeway.peers_wait}
        self.waiting = {n for n in self.up if n not in touched and n[0].upper() in started}
        self.up |= dict.fromkeys(self.waiting, False)
        self.joined, self.facts_after = {}, {}
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
            case "up" | "down" if deed.name in self.up:
                self.up[deed.name] = deed.verb == "up"
            case "unknown":
                self.up |= {name: True for name in self.waiting if name[0].upper() == deed.side}
        self.facts_after[deed] = self.facts(deed.name) if deed.name in self.up else None
        lo, hi = window(self.recording, deed, self.leeway)
        for name, old in before.items():
            if self.facts(name) != old:
                self.changes.append((lo, hi, likely(deed), name, self.facts(name)))

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


def window(recording, deed, leeway):
    """When may this command have had its effect?"""
    if recording.is_scripted:
        return deed.since, deed.at
    width = LOGGED_COMMAND_S if recording.log(deed.side) else leeway.commands
    width += deed.followers * WHOLE_COMMAND_S
    return max(deed.since - 0.005, deed.at - width), deed.at + 0.005


def likely(deed):
    """When did this command most likely have its effect?"""
    return deed.at - 0.004 - deed.followers * WHOLE_COMMAND_S / 2
