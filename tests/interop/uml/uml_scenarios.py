"""Inside the guest: what happens to a bond, told the same way for both kinds of bond.

Every function takes `kind` first, returns JSON, and leaves nothing behind.
"""

import contextlib
import json
import re
import socket
import struct
import subprocess
import time

from uml_bonds import BONDS, KernelBond
from uml_frames import flow_of, is_tagged_udp, kind_of, number_of, numbered, udp_flow
from uml_world import HOST, WIRE, Capture, Seen, Sender, batch, cut, inside, mac, mend, shell, world

SETTLE_S = 0.25  # two monitor passes: 100 ms are 11 ticks at the guest's 100 Hz
MOST_LOOKS = 8  # no story has a delay of more than two seconds
BROADCAST = "ff:ff:ff:ff:ff:ff"
PEER = "02:00:00:00:00:fe"


@contextlib.contextmanager
def bonded(kind: str, port_count: int, **options: object):
    """A world with a bond of that kind over all its ports."""
    with world(port_count):
        bond = BONDS[kind]([f"eth{number}" for number in range(port_count)], **options)
        try:
            yield bond.enslave()
        finally:
            bond.down()


@contextlib.contextmanager
def watching(namespace: str, devices: list[str]):
    capture = Capture(namespace, devices)
    try:
        yield capture
    finally:
        capture.close()


def until_silence(capture: Capture, silence_s: float = 0.4) -> list[Seen]:
    """All frames until none has come for that long; a loaded machine is late, not silent."""
    seen = more = capture.wait(1, silence_s)
    while more:
        more = capture.wait(1, silence_s)
        seen += more
    return seen


def wires(port_count: int) -> list[str]:
    return [f"wire{number}" for number in range(port_count)]


def join(stack: contextlib.ExitStack, device: str, group: str) -> None:
    """A member of a multicast group until the stack unwinds."""
    with inside(HOST):
        index = socket.if_nametoindex(device)
        if ":" in group:
            member = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=i", index)
            member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        else:
            member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            request = socket.inet_aton(group) + struct.pack("=4xi", index)
            member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    stack.enter_context(member)


def announcements(
    kind: str, *, addresses: list[str], groups: list[list[str]], wait_s: float, **options: object
) -> dict:
    """Frames after the active port's cable is cut: [device, kind, octets], and the times."""
    options = {"mode": "active-backup", "miimon": 100, **options}
    with bonded(kind, 2, **options), contextlib.ExitStack() as held:
        batch(HOST, *addresses)
        for device, group in groups:
            join(held, device, group)
        capture = held.enter_context(watching(WIRE, wires(2)))
        time.sleep(SETTLE_S)
        capture.frames()
        moment = cut(0)
        time.sleep(wait_s)
        seen = [(found, kind_of(found.frame)) for found in capture.frames()]
        told = [(found, what) for found, what in seen if what != "other"]
        return {
            "frames": [[found.device, what, found.frame.hex()] for found, what in told],
            "at_ms": [round(1000 * (found.at_s - moment)) for found, _ in told],
        }


def announced_after(kind: str, *, happenings: list[str], **options: object) -> dict[str, list[str]]:
    """On which wires gratuitous ARPs came after each happening."""
    options = {"mode": "active-backup", "miimon": 100, "resend_igmp": 0, **options}
    told = {}
    with bonded(kind, 3, **options) as bond, watching(WIRE, wires(3)) as capture:
        batch(HOST, "addr add 10.1.0.1/24 dev bond0")
        for count, happening in enumerate(happenings, 1):
            time.sleep(SETTLE_S)
            capture.frames()
            happen(bond, happening)
            seen = [found for found in until_silence(capture) if kind_of(found.frame) == "garp"]
            told[f"{count}: {happening}"] = [found.device for found in seen]
    return told


def devices_after(
    kind: str, *, happenings: list[str], port_count: int = 3, **options: object
) -> dict[str, dict]:
    """MAC, MTU and administrative state of bond and ports at first and after each happening."""
    told = {}
    with bonded(kind, port_count, miimon=100, **options) as bond:
        time.sleep(SETTLE_S)
        told["at first"] = devices_now()
        for count, happening in enumerate(happenings, 1):
            happen(bond, happening)
            time.sleep(SETTLE_S)
            told[f"{count}: {happening}"] = devices_now()
    return told


def devices_now() -> dict[str, str]:
    links = json.loads(shell("ip -j link", HOST))
    return {
        link[
            "ifname"
        ]: f"{link['address']} {link['mtu']} {'up' if 'UP' in link['flags'] else 'down'}"
        for link in links
        if link["ifname"] != "lo"
    }


def happen(bond, happening: str) -> None:
    """One line of a scenario's story: a cable, an act on the bond, or an `ip` command's words."""
    word, *rest = happening.split()
    acts = {
        "cut": lambda: cut(int(rest[0])),
        "mend": lambda: mend(int(rest[0])),
        "add": lambda: bond.add(rest[0]),
        "remove": lambda: bond.remove(rest[0]),
        "write": lambda: bond.set(rest[0], rest[1]),
        "wait": lambda: time.sleep(float(rest[0])),
    }
    acts.get(word, lambda: batch(HOST, happening))()


def proc_texts(
    kind: str, *, happenings: list[str], port_count: int = 2, **options: object
) -> dict[str, str]:
    """The status file at first and after each happening."""
    told = {}
    with bonded(kind, port_count, **options) as bond:
        told["at first"] = at_rest(bond)
        for count, happening in enumerate(happenings, 1):
            happen(bond, happening)
            told[f"{count}: {happening}"] = at_rest(bond)
    return told


def at_rest(bond) -> str:
    """The status file once no port waits for a delay: in between, the moment decides."""
    time.sleep(SETTLE_S)
    for _ in range(MOST_LOOKS):
        text = bond.proc()
        if "going" not in text:
            break
        time.sleep(SETTLE_S)
    return text


SUPPRESSION_FRAMES = {
    "unicast to the bond": mac(0),
    "unicast to another": "02:00:00:00:00:77",
    "broadcast": BROADCAST,
    "multicast": "01:00:5e:01:01:01",
    "bridge group 00": "01:80:c2:00:00:00",
    "slow protocols 02": "01:80:c2:00:00:02",
    "lldp 0e": "01:80:c2:00:00:0e",
    "bridge group 0f": "01:80:c2:00:00:0f",
    "bridge group 10": "01:80:c2:00:00:10",
}


def suppression(kind: str, *, port: int, **options: object) -> dict[str, int]:
    """How many copies of each frame kind, put on one wire, come up at bond0."""
    with (
        bonded(kind, 2, miimon=100, **options),
        watching(HOST, ["bond0"]) as above,
        contextlib.closing(Sender(WIRE, f"wire{port}")) as sender,
    ):
        time.sleep(SETTLE_S)
        for number, to in enumerate(SUPPRESSION_FRAMES.values()):
            sender.send(numbered(to, PEER, number))
        time.sleep(SETTLE_S)
        numbers = [number_of(found.frame) for found in above.frames()]
    return {name: numbers.count(number) for number, name in enumerate(SUPPRESSION_FRAMES)}


def spreading(
    kind: str, *, count: int, happenings: list[str], flows: bool, **options: object
) -> dict[str, list[int]]:
    """Which frames leave on which wire, after the happenings."""
    make, name = (udp_flow, flow_of) if flows else (numbered, number_of)
    with (
        bonded(kind, 3, miimon=100, **options) as bond,
        watching(WIRE, wires(3)) as capture,
        contextlib.closing(Sender(HOST, "bond0")) as sender,
    ):
        time.sleep(SETTLE_S)
        for happening in happenings:
            happen(bond, happening)
            time.sleep(SETTLE_S)
        capture.frames()
        for number in range(count):
            sender.send(make(PEER, mac(0), number))
        time.sleep(SETTLE_S)
        seen = capture.frames()
    return {
        wire: [
            name(found.frame)
            for found in seen
            if found.device == wire and name(found.frame) is not None
        ]
        for wire in wires(3)
    }


PING = re.compile(r"(\d+) packets transmitted, (\d+) received(?:, \+(\d+) duplicates)?")


def ping_to_a_kernel_bond(
    kind: str, *, port_count: int, vlan: int | None, size_octets: int, **options: object
) -> dict[str, int]:
    """Sent, received and duplicate pings from a bond to one of the kernel's at the far ends."""
    with bonded(kind, port_count, miimon=100, **options):
        far = KernelBond(wires(port_count), namespace=WIRE, miimon=100, **options).enslave()
        for namespace, number in ((HOST, 1), (WIRE, 2)):
            give_address(namespace, f"10.1.0.{number}/24", vlan)
        time.sleep(SETTLE_S)
        command = f"ping -c 10 -i 0.02 -W 2 -s {size_octets} 10.1.0.2"
        prefix = ["ip", "netns", "exec", HOST]
        said = subprocess.run([*prefix, *command.split()], capture_output=True, text=True).stdout
        far.down()
    sent, received, duplicates = PING.search(said).groups(default="0")
    return {"sent": int(sent), "received": int(received), "duplicates": int(duplicates)}


def give_address(namespace: str, address: str, vlan: int | None) -> None:
    if vlan is None:
        batch(namespace, f"addr add {address} dev bond0")
        return
    batch(
        namespace,
        f"link add link bond0 name bond0.{vlan} type vlan id {vlan}",
        f"addr add {address} dev bond0.{vlan}",
        f"link set bond0.{vlan} up",
    )


def vlan_spreading(kind: str, *, vlan: int, count: int, **options: object) -> dict[str, list[int]]:
    """On which wire the datagrams of flows leave that come through a VLAN device on the bond."""
    with bonded(kind, 3, miimon=100, **options), watching(WIRE, wires(3)) as capture:
        give_address(HOST, "10.1.0.1/24", vlan)
        batch(HOST, f"neigh add 10.1.0.9 lladdr {PEER} dev bond0.{vlan} nud permanent")
        time.sleep(SETTLE_S)
        capture.frames()
        with inside(HOST):
            for number in range(count):
                # Not connected: a connected socket gives its frames a hash of its own.
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flow:
                    flow.bind(("10.1.0.1", 20000 + 3 * number))
                    flow.sendto(b"flow", ("10.1.0.9", 100 + number))
        time.sleep(SETTLE_S)
        seen = [found for found in capture.frames() if is_tagged_udp(found.frame, vlan)]
    return {
        wire: [
            int.from_bytes(found.frame[40:42], "big") - 100
            for found in seen
            if found.device == wire
        ]
        for wire in wires(3)
    }
