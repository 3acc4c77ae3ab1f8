"""Is a port already in the hands of another pybondd?

An abstract Unix socket name is exclusive in its network namespace and freed when its owner dies,
also by SIGKILL. It needs no file and no cleaning.
"""

import errno
import socket

from pybondd.linux.errors import LinuxError, asking


def claim(ifindex: int) -> socket.socket:
    """Take a port for this process, until the socket closes. LinuxError(EBUSY) if it is taken."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        with asking(f"claim interface {ifindex}"):
            mark.bind(f"\0pybondd-port-{ifindex}")
    except LinuxError as error:
        mark.close()
        if error.errno == errno.EADDRINUSE:
            raise LinuxError(errno.EBUSY, f"claim interface {ifindex}") from error
        raise
    return mark


def is_claimed(ifindex: int) -> bool:
    """Does a living pybondd hold this interface as a port?"""
    try:
        claim(ifindex).close()
    except LinuxError as error:
        return error.errno == errno.EBUSY
    return False
