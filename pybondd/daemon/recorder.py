"""What happened, and because of what? A bounded log that people and clients can follow."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pybondd.daemon.shapes import EntryJson
from pybondd.effects import Effect, PublishTable, Report, SendFrame
from pybondd.units import Instant

LOG_ENTRIES = 4096
"""Entries kept. A failover makes about three, so this is a day of a flapping link; 2 MB at most."""
FOLLOWER_ENTRIES = 1000
"""Entries waiting for one slow reader before the oldest are dropped and counted as lost."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: its cause, what was reported and what was done, in order."""

    sequence: int
    wall_ns: int
    monotonic_ns: Instant
    cause: str
    reports: tuple[Report, ...]
    effects: tuple[str, ...]

    def json(self, lost: int = 0) -> EntryJson:
        """The entry as the control socket carries it; `lost` entries before it were dropped."""
        return {
            "sequence": self.sequence,
            "time": self.wall_ns / 1e9,
            "monotonic_ns": self.monotonic_ns,
            "cause": self.cause,
            "reports": [
                {"severity": report.severity.value, "port": report.port, "text": report.text}
                for report in self.reports
            ],
            "effects": list(self.effects),
            "lost": lost,
        }


@dataclass(slots=True, eq=False)
class Follower:
    """One reader of the log as it grows. Never holds up the bond: it loses entries instead."""

    waiting: deque[Entry] = field(default_factory=lambda: deque(maxlen=FOLLOWER_ENTRIES))
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    lost: int = 0
    is_ended: bool = False

    def offer(self, entry: Entry) -> None:
        """Queue an entry; if the reader is too slow, the oldest is lost and counted."""
        if len(self.waiting) == FOLLOWER_ENTRIES:
            self.lost += 1
        self.waiting.append(entry)
        self.arrived.set()

    async def take(self) -> Iterator[EntryJson]:
        """Wait for entries and return all that are there, the first with the count of lost ones."""
        await self.arrived.wait()
        self.arrived.clear()
        entries, lost = list(self.waiting), self.lost
        self.waiting.clear()
        self.lost = 0
        return (entry.json(lost if i == 0 else 0) for i, entry in enumerate(entries))


class Recorder:
    """The log of one bond."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: deque[Entry] = deque(maxlen=LOG_ENTRIES)
        self._followers: set[Follower] = set()
        self._sequence = 0

    def record(self, cause: str, effects: list[Effect], *, wall_ns: int, now: Instant) -> Entry:
        """Append what one cause led to and hand it to all followers."""
        self._sequence += 1
        reports = tuple(effect for effect in effects if isinstance(effect, Report))
        others = tuple(effect_text(effect) for effect in effects if not isinstance(effect, Report))
        entry = Entry(self._sequence, wall_ns, now, cause, reports, others)
        self._entries.append(entry)
        for follower in self._followers:
            follower.offer(entry)
        return entry

    def end(self) -> None:
        """Nothing more will happen: wake all readers so that they leave."""
        for follower in self._followers:
            follower.is_ended = True
            follower.arrived.set()

    def recent(self, count: int = LOG_ENTRIES) -> list[Entry]:
        """The last `count` entries, oldest first."""
        return list(self._entries)[-count:] if count > 0 else []

    def follow(self) -> Follower:
        """A new reader; give it back to forget()."""
        follower = Follower()
        self._followers.add(follower)
        return follower

    def forget(self, follower: Follower) -> None:
        """This reader has gone."""
        self._followers.discard(follower)


def effect_text(effect: Effect) -> str:
    """One short line for an effect: tables and frames by size, not by content."""
    if isinstance(effect, PublishTable):
        table = effect.table
        return f"PublishTable(generation={table.generation}, spread={table.spread.name})"
    if isinstance(effect, SendFrame):
        return f"SendFrame(ifindex={effect.ifindex}, size_octets={len(effect.frame)})"
    return repr(effect)
