"""Random schedules of LACP systems, by the hundred thousand, in all processors.

    python tools/soak.py [--schedules 100000] [--first 0] [--deeds 0] [--mixed] [--jobs N]

Each seed that breaks a rule is printed with what was broken; `--first SEED --schedules 1` runs it
again. Such a seed becomes a test in tests/world/test_lacp_schedules.py. `--deeds` makes all
schedules that long; 0 leaves it to the seed. `--mixed` lets each bond follow a driver of its own.
Exit 1 if any failed. Ctrl-C and SIGTERM end it and its children; it sums up what was done until
then and exits with 130 or 143.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parent.parent
BATCH = 50
TOLD_EVERY = 20 * BATCH
"""Schedules between two lines that say how far it is."""
ENDS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Tally:
    """What was run until now, and what failed."""

    first: int
    wanted: int
    done: int = 0
    failed: list[int] = field(default_factory=list)
    started_s: float = field(default_factory=time.monotonic)

    def add(self, count: int, failures: list[tuple[int, str]]) -> None:
        """A batch is done; each failure is told at once, progress now and then."""
        self.done += count
        for seed, words in failures:
            self.failed.append(seed)
            print(f"seed {seed}: {words}", flush=True)
        if self.done % TOLD_EVERY == 0:
            print(self, flush=True)

    def __str__(self) -> str:
        took_s = time.monotonic() - self.started_s
        rate = self.done / took_s if took_s else 0
        done = f"{self.done} of {self.wanted} schedules from seed {self.first}"
        return f"{done}, {len(self.failed)} failed, {took_s:.0f} s, {rate:.0f} a second"


def main() -> None:
    arguments = parsed_arguments()
    sys.path[0:0] = [str(ROOT), str(ROOT / "tests" / "world")]
    tally = Tally(arguments.first, arguments.schedules)
    for number in ENDS:
        signal.signal(number, end_by_signal)
    answer: int | str | None = 0
    with multiprocessing.Pool(arguments.jobs, initializer=be_a_child) as pool:
        try:
            for count, failures in pool.imap_unordered(run_batch, batches(arguments)):
                tally.add(count, failures)
        except SystemExit as end:
            answer = end.code
    print(f"{'ended by a signal: ' if answer else ''}{tally}")
    if tally.failed:
        print("failed:", *sorted(tally.failed))
    sys.exit(answer or bool(tally.failed))


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="random schedules of LACP systems")
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--deeds", type=int, default=0, help="how many per schedule")
    parser.add_argument("--mixed", action="store_true", help="bonds that follow different drivers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    return parser.parse_args()


@dataclass(frozen=True)
class Batch:
    """Seeds from `first` to the one before `end`."""

    first: int
    end: int
    deeds: int
    is_mixed: bool


def batches(arguments: argparse.Namespace) -> Iterator[Batch]:
    end = arguments.first + arguments.schedules
    for first in range(arguments.first, end, BATCH):
        yield Batch(first, min(first + BATCH, end), arguments.deeds, arguments.mixed)


def end_by_signal(number: int, _frame: FrameType | None) -> None:
    """Leave the loop of main; the end of its `with` ends the children.

    Only once: `timeout` signals the process and then its group, and the children must still be
    ended, and the summary printed.
    """
    for each in ENDS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def be_a_child() -> None:
    """Ctrl-C reaches the whole group; the parent alone answers it, and ends its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def run_batch(batch: Batch) -> tuple[int, list[tuple[int, str]]]:
    """How many schedules were run, and the seeds of those that failed with the reason."""
    from lacp_schedule import run_schedule

    failures = []
    for seed in range(batch.first, batch.end):
        try:
            run_schedule(seed, batch.deeds, is_mixed=batch.is_mixed)
        except Exception as broken:  # A soak goes on whatever it finds.
            failures.append((seed, f"{type(broken).__name__}: {broken}"))
    return batch.end - batch.first, failures


if __name__ == "__main__":
    main()
