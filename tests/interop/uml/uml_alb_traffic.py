"""Inside the guest: by which port flows leave a balancing bond, and what each port lets in."""

import contextlib
import socket
import struct
import time

from uml_frames import ETH_IPV4, checksum, ethernet
from uml_network import Network, address_of, mac_of
from uml_words import short
from uml_world import Capture, Seen, Sender, batch, inside, wait_for_calm

PORT = 7000
UDP = 17
# Far stations that only the host's table knows. No two have the same last octet, in IP or MAC.
FAR_NUMBERS = (0x21, 0x22, 0x23, 0x24, 0x25, 0x26)
CONTENT = bytes(1200)
LOOK_S = 0.05
MOST_LOOK_COUNT = 100
SETTLE_S = 0.4


def meet_far_stations(network: Network) -> None:
    """The host knows the MACs of all far stations for good."""
    batch(
        network.at("host"),
        *(
            f"neigh replace 10.0.0.{number} lladdr 02:00:00:00:0f:{number:02x} "
            "dev bond0 nud permanent"
            for number in FAR_NUMBERS
        ),
    )


def send_flows(network: Network, counts: tuple[int, ...]) -> None:
    """So many datagrams to each of the far stations."""
    with inside(network.at("host")), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind((address_of("host"), PORT))
        for number, count in zip(FAR_NUMBERS, counts, strict=True):
            for _ in range(count):
                sending.sendto(CONTENT, (f"10.0.0.{number}", PORT))


def left_by(capture: Capture, frame_count: int) -> tuple[dict[str, dict[str, int]], list[Seen]]:
    """Of each flow, how many frames left by which port with which source; and all that was seen."""
    seen: list[Seen] = []
    for _ in range(MOST_LOOK_COUNT):
        seen += capture.frames()
        if sum(is_flow(found.frame) and not found.is_outgoing for found in seen) >= frame_count:
            break
        time.sleep(LOOK_S)
    told: dict[str, dict[str, int]] = {}
    for found in seen:
        if is_flow(found.frame) and not found.is_outgoing:
            flow = told.setdefault(f"to {short(found.frame[:6])}", {})
            way = f"{found.device} from {short(found.frame[6:12])}"
            flow[way] = flow.get(way, 0) + 1
    return told, seen


def is_flow(frame: bytes) -> bool:
    """Is this one of the datagrams sent here, untagged?"""
    return (
        frame[12:14] == struct.pack("!H", ETH_IPV4)
        and frame[23] == UDP
        and frame[36:38] == struct.pack("!H", PORT)
    )


def let_in(network: Network) -> dict[str, list[str]]:
    """By each port, what of all that its cable brings comes to a socket of the host.

    Each frame goes to the host's IP address, and differs in the MAC it is sent to.
    """
    macs = {"the bond's": network.macs()["bond0"]}
    macs |= {
        f"that of {port} at first": mac_of("host", at) for at, port in enumerate(network.ports)
    }
    macs |= {"a stranger's": "02:00:00:00:00:77", "all": "ff:ff:ff:ff:ff:ff"}
    told = {}
    with inside(network.at("host")):
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listening:
        listening.bind(("0.0.0.0", PORT))
        listening.setblocking(False)
        for wire in network.wires:
            with contextlib.suppress(OSError):  # a wire that is down takes nothing
                put_on_wire(network, wire, macs)
            time.sleep(SETTLE_S)
            wait_for_calm()
            told[wire] = sorted(received(listening))
    return told


def put_on_wire(network: Network, wire: str, macs: dict[str, str]) -> None:
    with contextlib.closing(Sender(network.at("switch"), wire)) as sender:
        for name, mac in macs.items():
            sender.send(datagram(mac, address_of("host"), name))
        sender.send(datagram("01:00:5e:00:00:01", "224.0.0.1", "all hosts'"))


def datagram(to: str, ip: str, words: str) -> bytes:
    """A frame of the first client with a datagram for the host, whose content is words."""
    content = struct.pack("!HHHH", PORT, PORT, 8 + len(words), 0) + words.encode()
    return ethernet(to, mac_of("c1"), ETH_IPV4, ipv4(UDP, address_of("c1"), ip, content))


def ipv4(protocol: int, source: str, target: str, content: bytes) -> bytes:
    """A packet without options."""
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), 0, 0, 64, protocol, 0) + ends
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + content


def received(listening: socket.socket) -> list[str]:
    words = []
    with contextlib.suppress(BlockingIOError):
        while True:
            words.append(listening.recv(2048).decode())
    return words
