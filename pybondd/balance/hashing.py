"""Which number decides the port that a frame leaves by?

Six policies, each bit-exact with the kernel (Linux 6.12 bond_main.c bond_xmit_hash). The port is
`tx_ports[hash % len(tx_ports)]`; only layer3+4 and encap3+4 give up a bit at the end.

A frame comes with its outermost VLAN tag already taken out and given beside it, because that is
how the driver gets it from a VLAN interface above the bond: the tag travels outside the octets, and
the hash sees the inner EtherType. A second tag stays inside and makes the frame opaque.

An L4 hash that the kernel's own TCP sockets attach to their packets, and that encap3+4 would take
as it is, does not come through a TAP; we always compute.
"""

from pybondd.balance.dissect import ETHERNET_HEADER_OCTETS, Flow, dissect_plain
from pybondd.balance.encap import dissect_encapsulated
from pybondd.balance.words import be16
from pybondd.forwarding import HashPolicy


def transmit_hash(policy: HashPolicy, frame: bytes, tci: int = 0) -> int:
    """The unsigned 32-bit transmit hash of a frame.

    `frame` starts at the Ethernet header. `tci` is the whole 16-bit control field, priority and
    all, of the tag that was taken out, or 0. A frame shorter than an Ethernet header gives 0.
    """
    if len(frame) < ETHERNET_HEADER_OCTETS:
        return 0
    if policy is HashPolicy.LAYER2:
        return layer2_word(frame)
    if policy is HashPolicy.VLAN_SRCMAC:
        return tag_and_source_word(frame, tci)
    flow = dissected(policy, frame, tci)
    if flow is None:
        return layer2_word(frame)
    if policy in (HashPolicy.LAYER23, HashPolicy.ENCAP23):
        return fold(layer2_word(frame) ^ flow.addresses)
    return fold((flow.icmp_word or flow.ports) ^ flow.addresses) >> 1


def dissected(policy: HashPolicy, frame: bytes, tci: int) -> Flow | None:
    """What this policy's dissection finds, or None if it does not understand the frame."""
    if policy in (HashPolicy.ENCAP23, HashPolicy.ENCAP34):
        return dissect_encapsulated(frame, has_tag_outside=tci != 0)
    return dissect_plain(frame)


def layer2_word(frame: bytes) -> int:
    """The last octets of both addresses and the EtherType. Linux 6.12 bond_main.c bond_eth_hash."""
    return frame[5] ^ frame[11] ^ be16(frame, 12)


def tag_and_source_word(frame: bytes, tci: int) -> int:
    """The tag and both halves of the source address. Linux 6.12 bond_vlan_srcmac_hash.

    Priority and drop-eligible bits count: two classes of one VLAN may take different ports.
    """
    vendor = int.from_bytes(frame[6:9], "big")
    device = int.from_bytes(frame[9:12], "big")
    return tci ^ vendor ^ device


def fold(word: int) -> int:
    """Let the high octets reach the low ones, which a modulo by few ports mostly looks at.

    Linux 6.12 bond_main.c bond_ip_hash.
    """
    word ^= word >> 16
    return word ^ word >> 8
