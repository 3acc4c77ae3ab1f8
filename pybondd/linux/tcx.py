"""Drop all that the host's stack would get from an interface, as long as a descriptor is open."""

import ctypes
import errno
import os
import platform
import struct

from pybondd.linux.errors import LinuxError

_SYSTEM_CALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361, "s390x": 351}
"""The number of bpf(2); it has no wrapper in the C library."""

# Numbers of Linux uapi bpf.h.
_PROGRAM_LOAD = 5
_LINK_CREATE = 28
_SCHED_CLS = 3
_TCX_INGRESS = 46
_BEFORE = 1 << 3
"""BPF_F_BEFORE without a relative: first of all programs, so that none lets a frame pass."""
_TCX_DROP = 2

_PROGRAM = struct.pack("=BBhi", 0xB7, 0, 0, _TCX_DROP) + struct.pack("=BBhi", 0x95, 0, 0, 0)
"""r0 = TCX_DROP; exit."""
_LICENCE = b"GPL\0"
_NAME = b"pybondd_deaf"


def hold(ifindex: int) -> int:
    """Make the host deaf to this interface; the descriptor returned undoes it when closed.

    Packet sockets see each frame before this point of the path. Raises LinuxError where the kernel
    has no tcx (before 6.6: EINVAL) or the caller has no CAP_BPF and CAP_NET_ADMIN (EPERM).
    """
    program = _load()
    try:
        request = struct.pack("=IIIIIIQ", program, ifindex, _TCX_INGRESS, _BEFORE, 0, 0, 0)
        return _bpf(_LINK_CREATE, request, f"attach a tcx program to interface {ifindex}")
    finally:
        os.close(program)


def _load() -> int:
    program = ctypes.create_string_buffer(_PROGRAM, len(_PROGRAM))
    licence = ctypes.create_string_buffer(_LICENCE)
    request = struct.pack(
        "=IIQQIIQII16s",
        _SCHED_CLS,
        len(_PROGRAM) // 8,
        ctypes.addressof(program),
        ctypes.addressof(licence),
        0,
        0,
        0,
        0,
        0,
        _NAME,
    )
    return _bpf(_PROGRAM_LOAD, request, "load a BPF program")


def _bpf(command: int, request: bytes, what: str) -> int:
    number = _SYSTEM_CALL.get(platform.machine())
    if number is None:
        raise LinuxError(errno.ENOSYS, what)
    library = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(request, len(request))
    descriptor: int = library.syscall(
        ctypes.c_long(number), ctypes.c_int(command), buffer, ctypes.c_uint(len(request))
    )
    if descriptor < 0:
        raise LinuxError(ctypes.get_errno(), what)
    return descriptor
