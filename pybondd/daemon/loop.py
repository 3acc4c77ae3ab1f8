"""How do events reach the bond and its wishes reach the world? One at a time, in order.

The engine owns no thread and no descriptor: it feeds values to the bond, has the effects carried
out in list order, gives failures back, and keeps one timer for the bond's next deadline.
"""

import asyncio
import copy
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pybondd.bond import Bond
from pybondd.daemon.causes import cause_text
from pybondd.daemon.recorder import Entry, Recorder
from pybondd.effects import Effect, Refuse, Report
from pybondd.events import EffectFailed, Event
from pybondd.units import MILLISECOND_NS, SECOND_NS, Instant

MAX_EFFECTS_IN_A_ROW = 4096
"""Effects after one event, at most. 255 ports with a MAC, an MTU and a roll-back each need 1020;
a bond that answers each failure with an effect that fails is stopped here."""

MAX_LATENESS_NS = 50 * MILLISECOND_NS
"""A deadline served at most this late counts as served on time, so that lateness does not add up:
ten LACP passes take 1.00 s though each comes a millisecond late. After a longer sleep (a stopped
process, a suspended machine) time goes on from now, and nothing that was missed is made up for."""


class Hands(Protocol):
    """Carries effects out. The executor of linux/ is one; a list in a test is another."""

    def execute(self, effect: Effect) -> int:
        """Do it; 0 or the errno."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> Instant:
        """Nanoseconds of the monotonic clock."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970; for people only."""


class Engine:
    """Drives one bond."""

    def __init__(
        self,
        bond: Bond,
        hands: Hands,
        clock: Clock,
        recorder: Recorder,
        *,
        before_event: Callable[[Event], None] = lambda _event: None,
        before_deadline: Callable[[str], None] = lambda _reason: None,
        after_step: Callable[[Entry], None] = lambda _entry: None,
    ) -> None:
        """`before_deadline(reason)` may feed events, so that a monitor pass sees fresh facts.

        So may `before_event`, which is called for these too.
        """
        self.bond = bond
        self.recorder = recorder
        self._hands = hands
        self._clock = clock
        self._before_event = before_event
        self._before_deadline = before_deadline
        self._after_step = after_step
        self._timer: asyncio.TimerHandle | None = None
        self._last: Instant = 0
        self._due: Instant | None = None

    def first_refusal(self, events: list[Event]) -> tuple[int, Refuse] | None:
        """Try events on a copy of the bond; see first_refusal below."""
        return first_refusal(self.bond, events, now=self._clock.now())

    def feed(self, event: Event, cause: str = "") -> list[Effect]:
        """One thing happened. Returns the effects, those after failures included; they are done.

        `cause` is for the log, where the event alone does not tell people enough.
        """
        self._before_event(event)
        now = self._now()
        # Before it is handled: a port that leaves has no name afterwards.
        cause = cause or cause_text(self.bond.state, event)
        effects = self.bond.handle(event, now=now)
        done = self._carry_out(cause, effects, now=now)
        self.rearm()
        return done

    def note(self, cause: str, reports: list[Effect]) -> None:
        """Write into the log what the daemon itself has to tell."""
        if reports:
            self._log(cause, reports, now=self._now())

    def rearm(self) -> None:
        """Set the timer to the bond's next deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.bond.next_deadline()
        if deadline is not None:
            delay_ns = max(0, deadline[0] - self._clock.now())
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay_ns / SECOND_NS, self._deadline_reached)

    def stop(self) -> None:
        """No deadline is served any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _deadline_reached(self) -> None:
        deadline = self.bond.next_deadline()
        now = self._clock.now()
        if deadline is not None and deadline[0] <= now:
            planned, reason = deadline
            self._due = planned if now - planned <= MAX_LATENESS_NS else now
            try:
                # All of them: the passes of LACP and of the carrier monitor come due together.
                for each in self.bond.due(now=self._now()):
                    self._before_deadline(each)
                now = self._now()
                self._carry_out(f"deadline {reason}", self.bond.advance(now=now), now=now)
            finally:
                self._due = None
        self.rearm()

    def _now(self) -> Instant:
        """When what happens now happens: as planned for a deadline, and never before the last."""
        now = self._clock.now() if self._due is None else self._due
        self._last = max(self._last, now)
        return self._last

    def _carry_out(self, cause: str, effects: list[Effect], *, now: Instant) -> list[Effect]:
        """Do the effects; a failure is handed back and what the bond then asks is done as well."""
        lists = deque([(cause, effects)])
        done: list[Effect] = []
        while lists and len(done) < MAX_EFFECTS_IN_A_ROW:
            cause, effects = lists.popleft()
            done += effects
            for failed in self._execute(cause, effects, now=now):
                answer = self.bond.handle(failed, now=now)
                lists.append((cause_text(self.bond.state, failed), answer))
        return done

    def _execute(self, cause: str, effects: list[Effect], *, now: Instant) -> list[EffectFailed]:
        wishes = [effect for effect in effects if not isinstance(effect, Report | Refuse)]
        results = [(effect, self._hands.execute(effect)) for effect in wishes]
        if effects:
            self._log(cause, effects, now=now)
        return [EffectFailed(effect, errno) for effect, errno in results if errno]

    def _log(self, cause: str, effects: list[Effect], *, now: Instant) -> None:
        entry = self.recorder.record(cause, effects, wall_ns=self._clock.wall_ns(), now=now)
        self._after_step(entry)


def first_refusal(bond: Bond, events: list[Event], *, now: Instant) -> tuple[int, Refuse] | None:
    """Try events on a copy of the bond: place and refusal of the first that would be refused."""
    trial = copy.deepcopy(bond)
    for place, event in enumerate(events):
        refuse = refusal_in(trial.handle(event, now=now))
        if refuse is not None:
            return place, refuse
    return None


def refusal_in(effects: list[Effect]) -> Refuse | None:
    """The bond's refusal, if that is its answer."""
    return next((effect for effect in effects if isinstance(effect, Refuse)), None)
