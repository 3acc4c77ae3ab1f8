"""Can this interface be a port, and can a bond be made here at all? Asked before any change."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from pybondd.effects import Refuse
from pybondd.linux.claim import is_claimed
from pybondd.linux.errors import LinuxError
from pybondd.linux.interface import Interface
from pybondd.linux.netlink import Route
from pybondd.linux.rtnetlink import is_gone

TUN_DEVICE = "/dev/net/tun"
_NET_ADMIN = 12
_NET_RAW = 13
_LINK_LOCAL = bytes((0xFE, 0x80))
_STANDS_ON_TOP = ("vlan", "macvlan", "macvtap", "ipvlan", "ipvtap")


def port_objections(
    route: Route, which: str | int, bond: str, *, may_cut_off: bool = False
) -> tuple[Refuse, ...]:
    """Every reason why this interface cannot be a port of `bond`; empty if it can.

    `may_cut_off`: the default route may leave by it. Raises LinuxError for what nobody expects.
    """
    try:
        port = route.interface(which)
    except LinuxError as error:
        if not is_gone(error):
            raise
        remedy = "see the names there are: ip -br link"
        return (Refuse(errno.ENODEV, f"there is no interface {which}", str(error), remedy),)
    return tuple(
        Refuse(code, f"{port.name} cannot be a port of {bond}", why, remedy)
        for code, why, remedy in _reasons(route, port, bond, may_cut_off=may_cut_off)
    )


def machine_objections() -> tuple[Refuse, ...]:
    """Every reason why no bond can be made here: a privilege or a device is missing."""
    what = "no bond can be made here"
    found = []
    missing = missing_privileges()
    if missing:
        remedy = "run it by sudo, or try: pybondd lab failover (needs no root)"
        found.append(Refuse(errno.EPERM, what, f"{' and '.join(missing)} missing", remedy))
    if not Path(TUN_DEVICE).exists():
        remedy = "modprobe tun; in a container: --device /dev/net/tun"
        found.append(Refuse(errno.ENOENT, what, f"{TUN_DEVICE} does not exist", remedy))
    elif not os.access(TUN_DEVICE, os.R_OK | os.W_OK, effective_ids=True):
        remedy = f"chmod 0666 {TUN_DEVICE} (what udev does by default)"
        found.append(Refuse(errno.EACCES, what, f"{TUN_DEVICE} may not be opened", remedy))
    return tuple(found)


def missing_privileges() -> list[str]:
    """The capabilities that a bond needs and this thread lacks."""
    return missing_in(Path("/proc/thread-self/status").read_text())


def missing_in(status: str) -> list[str]:
    """The same, from the text of a status file of /proc."""
    line = next(each for each in status.splitlines() if each.startswith("CapEff:"))
    effective = int(line.split()[1], 16)
    wanted = {"CAP_NET_ADMIN": _NET_ADMIN, "CAP_NET_RAW": _NET_RAW}
    return [name for name, bit in wanted.items() if not effective >> bit & 1]


def _reasons(
    route: Route, port: Interface, bond: str, *, may_cut_off: bool
) -> Iterator[tuple[int, str, str]]:
    """Errno, why, and what to do; the errno is Linux's where bonding has the same refusal."""
    yield from _by_nature(port, bond)
    if port.master is not None:
        master = _name(route, port.master)
        yield errno.EBUSY, f"{master} owns it", f"ip link set {port.name} nomaster"
    if is_claimed(port.ifindex):
        yield errno.EBUSY, "it is a port of another pybondd bond", "pybondd status shows which"
    for upper in route.interfaces():
        if upper.lower == port.ifindex and upper.kind in _STANDS_ON_TOP:
            why = f"{upper.name} ({upper.kind}) stands on it and would hear nothing more"
            yield errno.EBUSY, why, f"ip link del {upper.name}"
    addresses = route.addresses().get(port.ifindex, ())
    if any(address[:2] != _LINK_LOCAL for address in addresses if len(address) == 16) or any(
        len(address) == 4 for address in addresses
    ):
        yield errno.EPERM, "it has IP addresses", f"ip addr flush dev {port.name}"
    if not may_cut_off and route.carries_default_route(port.ifindex):
        why = "the default route leaves by it: this machine might be cut off"
        yield errno.EPERM, why, "if you are sure: --yes-cut-me-off"


def _by_nature(port: Interface, bond: str) -> Iterator[tuple[int, str, str]]:
    if port.name == bond:
        yield errno.EPERM, "a bond cannot be its own port", "name another interface"
    if port.is_loopback:
        yield errno.EPERM, "it is the loopback interface", "name an Ethernet interface"
    elif not port.is_ethernet:
        yield errno.EINVAL, "it is no Ethernet interface", "name an Ethernet interface"


def _name(route: Route, ifindex: int) -> str:
    try:
        return route.interface(ifindex).name
    except LinuxError:
        return f"interface {ifindex}"
