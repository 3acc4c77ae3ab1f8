"""Random schedules of LACP systems, by the hundred thousand, in all processors.

    python tools/soak.py [--schedules 100000] [--first 0] [--deeds 0] [--jobs N]

Each seed that breaks a rule is printed with what was broken; `--first SEED --schedules 1` runs it
again. Such a seed becomes a test in tests/world/test_lacp_schedules.py. `--deeds` makes all
schedules that long; 0 leaves it to the seed. Exit 1 if any failed.
"""

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BATCH = 50


def main() -> int:
    arguments = parsed_arguments()
    sys.path[0:0] = [str(ROOT), str(ROOT / "tests" / "world")]
    end = arguments.first + arguments.schedules
    batches = [
        (first, min(first + BATCH, end), arguments.deeds)
        for first in range(arguments.first, end, BATCH)
    ]
    started, done, failed = time.monotonic(), 0, 0
    with multiprocessing.Pool(arguments.jobs) as pool:
        for count, failures in pool.imap_unordered(run_batch, batches):
            done += count
            failed += len(failures)
            for seed, words in failures:
                print(f"seed {seed}: {words}", flush=True)
            if done % (20 * BATCH) == 0:
                rate = done / (time.monotonic() - started)
                print(f"{done} schedules, {failed} failed, {rate:.0f} a second", flush=True)
    print(f"{done} schedules, {failed} failed, in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="random schedules of LACP systems")
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--deeds", type=int, default=0, help="how many per schedule")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def run_batch(batch: tuple[int, int, int]) -> tuple[int, list[tuple[int, str]]]:
    """How many schedules were run, and the seeds of those that failed with the reason."""
    from lacp_saboteur import run_schedule

    first, end, deeds = batch
    failures = []
    for seed in range(first, end):
        try:
            run_schedule(seed, deeds)
        except Exception as broken:  # A soak goes on whatever it finds.
            failures.append((seed, f"{type(broken).__name__}: {broken}"))
    return end - first, failures


if __name__ == "__main__":
    sys.exit(main())
