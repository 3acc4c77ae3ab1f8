"""Inside the guest: frames that a balancing bond must not treat like any other, and near misses.

What goes to all, or must always be heard from the same station, leaves by the active port only.
"""

import contextlib
import socket
import time

from uml_alb_traffic import LOOK_S, MOST_LOOK_COUNT, UDP, ipv4
from uml_frames import ETH_ARP, ETH_EXPERIMENT, ETH_IPV4, ETH_IPV6, ICMPV6, IGMP, arp, ethernet
from uml_network import Network, address_of
from uml_words import short
from uml_world import Capture, Sender

LLDP, IPX, RARP = 0x88CC, 0x8137, 0x8035
LLC_LENGTH = 46  # below 1536 it is a length, IEEE Std 802.3-2018 3.2.6
ROUTER_SOLICITATION, SOLICITATION, ADVERTISEMENT, ECHO_REQUEST = 133, 135, 136, 128
FAR, ALL = "02:00:00:00:0f:31", "ff:ff:ff:ff:ff:ff"
STRANGER = "02:00:00:00:00:79"
GROUP, GROUP_IP = "01:00:5e:01:01:02", "239.1.1.2"
CONTENT = bytes(26)


def ipv6(target: str, message: int, source: str = "fd00::1", following: int = ICMPV6) -> bytes:
    """A packet with a message of ICMPv6, or of something else whose first octet is the same."""
    ends = b"".join(socket.inet_pton(socket.AF_INET6, each) for each in (source, target))
    content = bytes([message]) + CONTENT
    return b"\x60\0\0\0\0" + bytes([len(content), following, 255]) + ends + content


def frames(ours: str) -> dict[str, bytes]:
    """By name; all from the bond's own MAC but one."""
    host = address_of("host")
    packets = {
        "IPv4": (FAR, ETH_IPV4, ipv4(UDP, host, "10.0.0.49", CONTENT)),
        "IPv4 to all by MAC": (ALL, ETH_IPV4, ipv4(UDP, host, "10.0.0.50", CONTENT)),
        "IPv4 to all by IP": (FAR, ETH_IPV4, ipv4(UDP, host, "255.255.255.255", CONTENT)),
        "IPv4 to a group": (GROUP, ETH_IPV4, ipv4(UDP, host, GROUP_IP, CONTENT)),
        "IGMP": (GROUP, ETH_IPV4, ipv4(IGMP, host, GROUP_IP, b"\x16" + CONTENT)),
        "IGMP to one": (FAR, ETH_IPV4, ipv4(IGMP, host, "10.0.0.51", b"\x16" + CONTENT)),
        "IPv6": (FAR, ETH_IPV6, ipv6("fd00::31", ECHO_REQUEST)),
        "IPv6 of nobody": (FAR, ETH_IPV6, ipv6("fd00::32", ECHO_REQUEST, "::")),
        "IPv6 to all by MAC": (ALL, ETH_IPV6, ipv6("fd00::33", ECHO_REQUEST)),
        "IPv6 to all nodes": ("33:33:00:00:00:01", ETH_IPV6, ipv6("ff02::1", ECHO_REQUEST)),
        "IPv6 to a group": ("33:33:00:00:00:fb", ETH_IPV6, ipv6("ff02::fb", ECHO_REQUEST)),
        "a router asked for": (FAR, ETH_IPV6, ipv6("fd00::34", ROUTER_SOLICITATION)),
        "a neighbour asked for": (FAR, ETH_IPV6, ipv6("fd00::35", SOLICITATION)),
        "a neighbour's answer": (FAR, ETH_IPV6, ipv6("fd00::36", ADVERTISEMENT)),
        "no ICMPv6 at all": (FAR, ETH_IPV6, ipv6("fd00::37", SOLICITATION, following=UDP)),
        "LLDP": ("01:80:c2:00:00:0e", LLDP, CONTENT),
        "IPX": (FAR, IPX, CONTENT),
        "RARP": (ALL, RARP, CONTENT),
        "a length": (FAR, LLC_LENGTH, b"\xaa\xaa\x03" + CONTENT),
        "no known protocol": (FAR, ETH_EXPERIMENT, CONTENT),
        "a stranger's question": (ALL, ETH_ARP, arp(1, STRANGER, "10.0.0.77", "10.0.0.99")),
        "a stranger's answer": (FAR, ETH_ARP, arp(2, STRANGER, "10.0.0.77", "10.0.0.98")),
        "neither question nor answer": (FAR, ETH_ARP, arp(9, STRANGER, "10.0.0.77", "10.0.0.97")),
    }
    named = {name: ethernet(to, ours, kind, packet) for name, (to, kind, packet) in packets.items()}
    bridged = ipv4(UDP, "10.0.0.77", "10.0.0.52", CONTENT)
    return named | {"IPv4 of a bridged host": ethernet(FAR, STRANGER, ETH_IPV4, bridged)}


def peculiar_left_by(network: Network, capture: Capture) -> dict[str, str]:
    """By which port each of them left, and with which source."""
    sent = frames(network.macs()["bond0"])
    names = {frame[12:]: name for name, frame in sent.items()}
    told: dict[str, str] = {}
    with contextlib.closing(Sender(network.at("host"), "bond0")) as sender:
        for frame in sent.values():
            sender.send(frame)
    for _ in range(MOST_LOOK_COUNT):
        for found in capture.frames():
            if found.frame[12:] in names and not found.is_outgoing:
                source = short(found.frame[6:12])
                told[names[found.frame[12:]]] = f"{found.device} from {source}"
        if len(told) == len(sent):
            break
        time.sleep(LOOK_S)
    return {name: told.get(name, "nowhere") for name in sent}
