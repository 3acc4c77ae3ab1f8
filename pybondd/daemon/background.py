"""How does a daemon leave the terminal, and how does the terminal learn what became of it?

The command starts `python -m pybondd.daemon` in a session of its own and reads one line of JSON
from a pipe: ready with a status, or refused with the reasons. Until then the daemon keeps the
terminal as its standard error, so that nothing it says at the start is lost.
"""

import json
import os
import select
import subprocess
import sys
from typing import TypedDict

from pybondd.daemon.paths import BondPaths
from pybondd.daemon.refusal import CommandRefusedError, Refusal, RefusalJson
from pybondd.daemon.request import UpRequest
from pybondd.daemon.shapes import StatusJson

READY_TIMEOUT_S = 60.0
"""A daemon that has not spoken by then hangs. 255 ports joined in under 10 s."""
READ_SIZE_OCTETS = 65536


class Announcement(TypedDict, total=False):
    """What the daemon writes to the pipe, once."""

    ready: StatusJson
    notes: list[str]
    refused: RefusalJson


def start(request: UpRequest) -> Announcement:
    """Start the daemon and wait until it is ready. Raises CommandRefusedError if it refuses."""
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            arguments(request, ready_descriptor=writer),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(writer,),
            start_new_session=True,
            cwd="/",
            env=_environment(),
        )
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = _read_line(pipe.fileno())
    if not text:
        raise CommandRefusedError(_said_nothing(request.bond, process))
    announcement: Announcement = json.loads(text)
    if "refused" in announcement:
        process.wait()
        raise CommandRefusedError(Refusal.from_json(announcement["refused"]))
    return announcement


def arguments(request: UpRequest, *, ready_descriptor: int) -> list[str]:
    """The command line of the daemon; also what `ps` shows of it."""
    options = [f"--option={name}={text}" for name, text in request.options]
    cut = ["--may-cut-default-route"] if request.may_cut_default_route else []
    return [
        sys.executable,
        "-m",
        "pybondd.daemon",
        f"--ready-descriptor={ready_descriptor}",
        *cut,
        *(["--stays-down"] if request.stays_down else []),
        *options,
        "--",
        request.bond,
        *request.ports,
    ]


def announce(descriptor: int, announcement: Announcement) -> None:
    """In the daemon: tell the command, then let go of the pipe and of the terminal."""
    os.write(descriptor, json.dumps(announcement).encode() + b"\n")
    os.close(descriptor)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)


def _environment() -> dict[str, str]:
    """Our own, with the place this package came from: the daemon starts in /, not here."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    search = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(search)}


def _read_line(descriptor: int) -> bytes:
    """All that is written until the daemon closes its end, or nothing after the timeout."""
    received = b""
    while select.select([descriptor], [], [], READY_TIMEOUT_S)[0]:
        piece = os.read(descriptor, READ_SIZE_OCTETS)
        if not piece:
            return received
        received += piece
    return b""


def _said_nothing(bond: str, process: "subprocess.Popen[bytes]") -> Refusal:
    code = process.poll()
    return Refusal(
        f"{bond} did not start",
        "the daemon says nothing" if code is None else f"the daemon ended with code {code}",
        f"start it in the foreground with -f to see more; its log: {BondPaths.of(bond).log}",
    )
