"""How does a lab run the real program? As a person would: by its commands, in a namespace."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # what comes out of JSON

from pybondd.lab.failure import LabFailedError
from pybondd.lab.namespaces import NetworkNamespace
from pybondd.lab.recording import BondWord

COMMAND_TIMEOUT_S = 8
"""A command that takes longer hangs; `up` takes well under a second, and a lab may take 15."""
BOND = "bond0"
EVENTS_MAX = 500
REPORT_IT = "this should not happen in a private network: please report it with these lines"
REFUSAL_LINES = 3
"""Every refusal of pybondd is what, why, what to do; a traceback ends with its reason."""

SOURCE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class BondHost:
    """One side's pybondd. `namespace` is None for the side we are on ourselves."""

    run_directory: Path
    namespace: NetworkNamespace | None = None

    def up(self, mode: str, ports: Sequence[str], options: Sequence[str]) -> str:
        """Bring the bond up; returns what the command said. Raises `LabFailedError`."""
        return self.run("up", BOND, "--mode", mode, *options, *ports)

    def words(self) -> tuple[BondWord, ...]:
        """What the daemon's event log reports so far, oldest first."""
        lines = self.run("events", BOND, "--json", "--lines", str(EVENTS_MAX)).splitlines()
        entries = [json.loads(line) for line in lines]
        return tuple(
            BondWord(int(entry["monotonic_ns"]), str(report["port"]), str(report["text"]))
            for entry in entries
            for report in entry["reports"]
        )

    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        status: dict[str, Any] = json.loads(self.run("status", BOND, "--json"))
        return status

    def run(self, *arguments: str) -> str:
        """Run one pybondd command here and return its output. Raises `LabFailedError`."""
        command = [*python_module("pybondd"), *arguments]
        shown = "pybondd " + " ".join(arguments)
        with self.namespace.entered() if self.namespace else nullcontext():
            try:
                done = subprocess.run(
                    command,
                    env=environment(PYBONDD_RUN_DIR=str(self.run_directory), NO_COLOR="1"),
                    capture_output=True,
                    text=True,
                    timeout=COMMAND_TIMEOUT_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as late:
                why = f"no answer within {COMMAND_TIMEOUT_S} s"
                raise LabFailedError(f"'{shown}' hangs", why, "try it once more") from late
        if done.returncode != 0:
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            why = "; ".join(said[-REFUSAL_LINES:]) or f"exit code {done.returncode}"
            raise LabFailedError(f"'{shown}' was refused", why, REPORT_IT)
        return done.stdout


def python_module(name: str) -> list[str]:
    """The start of a command line that runs a module of this program with this interpreter."""
    return [sys.executable, "-P", "-m", name]


def environment(**more: str) -> dict[str, str]:
    """Our environment, in which children import this very program wherever they are started."""
    path = os.pathsep.join(filter(None, [str(SOURCE_ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, **more}
