"""What happened, and because of what? A bounded log that people and clients can follow."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import chain

from pybondd.daemon.frame_words import frame_words
from pybondd.daemon.shapes import EntryJson
from pybondd.effects import Effect, PublishTable, Report, SendFrame, Severity
from pybondd.forwarding import ForwardingTable
from pybondd.units import Instant

LOG_ENTRIES = 4096
"""Entries kept. A failover makes about three, so this is a day of a flapping link; 2 MB at most."""
FRAME_ENTRIES = 512
"""Entries kept that only sent frames, apart from the others: LACP makes up to ten a second, and
balance-alb one for each ARP of the host, which would leave no room for anything else within
minutes."""
STUDY_ENTRIES = 2048
"""Entries kept that report nothing but moves of machines: a partner that never agrees makes some in
each pass, and what an administrator must read would be gone within the hour."""
FOLLOWER_ENTRIES = 1000
"""Entries waiting for one slow reader before the oldest are dropped and counted as lost."""

_SETTLED = tuple(
    each.name for each in fields(ForwardingTable) if each.name not in ("buckets", "generation")
)
"""What of a table frames do not change."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: its cause, what was reported and what was done, in order.

    `only_frames`: nothing was reported, and nothing done but frames sent, and perhaps their buckets
    dealt out.
    """

    sequence: int
    wall_ns: int
    monotonic_ns: Instant
    cause: str
    reports: tuple[Report, ...]
    effects: tuple[str, ...]
    only_frames: bool = False

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

    wants_frames: bool = False
    waiting: deque[Entry] = field(default_factory=lambda: deque(maxlen=FOLLOWER_ENTRIES))
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    lost: int = 0
    is_ended: bool = False

    def offer(self, entry: Entry) -> None:
        """Queue an entry; if the reader is too slow, the oldest is lost and counted."""
        if entry.only_frames and not self.wants_frames:
            return
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
        self._frames: deque[Entry] = deque(maxlen=FRAME_ENTRIES)
        self._study: deque[Entry] = deque(maxlen=STUDY_ENTRIES)
        self._followers: set[Follower] = set()
        self._sequence = 0
        self._table = ForwardingTable()

    def record(self, cause: str, effects: list[Effect], *, wall_ns: int, now: Instant) -> Entry:
        """Append what one cause led to and hand it to all followers."""
        self._sequence += 1
        reports = tuple(effect for effect in effects if isinstance(effect, Report))
        others = tuple(effect_text(effect) for effect in effects if not isinstance(effect, Report))
        # All of them are asked: each table that is published is compared with the one before.
        are_frames = [self._is_about_frames(effect) for effect in effects]
        only_frames = bool(effects) and all(are_frames)
        entry = Entry(self._sequence, wall_ns, now, cause, reports, others, only_frames)
        self._shelf(entry).append(entry)
        for follower in self._followers:
            follower.offer(entry)
        return entry

    def _is_about_frames(self, effect: Effect) -> bool:
        """Was a frame sent, or were buckets dealt out and the table is the same otherwise?"""
        if not isinstance(effect, PublishTable):
            return isinstance(effect, SendFrame)
        before, self._table = self._table, effect.table
        return all(getattr(effect.table, name) == getattr(before, name) for name in _SETTLED)

    def _shelf(self, entry: Entry) -> deque[Entry]:
        """Where an entry is kept, so that what is frequent does not push out what is important."""
        if entry.only_frames:
            return self._frames
        severities = {report.severity for report in entry.reports}
        return self._study if severities == {Severity.DEBUG} else self._entries

    def end(self) -> None:
        """Nothing more will happen: wake all readers so that they leave."""
        for follower in self._followers:
            follower.is_ended = True
            follower.arrived.set()

    def recent(self, count: int = LOG_ENTRIES, *, with_frames: bool = False) -> list[Entry]:
        """The last `count` entries, oldest first; on request also those that only sent frames."""
        shelves = [self._entries, self._study, *([self._frames] if with_frames else [])]
        kept = sorted(chain(*shelves), key=lambda entry: entry.sequence)
        return kept[-count:] if count > 0 else []

    def follow(self, *, with_frames: bool = False) -> Follower:
        """A new reader; give it back to forget()."""
        follower = Follower(with_frames)
        self._followers.add(follower)
        return follower

    def forget(self, follower: Follower) -> None:
        """This reader has gone."""
        self._followers.discard(follower)


def effect_text(effect: Effect) -> str:
    """One short line for an effect: tables by size, frames by what they say."""
    if isinstance(effect, PublishTable):
        table = effect.table
        return f"PublishTable(generation={table.generation}, spread={table.spread.name})"
    if isinstance(effect, SendFrame):
        return f"SendFrame(ifindex={effect.ifindex}, {frame_words(effect.frame)})"
    return repr(effect)
