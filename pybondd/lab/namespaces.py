"""How does a story get a network of its own, that vanishes with it?

    caller ── keeper (new user, mount, network and process namespaces) ── storyteller, process 1

The storyteller is process 1 of its process namespace: when it ends, or the caller is killed, the
kernel ends every process in there, and with the last one the network, the mounts and the daemons
go. Nothing has to be cleaned up, so nothing can be forgotten.
"""

import copyreg
import ctypes
import errno
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from pybondd.lab.obstacles import facts_of_this_system, namespace_refusal, require_tun_device
from pybondd.refusal import RefusedError

Outcome = TypeVar("Outcome")

# linux/sched.h, linux/mount.h and linux/prctl.h; os.unshare and os.setns need Python 3.12.
CLONE_NEWNS = 0x0002_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000
MS_REC = 0x4000
MS_PRIVATE = 0x4_0000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _parts(refused: RefusedError) -> tuple[type[RefusedError], tuple[int, str, str, str]]:
    return RefusedError, (refused.code, refused.what, refused.why, refused.remedy)


# An exception is pickled by its message alone, which does not rebuild one with four arguments.
copyreg.pickle(RefusedError, _parts)


def in_private_network(story: Callable[[], Outcome]) -> Outcome:
    """Run `story` alone in a network of its own and return what it returns.

    Works as any user where user namespaces are allowed, and as root. The result must be a value
    that pickle knows. Raises what the story raises, and `RefusedError` when this system does not
    allow private networks.
    """
    sys.stdout.flush()  # or the children would print what waits in the buffer once more
    reader, writer = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(reader)
        _keep(story, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(keeper, 0)
    if not answer:
        raise RuntimeError(f"the private network ended without an answer (status {status})")
    outcome, error = pickle.loads(answer)  # written by our own child, over our own pipe
    if error is not None:
        raise error
    return outcome  # type: ignore[no-any-return]  # the pipe has forgotten the type


@dataclass(frozen=True, slots=True)
class NetworkNamespace:
    """A network namespace, kept alive by an open descriptor."""

    descriptor: int

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside the with block, sockets and new processes of this thread belong there."""
        home = _open_current()
        try:
            _call("setns", self.descriptor, CLONE_NEWNET)
            yield
        finally:
            _call("setns", home, CLONE_NEWNET)
            os.close(home)


def new_network_namespace() -> NetworkNamespace:
    """Make one more network namespace; this thread stays where it is."""
    home = _open_current()
    try:
        _call("unshare", CLONE_NEWNET)
        other = _open_current()
        _call("setns", home, CLONE_NEWNET)
    finally:
        os.close(home)
    return NetworkNamespace(other)


def _open_current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _keep(story: Callable[[], Outcome], writer: int) -> NoReturn:
    """Make the namespaces, run the storyteller as their process 1, wait for it."""
    try:
        _die_with_the_parent()
        _leave_the_shared_world()
        require_tun_device()
    except Exception as error:  # noqa: BLE001, RUF100  # every error goes to the caller
        _answer(writer, None, error)
        _end(1)
    storyteller = os.fork()
    if storyteller == 0:
        _tell(story, writer)
    os.close(writer)
    with suppress(KeyboardInterrupt):
        os.waitpid(storyteller, 0)
    _end(0)


def _tell(story: Callable[[], Outcome], writer: int) -> NoReturn:
    try:
        _die_with_the_parent()
        _private_mounts()
        outcome = story()
    except BaseException as error:  # noqa: BLE001, RUF100  # every error goes to the caller
        if isinstance(error, Exception) and not hasattr(error, "what"):
            traceback.print_exc()
        _answer(writer, None, error)
        _end(1)
    _answer(writer, outcome, None)
    _end(0)


def _answer(writer: int, outcome: object, error: BaseException | None) -> None:
    with os.fdopen(writer, "wb") as answers:
        pickle.dump((outcome, error), answers)


def _end(code: int) -> NoReturn:
    """Leave without running the caller's exit handlers a second time."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _leave_the_shared_world() -> None:
    """Unshare. Without root a user namespace comes first, in which this user is called root."""
    uid, gid = os.geteuid(), os.getegid()
    private = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID
    try:
        if uid == 0:
            _call("unshare", private)
            return
        _call("unshare", private | CLONE_NEWUSER)
        # A group map may only be written by somebody who gave up setgroups (user_namespaces(7)).
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
    except OSError as error:
        raise namespace_refusal(error.errno or errno.EPERM, facts_of_this_system()) from error


def _private_mounts() -> None:
    """An own /run for sockets and journals, and an own /proc where the container allows one."""
    try:
        _mount("none", "/", None, MS_REC | MS_PRIVATE)
        _mount("tmpfs", "/run", "tmpfs", 0)
    except OSError as error:
        raise namespace_refusal(error.errno or errno.EPERM, facts_of_this_system()) from error
    with suppress(OSError):  # a container that hides parts of /proc keeps the old one
        _mount("proc", "/proc", "proc", 0)


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    filesystem = None if kind is None else kind.encode()
    _call("mount", source.encode(), target.encode(), filesystem, ctypes.c_ulong(flags), None)


def _die_with_the_parent() -> None:
    _call("prctl", PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that returns 0. Raises `OSError` otherwise."""
    if getattr(_libc, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
