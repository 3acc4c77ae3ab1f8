"""What time is it? The only clock of the daemon."""

import time

from pybondd.units import Instant


class MonotonicClock:
    """Linux's CLOCK_MONOTONIC for all decisions, the wall clock for texts."""

    def now(self) -> Instant:
        """Nanoseconds since boot, without the time spent suspended."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Nanoseconds since 1970."""
        return time.time_ns()
