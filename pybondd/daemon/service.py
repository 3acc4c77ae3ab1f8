"""The life of a daemon: from the lock to the last restored port."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from pybondd.daemon.api import Api
from pybondd.daemon.bring_up import bring_up, refuse_request
from pybondd.daemon.control_socket import ControlSocket
from pybondd.daemon.lock import BondLock
from pybondd.daemon.paths import BondPaths
from pybondd.daemon.precedence import control_goes_first
from pybondd.daemon.request import UpRequest
from pybondd.daemon.shapes import StatusJson

Ready: TypeAlias = Callable[[StatusJson, list[str]], None]
TITLE_SIZE_OCTETS = 15
"""Linux shows this much of a process's short name (TASK_COMM_LEN less the closing zero)."""


def serve(request: UpRequest, ready: Ready) -> None:
    """Bring a bond up, call `ready`, and run it until a signal or `down` ends it.

    Raises CommandRefusedError, with the host as it was, or when it could not be given back.
    """
    control_goes_first()
    asyncio.run(live(request, ready))


async def live(request: UpRequest, ready: Ready) -> None:
    """As serve, inside a running event loop."""
    paths = BondPaths.of(request.bond)
    refuse_request(request)
    lock = BondLock(paths)
    try:
        await _live_locked(request, paths, ready)
    finally:
        lock.release()
        # Callbacks tie bond, engine and watchers into rings. The packet path's buffers, 4 MB, hang
        # on one; waiting for a chance collection let 1000 lives in one process grow by 80 MB.
        gc.collect()


async def _live_locked(request: UpRequest, paths: BondPaths, ready: Ready) -> None:
    running, notes = bring_up(request, paths)
    control = ControlSocket(paths.socket, Api(running).application())
    try:
        with _ending_on_signals(running.ended):
            await control.open()
            ready(running.status(is_privileged=True), notes)
            await running.ended.wait()
    finally:
        running.recorder.end()
        # First the host, then the socket: whoever asked for `down` waits for its answer.
        try:
            running.shut_down()
        finally:
            await control.close()


@contextlib.contextmanager
def _ending_on_signals(ended: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, ended.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def show_title(bond: str) -> None:
    """Let `ps` and `top` show which bond this process is."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"pybondd-{bond}"[:TITLE_SIZE_OCTETS])
