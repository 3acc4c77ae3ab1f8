"""Each example runs as its first lines say, without privileges, and stays short."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES_MAX = 60
WORDS = {
    "hash_flows": "layer3+4",
    "failover_in_virtual_time": "10000 pings",
    "a_bond_without_a_network": "making interface the new active one",
    "draw_a_failover": "✗ lost",
    "two_lacp_systems": "ATGSCD-- ATGSCD--  |  ATGSCD-- ATGSCD--",
}
"""Something that each example must have printed."""
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path), *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_known_here() -> None:
    assert {path.stem for path in EXAMPLES} == set(WORDS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_and_says_what_it_shows(path: Path) -> None:
    assert WORDS[path.stem] in run(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_fits_on_a_page(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LINES_MAX


def test_a_failover_in_virtual_time_loses_at_most_ten_of_ten_thousand_pings() -> None:
    summary = run(ROOT / "examples" / "failover_in_virtual_time.py").splitlines()[-1]
    lost = int(summary.split(",")[1].split()[0])
    assert lost <= 10


def test_flows_between_two_hosts_spread_only_by_their_ports() -> None:
    rows = [line.split()[3:] for line in run(ROOT / "examples" / "hash_flows.py").splitlines()[1:9]]
    columns = [set(column) for column in zip(*rows, strict=True)]
    assert [len(column) for column in columns] == [1, 1, 2, 1, 2, 1]
