"""How are the lab's own processes started and ended? They end when their stdin closes."""

import json
import subprocess
from contextlib import nullcontext
from typing import Any

from pybondd.lab.bonds import environment, python_module
from pybondd.lab.failure import LabFailedError
from pybondd.lab.namespaces import NetworkNamespace

CHILD_TIMEOUT_S = 5


def child(
    module: str,
    arguments: list[str],
    *,
    where: NetworkNamespace | None = None,
    keep: int | None = None,
) -> subprocess.Popen[str]:
    """Start a module of ours; `keep` is a descriptor that it shall inherit."""
    with where.entered() if where else nullcontext():
        return subprocess.Popen(
            [*python_module(module), *arguments],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=() if keep is None else (keep,),
            text=True,
            # Ctrl-C is for the storyteller: when it ends, so do they, without a word.
            start_new_session=True,
        )


def first_line(process: subprocess.Popen[str]) -> str:
    """Wait until a child has begun. Raises `LabFailedError` if it ends instead."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        why = f"{process.args!r} ended at once"
        raise LabFailedError("a part of the lab does not start", why, "see the lines above")
    return line


def end(process: subprocess.Popen[str]) -> list[Any]:  # Any: each has rows of its own
    """Let a child finish, and take the rows that it has noted."""
    answer, _ = process.communicate(timeout=CHILD_TIMEOUT_S)
    rows: list[Any] = json.loads(answer)
    return rows


def rest(process: subprocess.Popen[str]) -> list[Any]:  # Any: as above
    """Wait until a child has finished by itself, and take the rows that it has noted."""
    assert process.stdout is not None
    rows: list[Any] = json.loads(process.stdout.read())
    return rows
