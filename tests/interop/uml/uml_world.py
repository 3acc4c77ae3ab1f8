"""Inside the guest: a host with cables, whose far ends we watch, and a bond of either kind on it.

namespace uml-host: eth0 eth1 ... and the bond     namespace uml-wire: wire0 wire1 ... and us
"""

import contextlib
import ctypes
import dataclasses
import fcntl
import os
import select
import socket
import struct
import subprocess
import time
from pathlib import Path

HOST = "uml-host"
WIRE = "uml-wire"
CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x20000
MS_REC, MS_SLAVE = 0x4000, 1 << 19
MNT_DETACH = 2
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK, IFF_UP = 0x8914, 0x8916, 0x891C, 1
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING = 263, 8, 4
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
VLAN_VALID, VLAN_TPID_VALID = 1 << 4, 1 << 6  # tp_status bits of linux/if_packet.h
FIRST_INDEX = 20
RECEIVE_BUFFER_OCTETS = 4 << 20
MOMENT_S, MOST_MOMENT_COUNT, CALM_COUNT = 0.05, 400, 4
libc = ctypes.CDLL(None, use_errno=True)


def shell(command: str, namespace: str | None = None) -> str:
    """The output of a shell command, in a namespace; AssertionError with its words if it fails."""
    prefix = ["ip", "netns", "exec", namespace] if namespace else []
    done = subprocess.run([*prefix, "sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def batch(namespace: str | None, *commands: str) -> None:
    """Several `ip` commands by one process: starting one costs 50 ms here."""
    done = subprocess.run(
        ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"],
        input="\n".join(commands),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{commands}\n{done.stderr}"


@contextlib.contextmanager
def inside(namespace: str):
    """This thread's network is that of the namespace while the block runs."""
    with open("/proc/self/ns/net") as before, open(f"/run/netns/{namespace}") as wanted:
        assert libc.setns(wanted.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(before.fileno(), CLONE_NEWNET) == 0


@contextlib.contextmanager
def mounted_sysfs(namespace: str):
    """Where a namespace's own /sys can be read and written from outside while the block runs."""
    place = Path(f"/run/sys-{namespace}")
    place.mkdir()
    with inside(namespace):
        assert libc.mount(b"none", bytes(place), b"sysfs", 0, None) == 0
    try:
        yield place
    finally:
        libc.umount2(bytes(place), MNT_DETACH)
        place.rmdir()


def enter_for_good(namespace: str) -> None:
    """This process is in the namespace from now on, with the namespace's own /sys."""
    with open(f"/run/netns/{namespace}") as wanted:
        assert libc.setns(wanted.fileno(), CLONE_NEWNET) == 0
    assert libc.unshare(CLONE_NEWNS) == 0
    assert libc.mount(b"none", b"/", None, MS_SLAVE | MS_REC, None) == 0
    assert libc.umount2(b"/sys", MNT_DETACH) == 0
    assert libc.mount(b"sysfs", b"/sys", b"sysfs", 0, None) == 0


def mac(number: int) -> str:
    return f"02:00:00:00:00:{number:02x}"


# Written before a device exists, so that only what a scenario asks for is ever said: no address
# and no question of the stack's own, and a joined group's reports at once, not over seconds.
HOST_SETTINGS = {
    "ipv6/conf/default/addr_gen_mode": 1,
    "ipv6/conf/default/router_solicitations": 0,
    "ipv6/conf/default/mldv2_unsolicited_report_interval": 10,
    "ipv4/conf/default/igmpv3_unsolicited_report_interval": 10,
}
WIRE_SETTINGS = {"ipv6/conf/default/disable_ipv6": 1}


@contextlib.contextmanager
def world(port_count: int):
    """Both namespaces with `port_count` cables: ethN (with mac(N)) on the host, wireN with us."""
    remove_world()
    batch(None, f"netns add {HOST}", f"netns add {WIRE}")
    write_settings(HOST, HOST_SETTINGS)
    write_settings(WIRE, WIRE_SETTINGS)
    numbers = range(port_count)
    # An index that differs from the peer's: only then does the kernel tell a loss of carrier at
    # once, and else up to a second late (linkwatch_urgent_event of Linux 6.1 link_watch.c).
    cables = (
        f"link add eth{number} index {FIRST_INDEX + number} address {mac(number)} "
        f"type veth peer name wire{number} netns {WIRE}"
        for number in numbers
    )
    batch(HOST, "link set lo up", *cables)
    batch(WIRE, *(f"link set wire{number} up" for number in numbers))
    try:
        yield
    finally:
        remove_world()


def write_settings(namespace: str, settings: dict[str, int]) -> None:
    with inside(namespace):
        for name, value in settings.items():
            Path("/proc/sys/net", name).write_text(str(value))


def remove_world() -> None:
    remove_namespaces(HOST, WIRE)


def remove_namespaces(*namespaces: str) -> None:
    for namespace in namespaces:
        handle = Path("/run/netns", namespace)
        if handle.exists():
            libc.umount2(bytes(handle), MNT_DETACH)
            handle.unlink()


def cut(number: int) -> float:
    """Takes the carrier from ethN; returns the moment (clock of the captures)."""
    return set_wire(number, up=False)


def mend(number: int) -> float:
    """Gives ethN its carrier back; returns the moment."""
    return set_wire(number, up=True)


def set_wire(number: int, *, up: bool) -> float:
    return set_links(WIRE, [f"wire{number}"], up=up)


def set_links(namespace: str, devices: list[str], *, up: bool) -> float:
    """By ioctl from here and not by `ip`, whose start would blur the moment by 50 ms."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        moment = time.time()
        for device in devices:
            request = struct.pack("16sH22x", device.encode(), IFF_UP if up else 0)
            fcntl.ioctl(asked, SIOCSIFFLAGS, request)
    return moment


def wait_for_calm() -> None:
    """Until sleeps end when they should, so that deeds follow each other faster than ticks."""
    calm_count = 0
    for _ in range(MOST_MOMENT_COUNT):
        start_s = time.monotonic()
        time.sleep(MOMENT_S)
        is_calm = time.monotonic() - start_s < 2 * MOMENT_S
        calm_count = calm_count + 1 if is_calm else 0
        if calm_count == CALM_COUNT:
            break


def set_address(namespace: str, device: str, address: str, netmask: str) -> None:
    """The device's only IPv4 address. By ioctl too: dozens of `ip` would take seconds here."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, netmask)):
            told = (device.encode(), socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(asked, request, struct.pack("=16sHH4s16x", *told))


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One frame: when (seconds), on which device, its octets with the VLAN tag in its place.

    `is_outgoing`: the device sent it; else it received it.
    """

    at_s: float
    device: str
    frame: bytes
    is_outgoing: bool = False


class Capture:
    """Raw sockets on devices of a namespace from construction on; `frames()` empties them.

    They hear what the devices receive; with `both_ways` also what they send.
    """

    def __init__(self, namespace: str, devices: list[str], *, both_ways: bool = False) -> None:
        self._both_ways = both_ways
        self._sockets: dict[str, socket.socket] = {}
        with inside(namespace):
            for device in devices:
                self._sockets[device] = self._open(device)

    @staticmethod
    def _open(device: str) -> socket.socket:
        # Protocol 0 until bound, or frames of every device would get in first.
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_OCTETS)
        opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        opened.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        opened.bind((device, ETH_P_ALL))
        opened.setblocking(False)
        return opened

    def frames(self) -> list[Seen]:
        """Everything heard on the devices since the last call, in order of time."""
        seen = [
            found
            for device, opened in self._sockets.items()
            for found in iter(lambda opened=opened, device=device: receive(opened, device), None)
            if self._both_ways or not found.is_outgoing
        ]
        return sorted(seen, key=lambda found: found.at_s)

    def wait(self, count: int, limit_s: float) -> list[Seen]:
        """The frames, as soon as there are `count`, or whatever there is after `limit_s`."""
        end = time.monotonic() + limit_s
        seen: list[Seen] = []
        sockets = list(self._sockets.values())
        while select.select(sockets, [], [], max(0, end - time.monotonic()))[0]:
            seen += self.frames()
            if len(seen) >= count:
                break
        return seen

    def close(self) -> None:
        for opened in self._sockets.values():
            opened.close()


def receive(opened: socket.socket, device: str) -> Seen | None:
    """One frame; None when the socket is empty."""
    try:
        frame, ancillary, _, address = opened.recvmsg(65536, 512)
    except (BlockingIOError, OSError):
        return None
    at_s, tag = 0.0, b""
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("=qq", content[:16])
            at_s = seconds + nanoseconds / 1e9
        elif (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            tag = outer_tag(content)
    is_outgoing = address[2] == PACKET_OUTGOING
    return Seen(at_s, device, frame[:12] + tag + frame[12:], is_outgoing)


def outer_tag(auxiliary: bytes) -> bytes:
    status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", auxiliary[:20])
    if not status & VLAN_VALID:
        return b""
    return struct.pack("!HH", tpid if status & VLAN_TPID_VALID else 0x8100, tci)


class Sender:
    """A raw socket that puts frames on a device."""

    def __init__(self, namespace: str, device: str) -> None:
        with inside(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.bind((device, 0))

    def send(self, frame: bytes) -> None:
        self._socket.send(frame)

    def close(self) -> None:
        self._socket.close()
