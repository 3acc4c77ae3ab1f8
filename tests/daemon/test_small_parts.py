"""Lock, proc file, data plane and names: the small parts of the daemon."""

import errno
import threading

import pytest

from pybondd.daemon.causes import cause_text
from pybondd.daemon.data_plane import DataPlane
from pybondd.daemon.lock import BondLock, holder_pid
from pybondd.daemon.not_built import refusal_of
from pybondd.daemon.paths import BondPaths
from pybondd.daemon.proc_file import ProcFile
from pybondd.daemon.refusal import CommandRefusedError, Exit
from pybondd.events import LinkChanged, OptionWritten
from pybondd.port import LinkFacts
from pybondd.state import BondState

# -- the lock


def test_a_second_daemon_of_the_same_bond_is_refused_and_told_the_first_ones_pid(tmp_path):
    import os

    paths = BondPaths(tmp_path, "bond0")
    first = BondLock(paths)
    with pytest.raises(CommandRefusedError) as raised:
        BondLock(paths)
    assert raised.value.refusal.errno == errno.EEXIST
    assert f"process {os.getpid()}" in raised.value.refusal.what
    first.release()
    assert holder_pid(paths.lock) is None
    BondLock(paths).release()
    assert not paths.lock.exists()


def test_a_lock_file_of_a_dead_daemon_is_no_obstacle(tmp_path):
    paths = BondPaths(tmp_path, "bond0")
    paths.lock.write_text("4711\n")
    assert holder_pid(paths.lock) is None
    BondLock(paths).release()


# -- names and paths


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a b", "a:b", "bond0123456789ab", "bönd012345678ä"]
)
def test_a_name_that_linux_would_refuse_is_refused_as_misuse(name):
    with pytest.raises(CommandRefusedError) as raised:
        BondPaths.of(name)
    assert raised.value.refusal.exit_code is Exit.USAGE


@pytest.mark.parametrize("name", ["bond0", "b", "bond0123456789a", "lag-1.2_x"])
def test_a_name_that_linux_takes_is_taken(name):
    assert BondPaths.of(name).socket.name == f"{name}.sock"


# -- the proc file


def test_the_proc_file_is_written_only_when_its_text_changes(tmp_path):
    path = tmp_path / "proc" / "bond0"
    proc = ProcFile(path)
    assert proc.write("one\n") is True
    assert proc.write("one\n") is False
    assert proc.write("two\n") is True
    assert path.read_text() == "two\n"
    assert [each.name for each in path.parent.iterdir()] == ["bond0"]
    proc.remove()
    assert not path.exists()


# -- what is not built


@pytest.mark.parametrize(
    ("name", "text", "is_refused"),
    [
        ("mode", "4", False),
        ("mode", "balance-alb", False),
        ("arp_interval", "100", True),
        ("arp_interval", "0", False),
        ("arp_interval", "off", False),
        ("ns_ip6_target", "+fe80::1", True),
        ("miimon", "100", False),
    ],
)
def test_only_what_is_not_built_is_refused_as_such(name, text, is_refused):
    assert (refusal_of(name, text) is not None) is is_refused


# -- causes


def test_a_cause_names_what_happened_in_words():
    state = BondState("bond0", bytes(6), 0)
    facts = LinkFacts(is_up=True, has_carrier=False)
    assert cause_text(state, LinkChanged(9, facts)) == "link of interface 9: up, no carrier"
    assert cause_text(state, OptionWritten("miimon", "1")) == "miimon='1' is written"
    assert len(cause_text(state, OptionWritten("miimon", "1" * 999))) == 240


# -- the data plane


class Pump:
    """Runs until it is stopped, or until it breaks."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.stopped = threading.Event()

    def run(self) -> None:
        if self.failure:
            raise self.failure
        self.stopped.wait(5)

    def stop(self) -> None:
        self.stopped.set()


def test_a_pump_that_was_asked_to_stop_is_not_reported_as_lost():
    lost = []
    plane = DataPlane(Pump(), "bond0", lost.append)
    plane.start()
    plane.stop()
    assert lost == []


def test_a_pump_that_was_never_started_can_be_stopped():
    DataPlane(Pump(), "bond0", lambda failure: None).stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_pump_that_breaks_is_reported_with_its_reason():
    lost = []
    failure = OSError(errno.EBADFD, "gone")
    plane = DataPlane(Pump(failure), "bond0", lost.append)
    plane.start()
    plane.stop()
    assert lost == [failure]
