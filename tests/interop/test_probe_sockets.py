"""What does a port's own socket hear for the ARP monitor?"""

import pytest

from pybondd.effects import Hears
from pybondd.linux.own_socket import OwnSocket
from pybondd.wire.announce import ipv6_frame, unsolicited_na
from pybondd.wire.ip import Ipv6
from pybondd.wire.probe import arp_probe, ns_probe

pytestmark = pytest.mark.root

SOURCE = bytes.fromhex("02000000ee02")
OURS4, TARGET4 = (bytes([10, 0, 0, last]) for last in (1, 2))
OURS6, TARGET6 = (bytes.fromhex("fd") + bytes(14) + bytes([last]) for last in (1, 2))


def tagged(frame):
    return frame[:12] + b"\x81\x00\x00\x0a" + frame[12:]


def ipv6(next_header, message):
    return ipv6_frame(SOURCE, Ipv6(OURS6, bytes.fromhex("ff02") + bytes(14), next_header, message))


HEARD = {
    "ARP": arp_probe(SOURCE, OURS4, TARGET4),
    "a solicitation": ns_probe(SOURCE, OURS6, TARGET6),
    "a solicitation from nowhere": ns_probe(SOURCE, None, TARGET6),
    "an advertisement": unsolicited_na(SOURCE, OURS6, is_router=False),
}
NOT_HEARD = {
    "IPv4": bytes([255] * 6) + SOURCE + b"\x08\x00" + bytes(46),
    "a ping of IPv6": ipv6(58, b"\x80" + bytes(15)),
    "a router's advertisement": ipv6(58, b"\x86" + bytes(15)),
    "a redirect": ipv6(58, b"\x89" + bytes(39)),
    "UDP that begins like a solicitation": ipv6(17, b"\x87" + bytes(15)),
    "an extension header before": ipv6(0, b"\x3a" + bytes(7) + b"\x87" + bytes(23)),
    "IPv6 that is cut off": ipv6(58, b"")[:50],
}


@pytest.fixture
def ear(cable):
    made = OwnSocket(cable.ifindex, Hears.PROBES)
    yield made
    made.close()


def heard_of(cable, ear, frame):
    """What came of one frame, with a last one behind it that is heard in any case."""
    last = HEARD["ARP"] + b"the last"
    cable.far.send(frame)
    cable.far.send(last)
    heard = [each for each in iter(ear.receive, None) if each[6:12] == SOURCE]
    assert heard[-1] == last
    return heard[:-1]


@pytest.mark.parametrize("frame", HEARD.values(), ids=HEARD)
def test_what_the_monitor_may_count_is_heard_with_and_without_a_tag(cable, ear, frame):
    assert heard_of(cable, ear, frame) == [frame]
    assert heard_of(cable, ear, tagged(frame)) == [frame]


@pytest.mark.parametrize("frame", NOT_HEARD.values(), ids=NOT_HEARD)
def test_nothing_else_is_heard(cable, ear, frame):
    assert heard_of(cable, ear, frame) == []
