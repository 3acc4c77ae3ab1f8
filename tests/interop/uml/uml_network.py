"""Inside the guest: a host, a switch that is a real Linux bridge, and clients behind it.

namespaces NAME-host: eth0 eth1 ... for a bond   NAME-switch: a bridge over wire0 wire1 ... (the far
ends of the host's ports) and the clients' cables   NAME-c1 NAME-c2 ...: eth0, a client each
NAME-vm, for those who want one: eth0, behind the host's own bridge
"""

import contextlib
import socket
import struct
import time
from pathlib import Path

from uml_frames import ETH_ARP, arp, ethernet
from uml_world import (
    Capture,
    Sender,
    batch,
    inside,
    mounted_sysfs,
    remove_namespaces,
    set_address,
    set_links,
    write_settings,
)

from pybondd.linux.attributes import parse
from pybondd.linux.rtnetlink import Netlink

NUMBERS = {"host": 1, "c1": 11, "c2": 12, "c3": 13, "vm": 50}
BROADCAST = "ff:ff:ff:ff:ff:ff"
CLIENTS = ("c1", "c2", "c3")
FIRST_WIRE_INDEX = 100  # differs from the port's: see uml_world.world
IFF_PROMISC = 0x100
FORWARDING = "3"  # BR_STATE_FORWARDING of linux/if_bridge.h
RTM_GETNEIGH, NDA_LLADDR, NUD_PERMANENT, AF_BRIDGE = 30, 2, 0x80, 7
NDMSG = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, ifindex, state, flags, type
ATF_COM, ATF_PERM = 2, 4  # resolved, and written by hand: the flags of /proc/net/arp
ECHO_REPLY, ECHO_REQUEST, ECHO_NUMBER = 0, 8, 0x7E57
ANSWER_LIMIT_S = 5
NETMASK = "255.255.255.0"
LOOK_S, MOST_LOOK_COUNT = 0.2, 50
SETTINGS = {"ipv6/conf/default/disable_ipv6": 1, "ipv6/conf/all/disable_ipv6": 1}
# Nobody asks twice, or of its own accord whether a neighbour is still there, and the last word
# counts, even when it follows another at once: else the moment would decide what is said.
NEIGHBOUR_SETTINGS = {
    "base_reachable_time_ms": 3_600_000,
    "delay_first_probe_time": 3600,
    "retrans_time_ms": 60_000,
    "locktime": 0,
}


class Network:
    """The namespaces of one world. `remove()` ends all."""

    def __init__(self, name: str, port_count: int) -> None:
        self._name = name
        self.ports = [f"eth{number}" for number in range(port_count)]
        self.wires = [f"wire{number}" for number in range(port_count)]
        self._mounted = contextlib.ExitStack()
        self._devices = dict.fromkeys(CLIENTS, "eth0") | {"host": "bond0"}
        self.remove()
        stations = ["host", "switch", *CLIENTS]
        batch(None, *(f"netns add {self.at(station)}" for station in stations))
        for station in stations:
            write_settings(self.at(station), SETTINGS)
        members = [*self.wires, *(f"to-{client}" for client in CLIENTS)]
        batch(
            self.at("switch"),
            "link add br0 type bridge mcast_snooping 0",
            *self._cables(),
            *(f"link set {member} master br0 up" for member in ["br0", *members][1:]),
            "link set br0 up",
        )
        for client in CLIENTS:
            self.gives_address(client, "eth0")
        with contextlib.ExitStack() as mounted:
            self._host_sys = mounted.enter_context(mounted_sysfs(self.at("host"))) / "class/net"
            self._switch_sys = mounted.enter_context(mounted_sysfs(self.at("switch"))) / "class/net"
            self._mounted = mounted.pop_all()

    def at(self, station: str) -> str:
        """The namespace of a station, or of the switch."""
        return f"{self._name}-{station}"

    def gives_address(self, station: str, device: str, vlan: int = 0) -> None:
        """Opens a station's device with the station's address, or a VLAN device on it."""
        set_links(self.at(station), [device], up=True)
        if vlan:
            words = f"link {device} name {device}.{vlan} type vlan id {vlan}"
            device = f"{device}.{vlan}"
            batch(self.at(station), f"link add {words}", f"link set {device} up")
        set_address(self.at(station), device, address_of(station, vlan), NETMASK)
        settings = {f"ipv4/neigh/{device}/{key}": each for key, each in NEIGHBOUR_SETTINGS.items()}
        write_settings(self.at(station), settings)

    def bridges_host(self) -> None:
        """Puts the bond into a bridge on the host, which now has its address, with a VM beside."""
        batch(None, f"netns add {self.at('vm')}")
        write_settings(self.at("vm"), SETTINGS)
        batch(
            self.at("host"),
            "addr flush dev bond0",
            "link add brh address 02:00:00:00:bb:bb type bridge mcast_snooping 0",
            "link set bond0 master brh",
            "link add to-vm type veth peer name eth0 address 02:00:00:00:dd:01 "
            f"netns {self.at('vm')}",
            "link set to-vm master brh up",
        )
        self._devices |= {"host": "brh", "vm": "eth0"}
        self.gives_address("host", "brh")
        self.gives_address("vm", "eth0")

    def device_of(self, station: str) -> str:
        """What the station's address is on."""
        return self._devices[station]

    def forget(self, station: str) -> None:
        """The station knows nobody any more."""
        batch(self.at(station), f"neigh flush dev {self.device_of(station)}")

    def probe(self, station: str, other: str) -> None:
        """The station asks another whether it is still there, and that one alone."""
        words = f"{address_of(other)} dev {self.device_of(station)} nud probe"
        batch(self.at(station), f"neigh change {words}")

    def claim(self, station: str, other: str) -> None:
        """The station tells all that another's IP address is its own."""
        ip, mac = address_of(other), mac_of(station)
        with contextlib.closing(Sender(self.at(station), self.device_of(station))) as sender:
            sender.send(ethernet(BROADCAST, mac, ETH_ARP, arp(1, mac, ip, ip)))

    def pings(self, station: str, other: str, vlan: int = 0) -> bool:
        """One echo request from a station to another: does an answer come?"""
        with (
            inside(self.at(station)),
            socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as asked,
        ):
            asked.settimeout(ANSWER_LIMIT_S)
            target = address_of(other, vlan)
            asked.sendto(echo(ECHO_REQUEST), (target, 0))
            return is_answered(asked, target)

    def cut(self, number: int) -> float:
        """Takes the carrier from a port; returns the moment."""
        return set_links(self.at("switch"), [f"wire{number}"], up=False)

    def mend(self, number: int) -> float:
        """Gives a port its carrier back; returns the moment."""
        return set_links(self.at("switch"), [f"wire{number}"], up=True)

    def wait_for_switch(self) -> None:
        """Until it forwards on all its ports; whether it learned before that is chance."""
        for _ in range(MOST_LOOK_COUNT):
            states = [read(self._switch_sys / wire / "brport/state") for wire in self.wires]
            if set(states) == {FORWARDING}:
                break
            time.sleep(LOOK_S)
        (self._switch_sys / "br0/bridge/flush").write_text("1")

    def watch(self) -> Capture:
        """What comes out of the ports and what goes into them, from now on."""
        return Capture(self.at("switch"), self.wires, both_ways=True)

    def neighbours(self) -> dict[str, dict[str, str]]:
        """Whom each station knows: MAC by IP address."""
        return {station: neighbours_in(self.at(station)) for station in self._devices}

    def switch_table(self) -> dict[str, str]:
        """Behind which of its ports the switch has seen each MAC."""
        asked = NDMSG.pack(AF_BRIDGE, 0, 0, 0, 0)
        with inside(self.at("switch")), Netlink() as netlink:
            entries = netlink.dump(RTM_GETNEIGH, asked, "see whom the switch knows")
            ports = dict(socket.if_nameindex())
        return {
            parse(entry, NDMSG.size)[NDA_LLADDR].hex(":"): ports[index]
            for _, entry in entries
            for _, index, state, _, _ in [NDMSG.unpack_from(entry)]
            if not state & NUD_PERMANENT
        }

    def macs(self) -> dict[str, str]:
        """Those of the bond and the ports."""
        return {name: read(self._host_sys / name / "address") for name in ("bond0", *self.ports)}

    def who_hears_all(self) -> dict[str, bool]:
        """Which of the bond and the ports takes in what is for others too."""
        return {
            name: bool(int(read(self._host_sys / name / "flags"), 16) & IFF_PROMISC)
            for name in ("bond0", *self.ports)
        }

    def remove(self) -> None:
        self._mounted.close()
        remove_namespaces(*(self.at(station) for station in ("switch", *NUMBERS)))

    def _cables(self) -> list[str]:
        """Each client's cable, and one for each port of the host."""
        ends = [("host", port, mac_of("host", number)) for number, port in enumerate(self.ports)]
        ends += [(client, "eth0", mac_of(client)) for client in CLIENTS]
        names = [*self.wires, *(f"to-{client}" for client in CLIENTS)]
        return [
            f"link add {name} index {FIRST_WIRE_INDEX + number} type veth "
            f"peer name {device} address {mac} netns {self.at(station)}"
            for number, (name, (station, device, mac)) in enumerate(zip(names, ends, strict=True))
        ]


def read(file: Path) -> str:
    return file.read_text().strip()


def address_of(station: str, vlan: int = 0) -> str:
    return f"10.{vlan}.0.{NUMBERS[station]}"


def mac_of(station: str, port_number: int = 0) -> str:
    """02:00:00:00:00:10 is eth0's of the host, 02:00:00:00:0c:01 the first client's."""
    if station == "host":
        return f"02:00:00:00:00:{0x10 + port_number:02x}"
    return f"02:00:00:00:0c:{NUMBERS[station] - 10:02x}"


def neighbours_in(namespace: str) -> dict[str, str]:
    with inside(namespace), open("/proc/self/net/arp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {row[0]: row[3] for row in rows if int(row[2], 16) & (ATF_COM | ATF_PERM) == ATF_COM}


def echo(kind: int) -> bytes:
    """An ICMP echo message without content; its checksum is the complement of all the rest."""
    number = ECHO_NUMBER
    total = (kind << 8) + number
    return struct.pack("!BBHHH", kind, 0, 0xFFFF - total, number, 0)


def is_answered(asked: socket.socket, target: str) -> bool:
    """Does the echo reply come before the socket's time is over?"""
    end = time.monotonic() + ANSWER_LIMIT_S
    while time.monotonic() < end:
        try:
            packet, (sender, _) = asked.recvfrom(2048)
        except TimeoutError:
            return False
        if sender == target and packet[20:] == echo(ECHO_REPLY):
            return True
    return False
