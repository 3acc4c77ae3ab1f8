"""A recording of balance-tlb or balance-alb: its bond, its clients, its frames, its clock."""

import json
import re
from dataclasses import dataclass
from functools import cached_property

from iproute2_words import plain_commands
from recordings import RECORDINGS

from pybondd.events import HostAddress
from pybondd.wire.arp import ArpOperation, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import take_tag
from pybondd.wire.ethertypes import ARP
from pybondd.wire.learning import is_learning_frame

TICK_S = {"6.1.": 0.110, "6.12": 0.104}
"""The period of the driver's tick by the start of the kernel's release: a tenth of a second and one
jiffy, at HZ=100 and HZ=250."""
TICKS_PER_S = 10
MODES = {"5": "balance-tlb", "6": "balance-alb"}


@dataclass(frozen=True)
class Frame:
    """One frame at one interface; `octets` may be cut, `size_octets` is what was on the wire."""

    at_s: float
    interface: str
    is_sent: bool
    octets: bytes
    size_octets: int

    @property
    def whole(self):
        """With zeros for what was cut."""
        return self.octets.ljust(self.size_octets, b"\0")

    @property
    def is_learning(self):
        return is_learning_frame(take_tag(self.octets)[0])

    @property
    def arp(self):
        """The ARP in it, or None."""
        untagged, _ = take_tag(self.octets)
        if int.from_bytes(untagged[12:14], "big") != ARP:
            return None
        try:
            return parse_arp(untagged[14:])
        except WireError:
            return None

    @property
    def is_arp_request(self):
        return self.arp is not None and self.arp.operation is ArpOperation.REQUEST


class Recording:
    """One file, with its setup understood."""

    def __init__(self, name, path):
        self.name = name
        self._raw = json.loads(path.read_text())
        self.kernel = self._raw["kernel"]
        self.tick_s = TICK_S.get(self.kernel[:4], TICK_S["6.12"])
        lines = (words for line in self._raw["setup"] for words in plain_commands(line))
        self.setup = [" ".join(words) for words in lines]
        self.events = self._raw["events"]
        self.snapshots = sorted(self._raw["snapshots"], key=lambda each: each["t"])
        self.log = self._raw["kernel_log"]

    @cached_property
    def ports(self):
        """Names of the ports at the beginning, in the order in which they joined."""
        return list(dict.fromkeys(self._found(r"ip link set (\S+) master bond0")))

    @cached_property
    def members(self):
        """Names of all that was a port at some time; a port's index is its place here."""
        commands = [
            " ".join(words) for each in self.events for words in plain_commands(each["cmd"])
        ]
        joins = r"ip link set (\S+) master bond0|echo \+(\S+) > \S+/bond0/bonding/slaves"
        found = (re.match(joins, command) for command in commands)
        return list(dict.fromkeys([*self.ports, *(each[1] or each[2] for each in found if each)]))

    @cached_property
    def port_of_peer(self):
        """Which port's cable ends at this interface?"""
        pattern = r"ip link add (\S+) address \S+ type veth peer name (\S+)"
        return {peer: port for port, peer in self._found(pattern) if port in self.members}

    @cached_property
    def permanent_macs(self):
        """Addresses as they were made, or first given, by name."""
        added = self._found(r"ip link add (\S+) (?:netns \S+ )?address (\S+) type \S+")
        above = self._found(r"ip link add link bond0 name (\S+) address (\S+) type \S+")
        given = self._found(r"ip link set (\S+) address (\S+)")
        macs = {}
        for name, mac in [*added, *above, *given]:
            macs.setdefault(name, bytes.fromhex(mac.replace(":", "")))
        return macs

    @cached_property
    def speeds(self):
        """Mbit/s as ethtool set it; a veth shows 10000."""
        speeds = {}
        for name, speed in self._found(r"ethtool -s (\S+) speed (\d+)"):
            speeds.setdefault(name, int(speed))
        return speeds

    @cached_property
    def options(self):
        """Options of the bond in the order of the setup."""
        (line,) = self._found(r"ip link add bond0 .*?type bond(.*)")
        words = line.split()
        written = self._found(r"echo (\S+) > /sys/class/net/bond0/bonding/(\w+)")
        mine = dict(zip(words[::2], words[1::2], strict=True))
        mine["mode"] = MODES.get(mine["mode"], mine["mode"])
        return {**mine, **{option: value for value, option in written if option != "slaves"}}

    @cached_property
    def clients(self):
        """IPv4 addresses, and the MAC, of each client by name."""
        macs = dict(self._found(r"ip link add (\S+) netns \S+ address (\S+) type veth"))
        clients = {name: ([], bytes.fromhex(mac.replace(":", ""))) for name, mac in macs.items()}
        for name, address in self._found(r"ip -n (\S+) addr add ([\d.]+)/\d+ dev \S+"):
            if name in clients:
                clients[name][0].append(ipv4(address))
        return {name: client for name, client in clients.items() if client[0]}

    def client_ip(self, name, ours):
        """The address of a client that talks to this one of ours: in the nearest network."""
        ips = self.clients[name][0] if name in self.clients else []
        return max(ips, key=lambda ip: common_octets(ip, ours), default=None)

    def vlan_of(self, ours):
        """The VLAN in which this address of ours is, or 0."""
        names = [name for name, address in self.own_addresses if address == ours]
        return next((number for name, number in self.vlans if name in names), 0)

    @cached_property
    def own_addresses(self):
        """IPv4 addresses of the bond, and of interfaces above it, by interface."""
        found = self._found(r"ip addr add ([\d.]+)/\d+ dev (\S+)")
        return [(name, ipv4(address)) for address, name in found]

    @cached_property
    def vlans(self):
        """(name, VLAN) of each VLAN interface on the bond."""
        found = self._found(
            r"ip link add link bond0 (?:name )?(\S+) .*type vlan (?:\S+ \S+ )*?id (\d+)"
        )
        return [(name, int(number)) for name, number in found]

    @cached_property
    def bridge(self):
        """The bridge that the bond is a port of, or None."""
        return next(iter(self._found(r"ip link set bond0 master (\S+)")), None)

    def interfaces(self):
        """The bond and what stands on it, as far as addresses matter."""
        mac = self.permanent_macs[self.ports[0]]
        own = {}
        for name, address in self.own_addresses:
            own.setdefault(name, []).append(address)
        found = [HostAddress("bond0", mac, ipv4=tuple(own.get("bond0", ())))]
        for name, number in self.vlans:
            address = self.permanent_macs.get(name, mac)
            tags = ((0x8100, number),)
            found.append(HostAddress(name, address, tags, tuple(own.get(name, ())), depth=1))
        if self.bridge:
            name = self.bridge
            ipv4 = tuple(own.get(name, ()))
            found.append(HostAddress(name, mac, ipv4=ipv4, depth=1, is_bridge=True))
        return tuple(found)

    @cached_property
    def frames(self):
        """All frames, ordered. Requests come first among frames that are next to each other: at
        different interfaces the capture has the answer before the question sometimes."""
        frames = [
            Frame(f["t"], f["if"], f["dir"] == "tx", bytes.fromhex(f["hex"]), f["len"])
            for f in self._raw["frames"]
        ]
        ordered, near = [], []
        for frame in sorted(frames, key=lambda each: each.at_s):
            if near and frame.at_s - near[-1].at_s > SAME_MOMENT_S:
                ordered += sorted(near, key=lambda each: not each.is_arp_request)
                near = []
            near.append(frame)
        return ordered + sorted(near, key=lambda each: not each.is_arp_request)

    @property
    def sent(self):
        """What left by ports."""
        return [each for each in self.frames if each.is_sent and each.interface in self.members]

    @cached_property
    def has_learning_frames(self):
        """False where the capture left them out."""
        return any(frame.is_learning for frame in self.sent)

    @cached_property
    def is_fresh(self):
        """Did the bond come to be just before the recording? Its log then tells so."""
        joined = [line["t"] for line in self.log if "Enslaving as" in line["msg"]]
        return bool(joined) and min(joined) < 0

    def _found(self, pattern):
        found = (re.fullmatch(pattern + r"(?: .*)?", line) for line in self.setup)
        groups = [matched.groups() for matched in found if matched]
        return [group[0] if len(group) == 1 else group for group in groups]


SAME_MOMENT_S = 0.0006


def common_octets(one, other):
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def ipv4(text):
    return bytes(int(octet) for octet in text.split("."))


def recordings():
    folder = RECORDINGS / "alb-traces"
    return [
        Recording(path.relative_to(folder).with_suffix("").as_posix(), path)
        for path in sorted(folder.rglob("*.json"))
    ]
