"""What the bond itself hears of a port may change while the port stays attached."""

from types import SimpleNamespace

import pytest
from holder import NoPump

from pybondd.effects import AttachPort, DetachPort, HearPort, Hears, SendFrame
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.executor import Executor
from pybondd.linux.journal import Journal
from pybondd.linux.netlink import Route
from pybondd.linux.packet_socket import PortSocket
from pybondd.linux.tap import Tap
from pybondd.wire.probe import arp_probe

pytestmark = pytest.mark.root

PROBE = arp_probe(bytes.fromhex("02000000ee03"), bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))


class NotingEars:
    """Remembers whose sockets are to be read."""

    def __init__(self):
        self.sockets = {}

    def listen(self, to):
        self.sockets[to.ifindex] = to

    def ignore(self, ifindex):
        del self.sockets[ifindex]


@pytest.fixture
def world(yard, tmp_path):
    host, peer = yard.namespace(), yard.namespace()
    yard.cable(host, "eth0", peer, "eth0")
    with host.entered(), Route() as route, Ethtool() as ethtool:
        world = SimpleNamespace(peer=peer, ears=NotingEars(), tap=Tap("bond0"))
        world.port = route.interface("eth0").ifindex
        world.executor = Executor(
            route=route,
            tap=world.tap,
            pump=NoPump(),
            journal=Journal(tmp_path / "bond0.json"),
            ethtool=ethtool,
            ears=world.ears,
        )
        yield world
        world.executor.close()
        world.tap.close()


def do(world, *wishes):
    assert [world.executor.execute(wish) for wish in wishes] == [0] * len(wishes)


def hears(world, frame):
    """Whether the frame, sent by the far end, comes in at the port's own socket."""
    ear = world.ears.sockets.get(world.port)
    if ear is None:
        return False
    with world.peer.entered(), Route() as route:
        far = PortSocket(route.interface("eth0").ifindex)
    far.send(frame)
    far.close()
    return frame in list(iter(ear.receive, None))


def test_a_port_is_heard_from_the_moment_that_is_asked_for_until_it_is_no_more(world):
    do(world, AttachPort(world.port))
    assert not hears(world, PROBE)
    do(world, HearPort(world.port, Hears.PROBES))
    assert hears(world, PROBE)
    do(world, HearPort(world.port, Hears.NOTHING))
    assert not hears(world, PROBE)


def test_what_is_heard_may_be_replaced_and_asked_for_twice(world):
    do(world, AttachPort(world.port, Hears.ARP))
    do(world, HearPort(world.port, Hears.PROBES), HearPort(world.port, Hears.PROBES))
    assert hears(world, PROBE)
    do(world, SendFrame(world.port, PROBE))


def test_a_port_that_leaves_is_heard_no_more(world):
    do(world, AttachPort(world.port), HearPort(world.port, Hears.PROBES), DetachPort(world.port))
    assert world.ears.sockets == {}
