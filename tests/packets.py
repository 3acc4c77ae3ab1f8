"""Frames by structure: one short function per header, and a table of named frames."""

from itertools import product

from pybondd.wire import ethertypes as types
from pybondd.wire import protocols

MACS = bytes.fromhex("020000ccdd07020000aabb91")
PAYLOAD = bytes(range(0xC1, 0xD9))


def words(*numbers):
    """Numbers as 16-bit words."""
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def ethernet(ethertype, payload=PAYLOAD):
    return MACS + words(ethertype) + payload


def vlan(tci, ethertype, payload=PAYLOAD):
    """What follows the type 0x8100."""
    return words(tci, ethertype) + payload


def ipv4(protocol, payload=PAYLOAD, *, header_words=5, fragment=0, addresses="c0a87b0d0a4d11e6"):
    options = bytes([0x94, 0x04, 0x99, 0x05]) * max(0, header_words - 5)
    fixed = bytes([0x40 | header_words, 0x2E]) + words(
        20 + len(options + payload), 0x9A3B, fragment
    )
    return fixed + bytes([63, protocol, 0xA7, 0x31]) + bytes.fromhex(addresses) + options + payload


def ipv6(next_header, payload=PAYLOAD):
    source = bytes.fromhex("20010db8a1b2c3d4e5f60718293a4b5c")
    destination = bytes.fromhex("fd00112233445566778899aabbccddee")
    head = bytes.fromhex("6a51e72b") + words(len(payload)) + bytes([next_header, 61])
    return head + source + destination + payload


def extension(next_header, payload=PAYLOAD, *, units=0):
    """An extension header of 8 * (1 + units) octets."""
    filling = bytes(number & 0xFF for number in range(0x11, 0x17 + 8 * units))
    return bytes([next_header, units]) + filling + payload


def fragment6(next_header, payload=PAYLOAD, *, offset=0):
    return bytes([next_header, 0]) + words(offset, 0x1234, 0x5678) + payload


def ports(source=0x9C41, destination=0x0350):
    """The first eight octets of UDP, near enough to those of TCP."""
    return words(source, destination, 0x0123, 0x4567)


def authentication(payload=b""):
    return bytes([protocols.TCP, 4, 0, 0]) + bytes.fromhex("5577889911223344") + payload


def icmp(kind, payload=b"", *, code=3, identifier=0x1B2C):
    return bytes([kind, code]) + words(0xBEEF, identifier, 0x0507) + payload


def gre(flags, ethertype, payload=PAYLOAD):
    """GRE with each optional field that its flags announce."""
    announced = [flag for flag in (0x8000, 0x2000, 0x1000, 0x0080) if flags & flag]
    fields = b"".join(words(0xE0E1, flag | 0x4243) for flag in announced)
    return words(flags, ethertype) + fields + payload


def ppp(protocol, payload=PAYLOAD):
    return words(0xFF03, protocol) + payload


def pppoe(protocol, payload=PAYLOAD, *, version=0x11, code=0):
    return bytes([version, code]) + words(0x0005, 2 + len(payload), protocol) + payload


def batman(ethertype, payload=PAYLOAD, *, kind=0x40, version=15):
    return bytes([kind, version]) + PAYLOAD[:8] + MACS + words(ethertype) + payload


def redundancy(ethertype, payload=PAYLOAD):
    return words(0x0044, 0x0101, ethertype) + payload


TCP4 = ipv4(protocols.TCP, ports())
UDP6 = ipv6(protocols.UDP, ports())
INNER4 = ipv4(protocols.UDP, ports(0x7777, 0x1112), addresses="ac1005f6ac1fe8d1")
OPTIONS = protocols.DESTINATION_OPTIONS


def nested_extensions(count, innermost, payload):
    packet = payload
    for depth in range(count):
        packet = extension(OPTIONS if depth else innermost, packet)
    return ipv6(OPTIONS if count else innermost, packet)


def nested_tunnels(count):
    packet = INNER4
    for _ in range(count):
        packet = ipv4(protocols.IPV4, packet)
    return packet


def link_layer_frames():
    yield "llc", MACS + words(38) + bytes.fromhex("424203") + PAYLOAD
    for name, ethertype in vars(types).items():
        if name.isupper():
            yield f"bare-{name.lower()}", ethernet(ethertype, PAYLOAD * 2)
            yield f"around-{name.lower()}", ethernet(ethertype ^ 1, PAYLOAD * 2)
    yield "pppoe-ipv4", ethernet(types.PPPOE_SESSION, pppoe(0x0021, TCP4))
    yield "pppoe-ipv6", ethernet(types.PPPOE_SESSION, pppoe(0x0057, UDP6))
    for protocol in (0x0281, 0x0283, 0xC021, 0x00FD, 0x0020, 0x0121, 0x0120, 0x0100):
        yield f"pppoe-{protocol:04x}", ethernet(types.PPPOE_SESSION, pppoe(protocol))
    yield "pppoe-version", ethernet(types.PPPOE_SESSION, pppoe(0x0021, TCP4, version=0x21))
    yield "pppoe-code", ethernet(types.PPPOE_SESSION, pppoe(0x0021, TCP4, code=9))
    yield "hsr-ipv4", ethernet(types.HSR, redundancy(types.IPV4, TCP4))
    yield "prp-ipv6", ethernet(types.PRP, redundancy(types.IPV6, UDP6))
    yield "hsr-hsr", ethernet(types.HSR, redundancy(types.HSR, redundancy(types.IPV4, TCP4)))
    yield "batman-ipv4", ethernet(types.BATMAN, batman(types.IPV4, TCP4))
    yield "batman-broadcast", ethernet(types.BATMAN, batman(types.IPV4, TCP4, kind=1))
    yield "batman-version", ethernet(types.BATMAN, batman(types.IPV4, TCP4, version=14))
    yield "vlan-ipv4", ethernet(types.VLAN, vlan(0x6064, types.IPV4, TCP4))
    yield "service-vlan-ipv6", ethernet(types.SERVICE_VLAN, vlan(0x0800, types.IPV6, UDP6))
    # An inner tag is read where the IP header should be: its total length names the next header.
    arp = bytes.fromhex("00010800") + ipv4(protocols.TCP, ports())
    yield "vlan-arp-like", ethernet(types.VLAN, vlan(100, types.ARP, arp))
    yield "vlan-vlan", ethernet(types.VLAN, vlan(100, types.SERVICE_VLAN, vlan(20, types.ARP, arp)))


def frames_of_every_protocol():
    for protocol in range(256):
        yield f"ipv4-protocol-{protocol}", ethernet(types.IPV4, ipv4(protocol))
        yield f"ipv6-protocol-{protocol}", ethernet(types.IPV6, ipv6(protocol))


def network_frames():
    for header_words in (0, 1, 4, 5, 6, 15):
        packet = ipv4(protocols.TCP, ports(), header_words=header_words)
        yield f"ipv4-words-{header_words}", ethernet(types.IPV4, packet)
    for fragment in (0x8000, 0x4000, 0x2000, 0x2001, 1, 0x0100, 0x1000, 0x1FFF):
        for protocol, payload in ((protocols.UDP, ports()), (protocols.ICMP, icmp(8))):
            packet = ipv4(protocol, payload, fragment=fragment)
            yield f"ipv4-fragment-{fragment:04x}-{protocol}", ethernet(types.IPV4, packet)
    yield "ipv4-ah", ethernet(types.IPV4, ipv4(protocols.AUTHENTICATION, authentication(ports())))
    yield "ipv6-ah", ethernet(types.IPV6, ipv6(protocols.AUTHENTICATION, authentication(ports())))
    for kind in (protocols.HOP_BY_HOP, protocols.ROUTING, OPTIONS):
        for units in (0, 1, 2, 255):
            packet = ipv6(kind, extension(protocols.TCP, ports(), units=units))
            yield f"ipv6-extension-{kind}-{units}", ethernet(types.IPV6, packet)
        in_ipv4 = ipv4(kind, extension(protocols.TCP, ports()))
        yield f"ipv4-extension-{kind}", ethernet(types.IPV4, in_ipv4)
    for offset in (0, 1, 8):
        packet = ipv6(protocols.FRAGMENT, fragment6(protocols.TCP, ports(), offset=offset))
        yield f"ipv6-fragment-{offset}", ethernet(types.IPV6, packet)
    behind = extension(protocols.FRAGMENT, fragment6(protocols.TCP, ports()))
    yield "ipv6-extension-fragment", ethernet(types.IPV6, ipv6(OPTIONS, behind))
    yield "ipv4-fragment-header", ethernet(types.IPV4, ipv4(protocols.FRAGMENT, fragment6(6)))
    for count in (1, 2, 13, 14, 15, 16, 17):
        packet = nested_extensions(count, protocols.TCP, ports())
        yield f"ipv6-extensions-{count}", ethernet(types.IPV6, packet)
        packet = nested_extensions(count, protocols.ICMPV6, icmp(128))
        yield f"ipv6-extensions-{count}-echo", ethernet(types.IPV6, packet)


def icmp_frames():
    embedded = {
        protocols.ICMP: (types.IPV4, ipv4, TCP4),
        protocols.ICMPV6: (types.IPV6, ipv6, UDP6),
    }
    for protocol, (ethertype, ip, packet) in embedded.items():
        for kind in (*range(20), 42, *range(126, 138)):
            for identifier in (0, 0x1B2C):
                message = icmp(kind, packet, identifier=identifier)
                yield (
                    f"icmp{protocol}-{kind}-{identifier}",
                    ethernet(ethertype, ip(protocol, message)),
                )
    for name, protocol, ethertype, ip in (
        ("icmp-in-ipv6", protocols.ICMP, types.IPV6, ipv6),
        ("icmpv6-in-ipv4", protocols.ICMPV6, types.IPV4, ipv4),
    ):
        for kind in (1, 3, 8, 128):
            packet = ip(protocol, icmp(kind, ip(protocols.TCP, ports())))
            yield f"{name}-{kind}", ethernet(ethertype, packet)
    inner = {
        "fragment": ipv4(protocols.UDP, ports(), fragment=0x2000),
        "echo": ipv4(protocols.ICMP, icmp(8)),
        "error": ipv4(protocols.ICMP, icmp(3, TCP4)),
        "options": ipv4(protocols.UDP, ports(), header_words=7),
    }
    for name, packet in inner.items():
        yield f"icmp-error-{name}", ethernet(types.IPV4, ipv4(protocols.ICMP, icmp(3, packet)))
    echoes = ipv6(protocols.ICMPV6, icmp(128))
    yield "icmpv6-error-echo", ethernet(types.IPV6, ipv6(protocols.ICMPV6, icmp(2, echoes)))


def tunnel_frames():
    gre_flags = (0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 0x0080)
    for chosen in product((0, 1), repeat=len(gre_flags)):
        for version in (0, 1, 2, 5):
            bits = zip(gre_flags, chosen, strict=True)
            flags = version | sum(flag for flag, is_set in bits if is_set)
            inside = ppp(0x0021, INNER4) if version == 1 else INNER4
            ethertype = types.PPP_IN_GRE if version == 1 else types.IPV4
            packet = ipv4(protocols.GRE, gre(flags, ethertype, inside))
            yield f"gre-{flags:04x}", ethernet(types.IPV4, packet)
    for name, packet in {
        "gre-ipv6": gre(0, types.IPV6, UDP6),
        "gre-ppp-version0": gre(0x2000, types.PPP_IN_GRE, ppp(0x0021, INNER4)),
        "gre-version1-no-ppp": gre(0x2001, types.IPV4, INNER4),
        "gre-version1-ipv6": gre(0x3081, types.PPP_IN_GRE, ppp(0x0057, UDP6)),
        "gre-version1-lcp": gre(0x3081, types.PPP_IN_GRE, ppp(0xC021)),
        "gre-ethernet": gre(0x2000, types.TRANSPARENT_ETHERNET, ethernet(types.IPV4, INNER4)),
        "gre-ethernet-arp": gre(0, types.TRANSPARENT_ETHERNET, ethernet(types.ARP)),
        "gre-ethernet-vlan": gre(
            0, types.TRANSPARENT_ETHERNET, ethernet(types.VLAN, vlan(0x0645, types.IPV4, INNER4))
        ),
        "gre-ethernet-vlan-vlan": gre(
            0,
            types.TRANSPARENT_ETHERNET,
            ethernet(types.VLAN, vlan(0x45, types.VLAN, vlan(7, types.IPV4, INNER4))),
        ),
        "gre-pppoe": gre(0, types.PPPOE_SESSION, pppoe(0x0021, INNER4)),
        # ARP needs nothing behind its type: these end exactly where their last header does.
        "gre-key-arp": gre(0x2000, types.ARP, b""),
        "gre-ethernet-arp-only": gre(0, types.TRANSPARENT_ETHERNET, ethernet(types.ARP, b"")),
        "gre-vlan-arp": gre(0, types.VLAN, vlan(100, types.ARP, b"")),
        "gre-hsr-arp": gre(0, types.HSR, redundancy(types.ARP, b"")),
        "gre-batman-arp": gre(0, types.BATMAN, batman(types.ARP, b"")),
        "gre-tipc": gre(0, types.TIPC, PAYLOAD),
        "gre-unknown": gre(0, 0x1234),
    }.items():
        yield name, ethernet(types.IPV4, ipv4(protocols.GRE, packet))
        yield f"{name}-over-ipv6", ethernet(types.IPV6, ipv6(protocols.GRE, packet))
        behind = extension(protocols.GRE, packet)
        yield f"{name}-over-extension", ethernet(types.IPV6, ipv6(OPTIONS, behind))
    yield "ipip", ethernet(types.IPV4, ipv4(protocols.IPV4, INNER4))
    yield "6in4", ethernet(types.IPV4, ipv4(protocols.IPV6, UDP6))
    yield "4in6", ethernet(types.IPV6, ipv6(protocols.IPV4, INNER4))
    yield "6in6", ethernet(types.IPV6, ipv6(protocols.IPV6, UDP6))
    # Behind an IPv4 header inside IPv6, extension headers are not extension headers any more.
    options_in_ipv4 = ipv4(OPTIONS, extension(protocols.TCP, ports()))
    yield "4in6-options", ethernet(types.IPV6, ipv6(protocols.IPV4, options_in_ipv4))
    options_in_ipv6 = ipv6(OPTIONS, extension(protocols.TCP, ports()))
    yield "6in4-options", ethernet(types.IPV4, ipv4(protocols.IPV6, options_in_ipv6))
    fragment = ipv4(protocols.UDP, ports(), fragment=0x2000)
    yield "ipip-fragment", ethernet(types.IPV4, ipv4(protocols.IPV4, fragment))
    for count in (2, 13, 14, 15, 16, 17):
        yield f"ipip-{count}", ethernet(types.IPV4, nested_tunnels(count))


FAMILIES = {
    "link-layer": dict(link_layer_frames()),
    "every-protocol": dict(frames_of_every_protocol()),
    "network": dict(network_frames()),
    "icmp": dict(icmp_frames()),
    "tunnel": dict(tunnel_frames()),
}
"""Every header of core dissection at least once: family, then name, then octets."""
