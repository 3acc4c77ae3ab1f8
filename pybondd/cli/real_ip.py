"""Where is the real `ip`, and how is it run?"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pybondd.daemon.refusal import CommandRefusedError, Refusal

MARK = "pybondd"
"""A script in which this word stands is ours, or calls us: handing over to it would never end."""
MARK_WITHIN_OCTETS = 4096
_ELSEWHERE = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
"""Looked at after PATH, which may be nearly empty in a script."""


def find() -> str:
    """The path of the first `ip` that is not ours. Raises CommandRefusedError."""
    for directory in [*os.environ.get("PATH", "").split(os.pathsep), *_ELSEWHERE]:
        path = Path(directory or ".", "ip")
        if os.access(path, os.X_OK) and path.is_file() and not is_ours(path):
            return str(path)
    what = "there is no ip to hand this to"
    raise CommandRefusedError(
        Refusal(what, "no directory in PATH has one, except pybondd's", "install iproute2")
    )


def is_ours(path: Path) -> bool:
    """Whether this is a script that `pybondd ip --install` wrote, or another that calls us."""
    try:
        with path.open("rb") as opened:
            beginning = opened.read(MARK_WITHIN_OCTETS)
    except OSError:
        return False
    return beginning.startswith(b"#!") and MARK.encode() in beginning


def become(arguments: Sequence[str]) -> NoReturn:
    """Go on as the real `ip` with these arguments; its output and exit code are ours."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(find(), ["ip", *arguments])


def run(arguments: Sequence[str]) -> int:
    """Run the real `ip`; its exit code. It writes where we write."""
    sys.stdout.flush()
    sys.stderr.flush()
    return subprocess.run(["ip", *arguments], executable=find(), check=False).returncode


def answer(arguments: Sequence[str]) -> tuple[int, str]:
    """Run the real `ip`; its exit code and what it wrote to standard output."""
    sys.stderr.flush()
    ended = subprocess.run(
        ["ip", *arguments], executable=find(), check=False, stdout=subprocess.PIPE
    )
    return ended.returncode, ended.stdout.decode(errors="surrogateescape")
