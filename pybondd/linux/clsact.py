"""Drop all that the host's stack would get from an interface, by a tc filter that stays.

What is made here survives the process, so a journal must know of it before it is made.
"""

import errno
import socket
import struct

from pybondd.linux.attributes import attribute, nested, number, parse, text
from pybondd.linux.errors import LinuxError
from pybondd.linux.netlink import Route
from pybondd.linux.rtnetlink import CREATE, EXCLUSIVE

_HEADER = struct.Struct("=BxxxiIII")
"""struct tcmsg: family, interface, handle, parent, (priority << 16 | protocol)."""

# Numbers of Linux uapi rtnetlink.h and pkt_sched.h.
_NEW_QDISC, _DELETE_QDISC, _GET_QDISC = 36, 37, 38
_NEW_FILTER, _DELETE_FILTER, _GET_FILTER = 44, 45, 46
_CLSACT_PARENT = 0xFFFFFFF1
_CLSACT_HANDLE = 0xFFFF0000
_INGRESS = 0xFFFFFFF2
_EGRESS = 0xFFFFFFF3
_KIND = 1
_OPTIONS = 2
_BPF_INSTRUCTION_COUNT = 4
_BPF_INSTRUCTIONS = 5
_BPF_FLAGS = 8
_DIRECT_ACTION = 1

_PRIORITY = 1
"""Asked first, so that no other filter lets a frame pass."""
_HANDLE = 0x7062
"""Our filter among those of one priority ("pb")."""
_RETURN_SHOT = struct.pack("=HBBI", 0x06, 0, 0, 2)
"""Classic BPF: return TC_ACT_SHOT."""
_EVERY_PROTOCOL = socket.htons(3)
_PLACE = _PRIORITY << 16 | _EVERY_PROTOCOL


def is_present(route: Route, ifindex: int) -> bool:
    """Does the interface have a clsact or ingress qdisc, ours or another's?"""
    question = _HEADER.pack(0, ifindex, 0, 0, 0)
    answers = route.netlink.dump(_GET_QDISC, question, f"list the qdiscs of interface {ifindex}")
    for _, body in answers:
        _, found, handle, _, _ = _HEADER.unpack_from(body)
        if found == ifindex and handle == _CLSACT_HANDLE:
            return True
    return False


def add(route: Route, ifindex: int, *, had_qdisc: bool) -> None:
    """Make the host deaf to this interface. `had_qdisc`: as is_present said before.

    Raises LinuxError; EEXIST where another filter holds our place.
    """
    if not had_qdisc:
        body = _HEADER.pack(0, ifindex, _CLSACT_HANDLE, _CLSACT_PARENT, 0) + text(_KIND, "clsact")
        what = f"add a clsact qdisc to interface {ifindex}"
        route.netlink.change(_NEW_QDISC, body, what, flags=CREATE | EXCLUSIVE)
    if _has_our_filter(route, ifindex):
        return  # left behind by a process whose journal was lost; it does what we want
    options = nested(
        _OPTIONS,
        attribute(_BPF_INSTRUCTION_COUNT, struct.pack("=H", 1)),
        attribute(_BPF_INSTRUCTIONS, _RETURN_SHOT),
        number(_BPF_FLAGS, _DIRECT_ACTION),
    )
    body = _HEADER.pack(0, ifindex, _HANDLE, _INGRESS, _PLACE) + text(_KIND, "bpf") + options
    what = f"add a filter to interface {ifindex}"
    route.netlink.change(_NEW_FILTER, body, what, flags=CREATE | EXCLUSIVE)


def remove(route: Route, ifindex: int, *, had_qdisc: bool) -> None:
    """Remove exactly what `add` made, as far as it is there; the interface may be gone.

    The qdisc stays if it was there before, or if others have put filters on it since.
    """
    try:
        if _has_our_filter(route, ifindex):
            body = _HEADER.pack(0, ifindex, _HANDLE, _INGRESS, _PLACE) + text(_KIND, "bpf")
            what = f"remove the filter of interface {ifindex}"
            route.netlink.change(_DELETE_FILTER, body, what)
        if had_qdisc or not is_present(route, ifindex) or _filters(route, ifindex):
            return
        body = _HEADER.pack(0, ifindex, _CLSACT_HANDLE, _CLSACT_PARENT, 0) + text(_KIND, "clsact")
        what = f"remove the clsact qdisc of interface {ifindex}"
        route.netlink.change(_DELETE_QDISC, body, what)
    except LinuxError as error:
        if error.errno not in (errno.ENODEV, errno.ENOENT):
            raise


def _has_our_filter(route: Route, ifindex: int) -> bool:
    return (_HANDLE, _PLACE, _RETURN_SHOT) in _filters(route, ifindex)


def _filters(route: Route, ifindex: int) -> list[tuple[int, int, bytes]]:
    """Handle, place and instructions of each filter at the interface's ingress and egress."""
    if not is_present(route, ifindex):
        return []
    found = []
    for parent in (_INGRESS, _EGRESS):
        question = _HEADER.pack(0, ifindex, 0, parent, 0)
        what = f"list the filters of interface {ifindex}"
        for _, body in route.netlink.dump(_GET_FILTER, question, what):
            _, _, handle, _, place = _HEADER.unpack_from(body)
            if handle:  # a message without one describes the chain that the filters hang on
                options = parse(parse(body, _HEADER.size).get(_OPTIONS, b""))
                found.append((handle, place, options.get(_BPF_INSTRUCTIONS, b"")))
    return found
