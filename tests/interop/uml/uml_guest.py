"""User-mode Linux as a test's second machine: the real driver, with our own code beside it."""

import contextlib
import dataclasses
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pybondd.units

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
# Where this run's pybondd comes from, be it the source tree or an installed copy.
LIBRARY = Path(pybondd.units.__file__).resolve().parents[1]
MEMORY = "1G"  # a world with a daemon takes about 25 MB, and dozens stand at once
BOOT_LIMIT_S = 60
LIFE_LIMIT_S = 1800  # a guest that outlives every test run is a leak: `timeout` ends it
HALT_LIMIT_S = 15
PASSED_ON = ("PYBONDD_PURE", "PYBONDD_DATAPATH", "PYTHONDONTWRITEBYTECODE")
SCENARIOS = ("uml_scenarios", "uml_alb", "uml_lacp", "uml_lacp_shows")
OURS = (
    "daemon.service",
    "cli.main",
    *(f"cli.{verb}" for verb in ("up", "down", "add", "remove", "set", "status", "client")),
)
PROGRAMS = {
    "linux": "user-mode-linux",
    "modprobe": "kmod",
    "ip": "iproute2",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "timeout": "coreutils",
}


class GuestError(Exception):
    """The guest did not boot, died, or did not answer in time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What a command or script in the guest left behind."""

    rc: int
    stdout: str
    stderr: str

    def checked(self) -> "Result":
        """Itself, when it succeeded; AssertionError with its stderr when not."""
        assert self.rc == 0, f"exit code {self.rc}\n{self.stdout}\n{self.stderr}"
        return self


def why_not() -> str | None:
    """Why no guest can run here, or None when one can."""
    if os.geteuid() != 0:
        return "user-mode Linux with the host's files as its root needs root"
    if os.uname().machine != "x86_64":
        return "user-mode Linux is packaged for x86_64 only"
    missing = sorted({package for name, package in PROGRAMS.items() if not shutil.which(name)})
    return f"packages missing: {' '.join(missing)}" if missing else None


class Guest:
    """One running guest. Use as a context manager: it is halted when the block is left."""

    def __init__(self, exchange: Path) -> None:
        self._exchange = exchange
        self._count = 0
        self._pending = b""
        self._write_settings()
        self._log = (exchange / "boot.log").open("wb")
        self._process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
            cwd=exchange,
        )

    def __enter__(self) -> "Guest":
        try:
            self._wait_for("@ready", BOOT_LIMIT_S)
        except BaseException:
            self.halt()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.halt()

    def run(self, command: str, *, timeout_s: float = 30) -> Result:
        """A shell command inside; exit code 124 when it took longer than `timeout_s`."""
        return self._ask({"shell": command, "timeout_s": timeout_s})

    def python(self, source: str, *, timeout_s: float = 30) -> Result:
        """Python source inside, in the interpreter and environment of this test run."""
        return self._ask({"python": source, "timeout_s": timeout_s})

    def call(self, function: str, *, timeout_s: float = 60, **arguments: object) -> object:
        """What `module.function(**arguments)` returned inside; both ways must be JSON."""
        module, name = function.rsplit(".", 1)
        source = (
            "import json, pathlib, sys\n"
            f"import {module}\n"
            f"found = {module}.{name}(**json.loads({json.dumps(json.dumps(arguments))}))\n"
            "sys.stdout.write('\\n' + json.dumps(found))\n"
        )
        return json.loads(
            self.python(source, timeout_s=timeout_s).checked().stdout.splitlines()[-1]
        )

    def halt(self) -> None:
        """Powers the guest off; kills it if it does not obey. Safe to repeat."""
        with contextlib.suppress(OSError):
            self._process.stdin.write(b"end\n")
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(HALT_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _ask(self, request: dict[str, object]) -> Result:
        self._count += 1
        number = str(self._count)
        (self._exchange / f"{number}.request").write_text(json.dumps(request))
        try:
            self._process.stdin.write(f"{number}\n".encode())
        except BrokenPipeError:
            raise GuestError(self._last_words("the guest is gone")) from None
        self._wait_for(f"@done {number}", float(request["timeout_s"]) + 15)
        rc, stdout, stderr = (
            (self._exchange / f"{number}.{part}").read_text(errors="replace")
            for part in ("rc", "stdout", "stderr")
        )
        return Result(int(rc), stdout, stderr)

    def _wait_for(self, wanted: str, limit_s: float) -> None:
        """Reads the line until `wanted` comes; whatever else stands there is not for us."""
        end = time.monotonic() + limit_s
        while (left_s := end - time.monotonic()) > 0:
            *lines, self._pending = self._pending.split(b"\n")
            if wanted in [line.strip().decode(errors="replace") for line in lines]:
                return
            if not select.select([self._process.stdout], [], [], left_s)[0]:
                break
            octets = os.read(self._process.stdout.fileno(), 65536)
            if not octets:
                raise GuestError(self._last_words("the guest ended"))
            self._pending += octets
        raise GuestError(self._last_words(f"no {wanted!r} within {limit_s} s"))

    def _last_words(self, what: str) -> str:
        log = (self._exchange / "boot.log").read_text(errors="replace")
        return f"{what}\n{log[-2000:]}"

    def _write_settings(self) -> None:
        hidden = {PROJECT, LIBRARY, Path(sys.prefix), Path(sys.base_prefix)}
        settings = {
            "import_from": [str(HERE), str(LIBRARY)],
            # Loaded once, before the fork for each request: loading takes its time here.
            "preload": [*SCENARIOS, *(f"pybondd.{name}" for name in OURS)],
            # The guest has its own /tmp: what we need from the host's must be put there again.
            "keep": sorted(str(path) for path in hidden if path.is_relative_to("/tmp")),
            "environment": {
                "PYTHONPATH": str(LIBRARY),
                **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            },
        }
        (self._exchange / "settings.json").write_text(json.dumps(settings))
        init = self._exchange / "init"
        agent = HERE / "uml_agent.py"
        init.write_text(f"#!/bin/sh\nexec {sys.executable} {agent} {self._exchange}\n")
        init.chmod(0o755)

    def _command(self) -> list[str]:
        """The guest in a process namespace of its own that dies with us, however we end."""
        init = self._exchange / "init"
        cage = "setpriv --pdeathsig KILL unshare --pid --fork --kill-child=KILL --mount-proc"
        linux = f"linux mem={MEMORY} rootfstype=hostfs rootflags=/ rw init={init}"
        line = "con=null con0=null,fd:2 ssl=null ssl0=fd:0,fd:1 quiet"
        return f"{cage} timeout -k 5 {LIFE_LIMIT_S} {linux} {line}".split()
