"""Would the tests notice? Puts each fault of lacp_faults.toml into LACP, one at a time.

    python tools/lacp_faults.py [--jobs 2] [--only TEXT] [--every N] [--tests FILE ...]

For each fault a process of its own gets a copy of the package with the fault in it and runs the
tests up to the first failure: those named after the faulty file first. A fault that they let pass
is a survivor: exit 1. Exit 2: a fault fits the source no more, or the tests fail without any.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Loaded before the first fork, so that no child has to load them again.
import hypothesis.stateful
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from silenced_child import fork_silenced

ROOT = Path(__file__).parent.parent
FAULTS = Path(__file__).with_suffix(".toml")
SCHEDULES = "tests/world/test_lacp_schedules.py::test_no_rule_breaks_and_all_agree"
TESTS = (
    *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/lacp/test_*.py")),
    "tests/test_mode_8023ad.py",
    "tests/world/test_lacp_convergence.py",
    f"{SCHEDULES}_in_time_when_the_faults_stop[0]",
)
"""The fast suites. Of the schedules a fault gets the first fifty; most die earlier."""
CPU_LIMIT_S = 60
"""The tests alone need a third of this."""


@dataclass(frozen=True)
class Fault:
    """`original` stands once in `file` (below pybondd/) and becomes `faulty`; `why` it hurts."""

    file: str
    original: str
    faulty: str
    why: str

    @property
    def fits(self) -> bool:
        return (ROOT / "pybondd" / self.file).read_text().count(self.original) == 1

    def seed_into(self, package: Path) -> None:
        path = package / self.file
        path.write_text(path.read_text().replace(self.original, self.faulty))


NO_FAULT = Fault("lacp/__init__.py", "\0", "", "none")


def main() -> int:
    arguments = parsed_arguments()
    started = time.monotonic()
    faults = [Fault(**entry) for entry in tomllib.loads(FAULTS.read_text())["fault"]]
    wanted = [fault for fault in faults if arguments.only in f"{fault.file} {fault.why}"]
    misfits = [fault for fault in wanted if not fault.fits]
    for fault in misfits:
        print(f"fits no more: {fault.file}: {fault.original!r} ({fault.why})")
    if run_all([NO_FAULT], arguments.tests, 1) != [NO_FAULT]:
        print("the tests must pass before faults mean anything")
        return 2
    wanted = [fault for fault in wanted if fault.fits][:: arguments.every]
    survivors = run_all(wanted, arguments.tests, arguments.jobs)
    for fault in survivors:
        print(f"SURVIVED {fault.file}: {fault.why}\n    {fault.original!r}\n -> {fault.faulty!r}")
    took_s = time.monotonic() - started
    print(f"{len(wanted)} faults in LACP, {len(survivors)} survived; {took_s:.0f} s")
    return 2 if misfits else 1 if survivors else 0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="seed faults into pybondd/lacp")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="faults whose file or reason contains this")
    parser.add_argument("--every", type=int, default=1, help="every which fault, 1 is all")
    parser.add_argument("--tests", nargs="+", default=list(TESTS))
    return parser.parse_args()


def run_all(faults: list[Fault], tests: list[str], jobs: int) -> list[Fault]:
    """Those that the tests let pass, in the order of the list."""
    survivors: list[Fault] = []
    running: dict[int, Fault] = {}
    with tempfile.TemporaryDirectory() as directory:
        for number, fault in enumerate(faults):
            if len(running) == jobs:
                survivors += one_that_ends(running)
            running[run_in_fork(fault, tests, Path(directory) / str(number))] = fault
        while running:
            survivors += one_that_ends(running)
    return [fault for fault in faults if fault in survivors]


def one_that_ends(running: dict[int, Fault]) -> Iterator[Fault]:
    """Wait for a child; yields its fault if the tests passed."""
    child, status = os.wait()
    fault = running.pop(child)
    if status == 0:
        yield fault


def run_in_fork(fault: Fault, tests: list[str], work: Path) -> int:
    """Run the tests with this fault in a child; its process id. It ends with 0 if all pass."""
    child = fork_silenced(CPU_LIMIT_S)
    if child:
        return child
    # The copy keeps the times of its files, so that what was compiled before is still good.
    shutil.copytree(ROOT / "pybondd", work / "pybondd")
    fault.seed_into(work / "pybondd")
    sys.path.insert(0, str(work))
    sys.dont_write_bytecode = True
    os.environ["PYBONDD_PURE"] = "1"
    os._exit(run_tests(fault, tests))


def run_tests(fault: Fault, tests: list[str]) -> int:
    """Pytest's answer. Tests named after the faulty file come first."""
    name = f"test_{Path(fault.file).name}"
    ordered = sorted(tests, key=lambda test: Path(test).name != name)
    options = ["-x", "-q", "--no-header", "--assert=plain", "-p", "no:cacheprovider"]
    options += ["-p", "no:xdist", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}"]
    profile = {"derandomize": True, "database": None, "deadline": None}
    hypothesis.settings.register_profile("faults", **profile)
    hypothesis.settings.load_profile("faults")
    return int(pytest.main([*options, *(str(ROOT / test) for test in ordered)]))


if __name__ == "__main__":
    sys.exit(main())
