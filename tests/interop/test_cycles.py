"""Up and down, again and again: nothing may be left over.

PYBONDD_CYCLES says how often; 1000 takes about a quarter of an hour, the default half a minute.
"""

import asyncio
import gc
import os
from pathlib import Path

import pytest
from bonded import is_alive
from netns import eventually

from pybondd.daemon.request import UpRequest
from pybondd.daemon.service import live

pytestmark = [pytest.mark.root, pytest.mark.timeout(3600)]

CYCLES = int(os.environ.get("PYBONDD_CYCLES", "30"))
MAX_GROWTH_OCTETS = 5 * 1024 * 1024
REQUEST = UpRequest("bond0", (("mode", "1"), ("miimon", "100")), ("eth0", "eth1"))


def descriptors(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def resident_octets(pid: int | str = "self") -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def namespaces() -> int:
    """Network namespaces that any process stands in."""
    links = set()
    for path in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            links.add(os.readlink(path))
        except OSError:
            continue  # the process has ended meanwhile
    return len(links)


def test_cycles_of_up_and_down_by_command_leave_the_host_as_it_was(bonded):
    before, files, names = bonded.snapshot(), descriptors(), namespaces()
    for _ in range(max(1, CYCLES // 6)):
        bonded.done("up", "bond0", "--mode", "1", "eth0", "eth1")
        pid = bonded.status()["pybondd"]["pid"]
        bonded.done("down", "bond0")
        assert not is_alive(pid)
    assert bonded.returns_to(before)
    assert descriptors() == files
    assert namespaces() <= names
    left = {path.name for path in bonded.run_directory.iterdir()}
    # The log of so many lives is rotated once: that is its bound, not a leak.
    assert left - {"bond0.log.1"} == {"bond0.log", "proc"}


def test_cycles_of_the_service_in_one_process_leak_nothing(bonded, monkeypatch):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(bonded.run_directory))
    before = bonded.snapshot()
    with bonded.host.entered():
        for _ in range(5):
            cycle()
        files, tasks, octets = descriptors(), threads(), resident_octets()
        for _ in range(CYCLES):
            cycle()
        gc.collect()
        assert descriptors() == files
        assert threads() == tasks
        assert resident_octets() - octets < MAX_GROWTH_OCTETS
    assert bonded.returns_to(before)


def cycle() -> None:
    """One life of a daemon in this process: up, ready, down."""

    async def life() -> None:
        ready = asyncio.Event()
        serving = asyncio.create_task(live(REQUEST, lambda _status, _notes: ready.set()))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        os.kill(os.getpid(), 15)
        await serving

    asyncio.run(life())


def test_cycles_of_a_port_in_a_living_daemon_leak_nothing(bonded):
    pid = bonded.up("--mode", "active-backup")

    def leave_and_join() -> None:
        bonded.done("remove", "bond0", "eth1")
        bonded.done("add", "bond0", "eth1")

    for _ in range(3):
        leave_and_join()
    files, tasks, octets = descriptors(pid), threads(pid), resident_octets(pid)
    for _ in range(max(1, CYCLES // 6)):
        leave_and_join()
    assert eventually(lambda: descriptors(pid) == files)
    assert threads(pid) == tasks
    assert resident_octets(pid) - octets < MAX_GROWTH_OCTETS
