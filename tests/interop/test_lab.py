"""The labs as a newcomer runs them: the real command, real interfaces, a private network."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT_S = 15
NOBODY = 65534
NAMES = ("failover", "rr", "xor", "broadcast", "lacp", "tlb", "alb")

needs_root = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="this way into a private network needs root"),
]
pytestmark = pytest.mark.timeout(60)


def lab(
    *arguments: str,
    where: Path,
    command: tuple[str, ...] = (sys.executable,),
    source: str = str(ROOT),
) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run `pybondd lab` in a directory; the result and how long it took in seconds.

    Without the preparations: those start a dozen processes, which takes what the machine gives.
    """
    began = time.monotonic()
    done = subprocess.run(
        [*command, "-m", "pybondd", "lab", *arguments],
        cwd=where,
        env={**os.environ, "PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=3 * TIME_LIMIT_S,
        check=False,
    )
    took_s = time.monotonic() - began
    prepared = re.search(r"^ready after ([\d.]+) s", done.stdout, re.MULTILINE)
    return done, took_s - float(prepared[1]) if prepared else took_s


def result_numbers(output: str) -> list[float]:
    line = next(line for line in output.splitlines() if line.startswith("result:"))
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line)]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind():
    before = interfaces(), daemons()
    yield
    assert (interfaces(), daemons()) == before


def interfaces() -> set[str]:
    return set(os.listdir("/sys/class/net"))


def daemons() -> set[str]:
    """Control sockets of this host: the lab's own ones lie in its private /run."""
    return {path.name for path in Path("/run").glob("pybondd*/*.sock")}


class TestAsRoot:
    pytestmark = needs_root

    @pytest.mark.parametrize("name", NAMES)
    def test_the_lab_ends_in_time_with_its_story_told(self, name: str, tmp_path: Path) -> None:
        done, seconds = lab(name, where=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert seconds < TIME_LIMIT_S
        assert "try next:" in done.stdout
        picture = tmp_path / f"pybondd-{name}.svg"
        assert ElementTree.parse(picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"

    def test_a_failover_is_measured_with_more_than_a_thousand_probes(self, tmp_path: Path) -> None:
        """Best of three: whatever else runs on this machine may hold up the bond for a while."""
        losses_at_cut = []
        for _ in range(3):
            done, _ = lab("failover", where=tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
            lost, probes, lost_at_repair, *_ = result_numbers(done.stdout)
            assert probes > 1000
            assert lost_at_repair == 0
            losses_at_cut.append(lost)
            if lost <= 10:
                break
        assert min(losses_at_cut) <= 10

    def test_without_a_second_cable_the_lab_says_that_it_failed(self, tmp_path: Path) -> None:
        done, seconds = lab("failover", "--cables", "1", where=tmp_path)
        assert done.returncode == 1
        assert seconds < TIME_LIMIT_S
        assert "FAILED" in done.stdout
        assert "no probe took another cable after the cut" in done.stdout
        lost, probes, *_ = result_numbers(done.stdout)
        # The cable is out for one of three seconds and nothing replaces it; of the probes sent
        # meanwhile the host keeps some 260 and delivers them when the cable is back.
        assert lost >= probes / 10

    def test_without_a_second_honest_partner_there_is_nothing_to_aggregate(
        self, tmp_path: Path
    ) -> None:
        """The only honest cable is cut: what is sent meanwhile must not go to the liar."""
        done, _ = lab("lacp", "--cables", "1", where=tmp_path)
        assert done.returncode == 1
        assert "were lost at the cut" in done.stdout
        assert "; 0 sent to the liar" in done.stdout

    @pytest.mark.parametrize("name", ["broadcast", "alb"])
    def test_without_the_cable_that_it_cuts_the_lab_says_that_it_failed(
        self, name: str, tmp_path: Path
    ) -> None:
        done, _ = lab(name, "--cables", "1", where=tmp_path)
        assert done.returncode == 1
        assert "there is no cable of eth1 to be cut" in done.stdout
        assert done.stderr == ""

    def test_without_a_monitor_the_cut_goes_unnoticed_and_the_lab_says_so(
        self, tmp_path: Path
    ) -> None:
        done, _ = lab("failover", "--miimon", "0", where=tmp_path)
        assert done.returncode == 1
        assert "no probe took another cable after the cut" in done.stdout

    def test_the_picture_goes_where_it_is_wanted(self, tmp_path: Path) -> None:
        wanted = tmp_path / "deep.svg"
        done, _ = lab("rr", "--output", str(wanted), where=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert wanted.exists()
        assert not (tmp_path / "pybondd-rr.svg").exists()

    def test_a_place_that_cannot_be_written_is_refused_at_once(self, tmp_path: Path) -> None:
        done, _ = lab("rr", "--output", "nowhere/lab.svg", where=tmp_path)
        assert done.returncode == 1
        assert "the picture cannot be saved as nowhere/lab.svg" in done.stderr
        assert done.stdout == ""

    def test_a_killed_lab_takes_its_daemons_with_it(self, tmp_path: Path) -> None:
        with running_lab("failover", tmp_path) as process:
            process.kill()
            process.wait()
        assert is_deserted(tmp_path)

    def test_control_c_ends_a_lab_and_all_that_belongs_to_it_without_a_word(
        self, tmp_path: Path
    ) -> None:
        with running_lab("alb", tmp_path) as process:
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=TIME_LIMIT_S)
        assert process.returncode == 130
        assert errors.strip() == ""
        assert is_deserted(tmp_path)


@contextmanager
def running_lab(name: str, where: Path) -> Iterator[subprocess.Popen[str]]:
    """A lab whose bond is ready, in a process group of its own as a shell would start it."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "pybondd", "lab", name],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as process:
        assert process.stdout is not None
        while "ready after" not in (line := process.stdout.readline()):
            assert line, "the lab ended before its bond was ready"
        assert processes_in(where)
        yield process


def is_deserted(directory: Path) -> bool:
    """Whether nobody works in this directory any more, after three seconds at the latest."""
    deadline = time.monotonic() + 3
    while processes_in(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not processes_in(directory)


OWN_DEVICE = """
mount -t tmpfs none /dev/net && mknod /dev/net/tun c 10 200 && chmod "$1" /dev/net/tun && shift
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"""
"""Becomes nobody, with a /dev/net/tun of its own mode in a mount namespace of its own, so that the
host's device stays as it is."""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A copy of the program and what it needs, in a place of nobody's own.

    Not below pytest's own folders: those are closed to others, and pytest insists on it.
    """
    with tempfile.TemporaryDirectory(prefix="pybondd-nobody-") as name:
        home = Path(name)
        heavy = ("__pycache__", "*.c", "mypy*", "scapy*", "Cython*", "pip*")
        left_out = shutil.ignore_patterns(*heavy)
        shutil.copytree(ROOT / "pybondd", home / "pybondd", ignore=left_out)
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        shutil.copytree(packages, home / "packages", ignore=left_out)
        home.chmod(0o755)
        os.chown(home, NOBODY, NOBODY)
        yield home


class TestAsNobody:
    pytestmark = needs_root

    def run(self, home: Path, mode: str) -> tuple[subprocess.CompletedProcess[str], float]:
        command = ("unshare", "-m", "sh", "-c", OWN_DEVICE, "sh", mode, python_for_nobody())
        return lab("failover", where=home, command=command, source=f"{home}:{home}/packages")

    def test_the_lab_needs_no_root(self, home: Path) -> None:
        done, seconds = self.run(home, "0666")
        if "user namespaces" in done.stderr or "seccomp" in done.stderr:
            pytest.skip(done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "no root needed" in done.stdout
        assert seconds < TIME_LIMIT_S

    def test_a_closed_tun_device_is_named_with_its_remedy(self, home: Path) -> None:
        done, _ = self.run(home, "0600")
        assert done.returncode == 4
        assert "cannot open /dev/net/tun" in done.stderr
        assert "sudo pybondd lab" in done.stderr


def python_for_nobody() -> str:
    """A Python of our version outside of anybody's home; our own may lie in root's."""
    ours = f"python3.{sys.version_info.minor}"
    for candidate in (
        os.path.realpath(sys.executable),
        f"/usr/bin/{ours}",
        f"/usr/local/bin/{ours}",
    ):
        if os.path.exists(candidate) and not candidate.startswith("/root"):
            return candidate
    pytest.skip(f"nobody may run no {ours} here")


def processes_in(directory: Path) -> list[str]:
    """Processes whose working directory this is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd") == str(directory):
                found.append(process.name)
        except OSError:
            continue
    return found
