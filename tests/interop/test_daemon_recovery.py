"""kill -9 at any time: `recover` gives the host back, and so does the next `up`."""

import os
import signal
import subprocess
import time

import pytest
from bonded import is_alive
from netns import eventually

pytestmark = pytest.mark.root

DELAYS_MS = (60, 120, 180, 240, 300, 360, 450, 600)
"""Moments of a start, which takes 0.3 to 0.6 s: before, during and after its changes."""


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(pid))


@pytest.mark.parametrize("fail_over_mac", ["none", "active", "follow"])
def test_after_kill_recover_gives_everything_back(bonded, fail_over_mac):
    before = bonded.snapshot()
    kill(bonded.up("--mode", "active-backup", "--fail-over-mac", fail_over_mac))
    assert bonded.snapshot() != before
    assert "bond0: eth0" in bonded.done("recover", "bond0")
    assert bonded.returns_to(before)
    assert {path.name for path in bonded.run_directory.iterdir()} == {"bond0.log", "proc"}
    assert bonded.done("recover") == "nothing to undo\n"


def test_after_kill_the_next_up_works_and_its_down_gives_everything_back(bonded):
    bonded.bridge()
    before = bonded.snapshot()
    kill(bonded.up("--mode", "active-backup"))
    told = bonded.done("up", "bond0", "--mode", "balance-rr", "eth0", "eth1")
    assert "left behind by a killed daemon, undone: eth0" in told
    assert [port["ifname"] for port in bonded.status()["ports"]] == ["eth0", "eth1"]
    bonded.done("down", "bond0")
    assert bonded.returns_to(before)


def test_after_kill_down_cleans_up_and_says_that_nothing_ran(bonded):
    before = bonded.snapshot()
    kill(bonded.up("--mode", "active-backup"))
    ended = bonded.call("down", "bond0")
    assert ended.returncode == 3
    assert "undone" in ended.stdout
    assert bonded.returns_to(before)


def test_a_dead_daemons_socket_answers_as_not_running(bonded):
    kill(bonded.up("--mode", "active-backup"))
    assert (bonded.run_directory / "bond0.sock").exists()
    ended = bonded.call("status", "bond0")
    assert ended.returncode == 3
    assert "no bond named bond0 is running" in ended.stderr


@pytest.mark.parametrize("delay_ms", DELAYS_MS)
def test_a_start_killed_at_any_moment_is_undone(bonded, delay_ms):
    before = bonded.snapshot()
    starting = bonded.host.start(
        *bonded.words("up", "bond0", "-f", "--mode", "1", "eth0", "eth1")[2:],
        env=bonded.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay_ms / 1000)
    starting.kill()
    starting.wait()
    bonded.done("recover", "bond0")
    assert bonded.returns_to(before)


@pytest.mark.parametrize("delay_ms", [1, 5, 10, 20, 40])
def test_an_end_killed_at_any_moment_is_undone(bonded, delay_ms):
    before = bonded.snapshot()
    pid = bonded.up("--mode", "active-backup")
    os.kill(pid, signal.SIGTERM)
    time.sleep(delay_ms / 1000)
    if is_alive(pid):
        kill(pid)
    bonded.done("recover", "bond0")
    assert bonded.returns_to(before)


def test_recover_leaves_a_running_bond_alone_and_cleans_the_dead_one(bonded):
    bonded.done("up", "bond0", "eth0")
    bonded.done("up", "bond1", "eth1")
    kill(bonded.status("bond1")["pybondd"]["pid"])
    told = bonded.done("recover")
    assert "bond1: eth1" in told
    assert "bond0" not in told
    assert [port["ifname"] for port in bonded.status("bond0")["ports"]] == ["eth0"]
