"""Would the tests notice? Seeds faults into the compiled data plane, one at a time.

    python tools/mutants.py [--source pybondd] [--jobs 2] [--only TEXT] [--every N] [--list]

All faults are built into one copy of the extension, in a temporary directory; then the tests that
each region names run once for every fault, in a process of their own. A fault that they let pass is
a survivor: exit 1. A fault that no input can show may be listed in equivalent-mutants.toml, with
its reason; an entry there that fits no fault is an error too. Exit 2: the tests fail without any
fault.
"""

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from mutant_source import Mutant, Switchboard, enum_siblings
from silenced_child import fork_silenced

ROOT = Path(__file__).parent.parent
EQUIVALENT = Path(__file__).parent / "equivalent-mutants.toml"
READABLE = re.compile(r"[\[-]pure[]-]")
"""In a test's parameters (tests/twins.py TWINS): it runs the readable twin, which has no fault."""
CPU_LIMIT_S = 25
"""The tests alone need a third of this."""

SETUP = """
from setuptools import Extension, setup
flags = ["-O0", "-w"]
setup(name="mutants", packages=[], ext_modules=[
    Extension("pybondd._fast", ["pybondd/_fast.pyx"], extra_compile_args=flags)])
"""
# Cython 3.3 takes `a == 1 and a == 2` for `a in (1, 2)` when it makes a C switch of it.
SWITCH = "# cython: optimize.use_switch=False\n\ncdef int active_mutant = 0\n"
ACTIVATE = (
    "\n\ndef activate_mutant(int number):\n    global active_mutant\n    active_mutant = number\n"
)


def main() -> int:
    arguments = parsed_arguments()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        mutants = seeded_copy(arguments.source, work)
        wanted, unused = without_equivalent([m for m in mutants if arguments.only in m.function])
        wanted = wanted[:: arguments.every]
        if arguments.list:
            print(*map(line_of, wanted), sep="\n")
            return 0
        build(work)
        built = time.monotonic()
        sys.path.insert(0, str(work))
        os.chdir(work)
        survivors = run_all(wanted, arguments.jobs)
        if survivors is None:
            return 2
    if unused and not arguments.only:
        print("fits no fault any more:", *unused, sep="\n  ")
    print(
        f"{len(wanted)} mutants, {len(wanted) - len(survivors)} killed, {len(survivors)} survived, "
        f"{len(mutants) - len(wanted)} equivalent or not chosen; "
        f"built in {built - started:.0f} s, all in {time.monotonic() - started:.0f} s"
    )
    return 1 if survivors or (unused and not arguments.only) else 0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="seed faults into pybondd._fast")
    parser.add_argument("--source", type=Path, default=ROOT / "pybondd")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="functions whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="every which fault, 1 is all")
    parser.add_argument("--list", action="store_true", help="print the faults and stop")
    return parser.parse_args()


def seeded_copy(source: Path, work: Path) -> list[Mutant]:
    """Copy the package and switch all faults into the copy."""
    package = work / "pybondd"
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("*.so", "*.c", "__pycache__"))
    files = sorted([*package.glob("*.pyx"), *package.glob("*.pxi")])
    board = Switchboard(enum_siblings(file.read_text() for file in files))
    for file in files:
        file.write_text(board.rewrite(file.name, file.read_text()))
    main_file = package / "_fast.pyx"
    rows = main_file.read_text().splitlines(keepends=True)
    first_code = next(i for i, row in enumerate(rows) if not row.startswith("#"))
    main_file.write_text("".join([*rows[:first_code], SWITCH, *rows[first_code:], ACTIVATE]))
    return board.mutants


def without_equivalent(mutants: list[Mutant]) -> tuple[list[Mutant], list[str]]:
    """The mutants to be killed, and the entries of the list that fit none."""
    entries = tomllib.loads(EQUIVALENT.read_text())["mutant"] if EQUIVALENT.exists() else []
    excused = {(e["function"], e["original"], e["faulty"]): 0 for e in entries}
    wanted = []
    for mutant in mutants:
        key = (mutant.function, mutant.original, mutant.faulty)
        if key in excused:
            excused[key] += 1
        else:
            wanted.append(mutant)
    return wanted, [f"{key}" for key, count in excused.items() if count == 0]


def build(work: Path) -> None:
    (work / "setup.py").write_text(SETUP)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=work, check=True)


@dataclass(slots=True)
class Seeding:
    """A pytest plugin: collect once, then run the collected tests for every mutant in a fork."""

    mutants: list[Mutant]
    jobs: int
    survivors: list[Mutant] = field(default_factory=list)
    running: dict[int, Mutant] = field(default_factory=dict)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        # Without a fault first, here, so that what the tests remember is there in every fork.
        run_items(session, session.items)
        if session.testsfailed:
            return True
        # Objects that no collection touches stay shared between the forks.
        gc.freeze()
        for count, mutant in enumerate(self.mutants):
            if count % 100 == 0:
                print(f"\n{count} of {len(self.mutants)} started, {len(self.survivors)} survived")
            if len(self.running) == self.jobs:
                self.wait_for_one()
            items = [item for item in session.items if may_notice(item, mutant)]
            self.running[run_in_fork(session, items, mutant.number)] = mutant
        while self.running:
            self.wait_for_one()
        return True

    def wait_for_one(self) -> None:
        """Wait for one fork to end; if its tests passed, its mutant has survived."""
        child, status = os.wait()
        mutant = self.running.pop(child)
        if status == 0:
            print("SURVIVED", line_of(mutant))
            self.survivors.append(mutant)


def may_notice(item: pytest.Item, mutant: Mutant) -> bool:
    """Of the files that the fault's region names, what does not test the readable twin alone."""
    return item.nodeid.startswith(mutant.tests) and not READABLE.search(item.nodeid)


def run_items(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Run tests as pytest does, up to the first failure."""
    for item, next_item in zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
        if session.testsfailed:
            return


def run_in_fork(session: pytest.Session, items: list[pytest.Item], number: int) -> int:
    """Run tests with one fault active in a child; its process id. It ends with 0 if all pass."""
    from pybondd import _fast

    child = fork_silenced(CPU_LIMIT_S)
    if child:
        return child
    is_killed = True
    try:
        _fast.activate_mutant(number)
        run_items(session, items)
        is_killed = session.testsfailed > 0
    finally:
        # At once, whatever was raised: the temporary directory is the parent's to remove.
        os._exit(is_killed)


def run_all(mutants: list[Mutant], jobs: int) -> list[Mutant] | None:
    """The mutants that survived; None if the tests fail without a fault."""
    tests = dict.fromkeys(test for mutant in mutants for test in mutant.tests)
    seeding = Seeding(mutants, jobs)
    options = ["-q", "-s", "--no-header", "--assert=plain", "-p", "no:cacheprovider"]
    options += ["-p", "no:faulthandler", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}"]
    hypothesis.settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutants")
    code = pytest.main([*options, *(str(ROOT / test) for test in tests)], plugins=[seeding])
    return None if code else sorted(seeding.survivors, key=lambda mutant: mutant.number)


def line_of(mutant: Mutant) -> str:
    original, faulty = (" ".join(text.split()) for text in (mutant.original, mutant.faulty))
    return f"{mutant.file}:{mutant.line} {mutant.function}: {original}  ->  {faulty}"


if __name__ == "__main__":
    sys.exit(main())
