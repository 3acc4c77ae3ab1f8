"""Virtual time: what happens next?

Everything in the simulator happens at an instant of a timeline and in an order that depends on
nothing but the calls made and the seed. Nothing sleeps: an hour takes as long as its events do.
"""

import heapq
from collections.abc import Callable
from random import Random  # noqa: TID251 (a seeded generator, the world's only source of chance)
from typing import TypeAlias

from pybondd.units import SECOND_NS, Duration, Instant

Action: TypeAlias = Callable[[], None]
Observer: TypeAlias = Callable[[], None]

ORIGIN_NS: Instant = 1_000 * SECOND_NS
"""Where time starts. Not zero, because in Linux a zero time stamp means "never"."""
MAX_EVENTS_PER_RUN = 5_000_000
"""More events in one run than any scenario needs: two nodes talk in a circle."""


class Timeline:
    """A clock, a queue of what will happen, and a seeded source of chance.

    `observers` are called after each thing that happened; checks live there.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now: Instant = ORIGIN_NS
        self.random = Random(seed)
        self.observers: list[Observer] = []
        self._queue: list[tuple[Instant, int, Action]] = []
        self._sequence = 0

    def at(self, instant: Instant, action: Action) -> None:
        """Do `action` at `instant`, after everything planned earlier for the same instant."""
        assert instant >= self.now, "the past cannot be planned"
        self._sequence += 1
        heapq.heappush(self._queue, (instant, self._sequence, action))

    def after(self, delay_ns: Duration, action: Action) -> None:
        """Do `action` when `delay_ns` have passed."""
        self.at(self.now + delay_ns, action)

    def every(self, interval_ns: Duration, count: int, action: Action) -> None:
        """Do `action` `count` times, the first time now."""
        for turn in range(count):
            self.after(turn * interval_ns, action)

    def run_until(self, instant: Instant) -> None:
        """Let everything happen that is planned up to `instant`, which is now afterwards."""
        for _ in range(MAX_EVENTS_PER_RUN):
            if not self._queue or self._queue[0][0] > instant:
                self.now = instant
                return
            self.now, _, action = heapq.heappop(self._queue)
            action()
            self.observe()
        raise AssertionError("the world does not come to rest")

    def run_for(self, duration_ns: Duration) -> None:
        """Let `duration_ns` pass."""
        self.run_until(self.now + duration_ns)

    def observe(self) -> None:
        """Let the observers look at the world as it is."""
        for observer in self.observers:
            observer()

    def chance(self, probability: float) -> bool:
        """True with this probability; 0 asks no random number, so faults off means no change."""
        return probability > 0 and self.random.random() < probability
