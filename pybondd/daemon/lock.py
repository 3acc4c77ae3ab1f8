"""May this process be the daemon of this bond?"""

import errno
import fcntl
import os
import time
from pathlib import Path

from pybondd.daemon.paths import BondPaths
from pybondd.daemon.refusal import CommandRefusedError, Refusal

WAIT_STEP_S = 0.01
"""How often a waiting command looks whether the daemon is gone: short against a person's notice."""
LOCK_ATTEMPTS = 5
"""A status command that just looks holds the lock for microseconds; five tries outlast it."""

DYING_ATTEMPTS = 500
"""Five seconds. Closing a TAP device and the tcx links waits for the kernel's readers: 20 to 100 ms
each on a busy machine."""


class BondLock:
    """Held while the daemon of a bond lives. The kernel releases it even after kill -9."""

    def __init__(self, paths: BondPaths) -> None:
        """Take the lock, write our process id.

        Raises CommandRefusedError if another has it or the run directory cannot be written.
        """
        self._path = paths.lock
        try:
            paths.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._descriptor = _locked(paths)
        except OSError as error:
            raise CommandRefusedError(_not_writable(paths, error)) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the name free. The file goes first, while nobody else can hold it."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _locked(paths: BondPaths) -> int:
    refuse_running(paths)
    for _ in range(LOCK_ATTEMPTS):
        descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if _try_lock(descriptor) and _is_still_named(descriptor, paths.lock):
            return descriptor
        os.close(descriptor)
        time.sleep(WAIT_STEP_S)
    raise CommandRefusedError(_already_running(paths))


def _is_still_named(descriptor: int, path: Path) -> bool:
    """A daemon that ends removes the file; a lock on the nameless rest protects nothing."""
    try:
        return os.stat(path).st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def holder_pid(path: Path) -> int | None:
    """Process id of the living daemon that holds this lock, or None if there is none.

    A killed daemon holds it until the kernel has closed its devices: that end is waited for.
    """
    for _ in range(DYING_ATTEMPTS):
        pid = _holder_now(path)
        if not pid or not _is_dying(pid):
            return pid
        time.sleep(WAIT_STEP_S)
    return pid


def _holder_now(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _try_lock(descriptor, fcntl.LOCK_SH):
            return None
        text = os.pread(descriptor, 32, 0).strip()
        return int(text) if text.isdigit() else 0
    finally:
        os.close(descriptor)


def _is_dying(pid: int) -> bool:
    """Whether the process has ended but for what the kernel still has to close."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in ("Z", "X")


def refuse_running(paths: BondPaths) -> None:
    """Raise CommandRefusedError if a daemon of this bond lives."""
    if holder_pid(paths.lock) is not None:
        raise CommandRefusedError(_already_running(paths))


def open_holder(path: Path) -> int | None:
    """A descriptor of the daemon's process that becomes readable when it ends; None if none."""
    pid = holder_pid(path)
    if not pid:
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _already_running(paths: BondPaths) -> Refusal:
    pid = holder_pid(paths.lock)
    return Refusal(
        f"{paths.bond} is already running" + (f" as process {pid}" if pid else ""),
        "one daemon answers for one bond name",
        f"look at it: pybondd status {paths.bond}   end it: pybondd down {paths.bond}",
        errno.EEXIST,
    )


def _not_writable(paths: BondPaths, error: OSError) -> Refusal:
    return Refusal(
        f"{paths.bond} cannot be started",
        f"the run directory {paths.directory} cannot be written: {error.strerror}",
        "run it by sudo, or let PYBONDD_RUN_DIR name a directory of yours",
        error.errno or 0,
    )
