"""With broadcast_neighbor both cables of an LACP bond carry its ARP, and one carries the rest."""

import socket

import pytest
from lacp_pair import lacp_pair
from lacp_wire import listener
from netns import eventually

pytestmark = pytest.mark.root

MACS = bytes.fromhex("ffffffffffff 020000abcdef")
ARP = MACS + b"\x08\x06" + bytes.fromhex("0001080006040001") + bytes(38)
SOLICITATION = MACS + b"\x86\xdd\x60" + bytes(5) + b"\x3a\xff" + bytes(32) + b"\x87" + bytes(23)
TAGGED_ARP = ARP[:12] + b"\x81\x00\x00\x05" + ARP[12:]
UDP = MACS + b"\x08\x00\x45\x00\x00\x2e" + bytes(5) + b"\x11" + bytes(36)
COUNT = 5


@pytest.fixture
def pair(yard, tmp_path):
    with lacp_pair(yard, tmp_path) as built:
        yield built


def seen_on_cables(pair, frame):
    """How often each cable's far end hears a frame that the near host sends COUNT times."""
    with pair.peer.entered():
        ends = [listener(name) for name in ("p0", "p1")]
    with pair.host.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind(("bond0", 0))
        for _ in range(COUNT):
            raw.send(frame)
    polls = [[0, 0]]

    def is_silent():
        """Nothing in three polls in a row, 20 ms from each other, after enough was heard."""
        polls.append([heard_by(end, frame) for end in ends])
        return sum(map(sum, polls)) >= COUNT and not any(map(sum, polls[-3:]))

    assert eventually(is_silent), polls
    for end in ends:
        end.close()
    return sorted(map(sum, zip(*polls, strict=True)))


def heard_by(end, frame):
    """How many of those waiting are this frame, be its tag in it or taken out by the kernel."""
    count = 0
    while True:
        try:
            count += end.recv(2048)[-len(ARP) + 14 :] == frame[-len(ARP) + 14 :]
        except BlockingIOError:
            return count


@pytest.mark.parametrize(
    "frame", [ARP, TAGGED_ARP, SOLICITATION], ids=["ARP", "ARP with a tag", "solicitation"]
)
def test_both_cables_carry_neighbour_discovery_while_the_option_is_on(pair, frame):
    pair.aggregate()
    one, both = [0, COUNT], [COUNT, COUNT]
    assert seen_on_cables(pair, frame) == one
    pair.near.done("set", "bond0", "broadcast_neighbor=on")
    assert seen_on_cables(pair, frame) == both
    assert seen_on_cables(pair, UDP) == one
    pair.near.done("set", "bond0", "broadcast_neighbor=off")
    assert seen_on_cables(pair, frame) == one


def test_a_cut_cable_leaves_one_copy(pair):
    pair.aggregate()
    pair.near.done("set", "bond0", "broadcast_neighbor=on")
    pair.host.ip("link set eth0 down")
    assert eventually(lambda: pair.near.states()[0][3:6] != "SCD")
    assert seen_on_cables(pair, ARP) == [0, COUNT]
