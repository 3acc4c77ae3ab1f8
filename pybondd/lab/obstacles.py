"""What stands in the way of a private network here, and what can a person do about it?

The questions to the system are in `facts_of_this_system`; the judgement is pure, so it is tested.
"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from pybondd.refusal import RefusedError

TUN_DEVICE = "/dev/net/tun"
WHAT = "the lab cannot make a private network"


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """What this system says about user namespaces. None is "the system does not know this word".

    `seccomp_mode` as in /proc/self/status: 0 off, 2 a filter is installed (containers).
    """

    is_root: bool
    apparmor_restricts: bool
    user_namespaces_max: int | None
    unprivileged_clone_allowed: bool | None
    seccomp_mode: int


def facts_of_this_system() -> SystemFacts:
    """Read the switches that decide whether a user may make namespaces."""
    maximum = _number_in("/proc/sys/user/max_user_namespaces")
    clone = _number_in("/proc/sys/kernel/unprivileged_userns_clone")
    apparmor = _number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    return SystemFacts(
        is_root=os.geteuid() == 0,
        apparmor_restricts=apparmor == 1,
        user_namespaces_max=maximum,
        unprivileged_clone_allowed=None if clone is None else clone == 1,
        seccomp_mode=_seccomp_mode(),
    )


def namespace_refusal(code: int, facts: SystemFacts) -> RefusedError:
    """Say why making namespaces failed with errno `code`, the most specific reason first."""
    why, remedy = _reason(code, facts)
    return RefusedError(code, WHAT, why, remedy)


def require_tun_device(path: str = TUN_DEVICE) -> None:
    """Refuse, with the reason, when the TAP device cannot be opened by this user.

    Raises `RefusedError`: ENOENT without the device node, EACCES without the right, else as met.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        code = error.errno or errno.EIO
        raise RefusedError(code, f"the lab cannot open {path}", *_tun_reason(code, path)) from error
    os.close(descriptor)


def _tun_reason(code: int, path: str) -> tuple[str, str]:
    if code == errno.ENOENT:
        return (
            "the device node does not exist",
            f"sudo modprobe tun   (in a container: start it with --device {path})",
        )
    if code in (errno.EACCES, errno.EPERM):
        return (
            "its mode does not let this user in (systemd's udev rule makes it 0666)",
            f"sudo pybondd lab   or   sudo chmod 0666 {path}",
        )
    return os.strerror(code), "sudo modprobe tun"


def _reason(code: int, facts: SystemFacts) -> tuple[str, str]:
    if facts.is_root:
        return (
            f"root without CAP_SYS_ADMIN ({os.strerror(code)})",
            "in a container: start it with --cap-add SYS_ADMIN --cap-add NET_ADMIN "
            f"--security-opt seccomp=unconfined --device {TUN_DEVICE}",
        )
    if facts.apparmor_restricts:
        return (
            "AppArmor forbids user namespaces (kernel.apparmor_restrict_unprivileged_userns=1)",
            "sudo pybondd lab   or   sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        )
    if facts.unprivileged_clone_allowed is False:
        return (
            "user namespaces are for root only (kernel.unprivileged_userns_clone=0)",
            "sudo pybondd lab   or   sudo sysctl kernel.unprivileged_userns_clone=1",
        )
    if code == errno.ENOSPC or facts.user_namespaces_max == 0:
        return (
            f"no user namespace is left (user.max_user_namespaces={facts.user_namespaces_max})",
            "sudo pybondd lab   or   sudo sysctl user.max_user_namespaces=1000",
        )
    if facts.seccomp_mode == 2:
        return (
            "a seccomp filter forbids unshare, as containers do by default",
            "start the container with --security-opt seccomp=unconfined",
        )
    return os.strerror(code), "sudo pybondd lab"


def _number_in(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _seccomp_mode() -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Seccomp:")), 0)
