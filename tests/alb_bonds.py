"""Bonds in balance-tlb and balance-alb to begin a test with, and ARP to feed them."""

from bonds import CUT, UP, bond_with, frames, link, run

from pybondd.events import HostFrame, HostFrames, PortFrame
from pybondd.units import milliseconds
from pybondd.wire import ethertypes
from pybondd.wire.arp import Arp, ArpOperation, build_arp, parse_arp
from pybondd.wire.ethernet import (
    BROADCAST,
    NO_ADDRESS,
    EthernetHeader,
    build_header,
    take_tag,
    with_tags,
)

OURS = bytes([10, 0, 0, 1])
MS = milliseconds(1)


def client_ip(number):
    return bytes([10, 0, 0, 10 + number])


def client_mac(number):
    return bytes.fromhex("02000000") + bytes([0xC0, number])


def alb(*ifindices, **options):
    """A bond whose MAC is that of its first port, as when no user gave it one."""
    return bond_with("balance-alb", *ifindices, **options)


def tlb(*ifindices, **options):
    return bond_with("balance-tlb", *ifindices, **options)


def arp_frame(arp, *, to, source, tags=()):
    header = build_header(EthernetHeader(to, source, ethertypes.ARP))
    return with_tags(header + build_arp(arp), tags)


def reply_to(bond, number, *, our_ip=OURS, tags=()):
    """What our host answers to a client that asked."""
    ours = bond.state.mac
    arp = Arp(ArpOperation.REPLY, ours, our_ip, client_mac(number), client_ip(number))
    return arp_frame(arp, to=client_mac(number), source=ours, tags=tags)


def request_for(bond, ip, *, our_ip=OURS):
    """What our host asks."""
    arp = Arp(ArpOperation.REQUEST, bond.state.mac, our_ip, NO_ADDRESS, ip)
    return arp_frame(arp, to=BROADCAST, source=bond.state.mac)


def host_sends(bond, frame, *, now_ms=0):
    return frames(bond.handle(HostFrames((HostFrame(frame),)), now=now_ms * MS))


def hear(bond, ifindex, frame, *, now_ms=0):
    return bond.handle(PortFrame(ifindex, frame), now=now_ms * MS)


def meet(bond, *numbers):
    """Each client has asked and gets our host's answer; the port of each, by number."""
    return {number: host_sends(bond, reply_to(bond, number))[0][0] for number in numbers}


def shown(frame):
    """The ARP in a frame."""
    return parse_arp(take_tag(frame)[0][14:])


def told(effects_at):
    """(ms, port, client's IP, our MAC) of each ARP the bond sent, of what `run` gave."""
    found = []
    for at_ms, effect in effects_at:
        for ifindex, frame in frames([effect]):
            if int.from_bytes(take_tag(frame)[0][12:14], "big") == ethertypes.ARP:
                arp = shown(frame)
                found.append((at_ms, ifindex, arp.target_ip, arp.sender_mac))
    return found


def cut(bond, ifindex, *, now_ms):
    return link(bond, ifindex, CUT, now=now_ms * MS)


def repair(bond, ifindex, *, now_ms):
    return link(bond, ifindex, UP, now=now_ms * MS)


def ports_of(bond):
    """Index of each client's port, by the client's IP."""
    walk = bond.mode.receive.clients.walk()
    return {client.ip: client.port.ifindex if client.port else None for client in walk}


def settled(bond, until_ms=10_000):
    """All that was due is told."""
    run(bond, until_ms)
    assert not bond.mode.receive.is_update_due
    return bond
