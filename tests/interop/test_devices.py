"""The TAP device, the packet socket and the driver's answers are as the bond relies on."""

import errno
import fcntl
import os

import pytest

from pybondd.linux.errors import LinuxError
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.netlink import Route
from pybondd.linux.packet_socket import PortSocket
from pybondd.linux.tap import Tap
from pybondd.port import Duplex, LinkFacts

pytestmark = pytest.mark.root


@pytest.fixture
def host(yard):
    host, peer = yard.namespace(), yard.namespace()
    yard.cable(host, "eth0", peer, "eth0")
    host.peer = peer
    with host.entered(), Route() as host.route:
        yield host


@pytest.fixture
def tap(host):
    made = Tap("bond0")
    yield made
    made.close()


@pytest.fixture
def ethtool(host):
    with Ethtool() as opened:
        yield opened


# -- the TAP device ---------------------------------------------------------------------------


def test_a_new_tap_has_no_carrier_until_it_is_given_one(host, tap):
    host.route.set_up(tap.ifindex, True)
    assert not host.route.interface("bond0").has_carrier
    tap.set_carrier(True)
    assert host.route.interface("bond0").has_carrier
    tap.set_carrier(False)
    assert not host.route.interface("bond0").has_carrier


def test_the_taps_descriptor_is_private_and_never_blocks(tap):
    assert not os.get_inheritable(tap.fileno())
    assert fcntl.fcntl(tap.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK


def test_the_host_hands_the_tap_super_frames_and_unfinished_checksums(host, tap):
    shown = host.run("ethtool", "-k", "bond0")
    assert "tx-checksumming: on" in shown
    assert "tx-tcp-segmentation: on" in shown
    assert "tx-tcp6-segmentation: on" in shown


def test_a_closed_tap_is_gone(host):
    Tap("bond7").close()
    with pytest.raises(LinuxError, match="bond7"):
        host.route.interface("bond7")


@pytest.mark.parametrize("name", ["bond0", "eth0"])
def test_a_name_that_is_taken_is_refused_with_ebusy(tap, name):
    with pytest.raises(LinuxError) as refused:
        Tap(name)
    assert refused.value.errno == errno.EBUSY


def test_a_name_of_fifteen_characters_is_made_whole(host):
    tap = Tap("bond5678901234a")
    assert host.route.interface("bond5678901234a").ifindex == tap.ifindex
    tap.close()


def test_an_unchecked_name_is_a_programming_error():
    with pytest.raises(AssertionError):
        Tap("bond567890123456")


# -- the packet socket ------------------------------------------------------------------------


def test_memberships_end_with_the_socket(host):
    port = PortSocket(host.route.interface("eth0").ifindex)
    port.set_promiscuous(True)
    assert host.route.interface("eth0").promiscuity == 1
    port.set_promiscuous(False)
    port.set_promiscuous(False)
    assert host.route.interface("eth0").promiscuity == 0
    port.set_promiscuous(True)
    port.close()
    assert host.route.interface("eth0").promiscuity == 0


def test_a_port_that_is_down_opens_without_a_pending_error_and_works_once_up(host):
    ifindex = host.route.interface("eth0").ifindex
    host.route.set_up(ifindex, False)
    port = PortSocket(ifindex)
    with pytest.raises(LinuxError) as refused:
        port.send(frame())
    assert refused.value.errno == errno.ENETDOWN
    host.route.set_up(ifindex, True)
    port.send(frame())
    port.close()


def test_frames_that_leave_are_not_heard(host):
    port = PortSocket(host.route.interface("eth0").ifindex)
    other = PortSocket(host.route.interface("eth0").ifindex)
    for _ in range(10):
        other.send(frame())
    heard = []
    while (octets := read(port)) is not None:
        heard.append(octets)
    assert frame() not in [octets[10:] for octets in heard]
    port.close()
    other.close()


def test_a_sent_frame_arrives_unchanged(host):
    with host.peer.entered(), Route() as route:
        far = PortSocket(route.interface("eth0").ifindex)
    near = PortSocket(host.route.interface("eth0").ifindex)
    near.send(frame())
    assert frame() in [read(far)[10:] for _ in range(1)]
    near.close()
    far.close()


def test_a_socket_for_no_interface_is_refused_with_enodev(host):
    with pytest.raises(LinuxError) as refused:
        PortSocket(9999)
    assert refused.value.errno == errno.ENODEV


def frame():
    return b"\xff" * 6 + b"\x02\0\0\0\0\x09" + b"\x88\xb5" + bytes(range(60))


def read(port):
    """The next frame that is ours; None when there is none."""
    for _ in range(100):
        try:
            octets = os.read(port.fileno(), 4096)
        except BlockingIOError:
            return None
        if octets[22:24] == b"\x88\xb5":
            return octets
    return None


# -- ethtool ----------------------------------------------------------------------------------


def test_the_link_of_a_veth_follows_its_other_end(host, ethtool):
    assert ethtool.link("eth0") is True
    host.peer.ip("link set eth0 down")
    assert ethtool.link("eth0") is False


def test_a_missing_interface_gives_no_answer_and_no_error(ethtool):
    assert ethtool.link("none0") is None
    assert ethtool.mii_link("none0") is None
    assert ethtool.speed("none0") == (None, None)


def test_a_veth_has_no_mii_registers(ethtool):
    assert ethtool.mii_link("eth0") is None


@pytest.mark.parametrize(
    ("speed_mbps", "duplex"),
    [(10, Duplex.HALF), (2000, Duplex.FULL), (200_000, Duplex.FULL), (None, None)],
)
def test_the_tap_shows_the_speed_it_is_given(host, tap, ethtool, speed_mbps, duplex):
    ethtool.set_speed("bond0", speed_mbps, duplex)
    assert ethtool.speed("bond0") == (speed_mbps, duplex)
    shown = host.run("ethtool", "bond0")
    assert f"Speed: {speed_mbps}Mb/s" in shown or "Speed: Unknown!" in shown


@pytest.mark.parametrize("uses_carrier", [True, False])
def test_the_facts_of_a_link_are_read_at_once(host, ethtool, uses_carrier):
    facts = ethtool.link_facts(host.route.interface("eth0"), uses_carrier=uses_carrier)
    assert facts == LinkFacts(True, True, 10_000, Duplex.FULL, True)


def test_a_link_that_nobody_reports_counts_as_unreported_with_use_carrier_0(host, ethtool):
    facts = ethtool.link_facts(host.route.interface("lo"), uses_carrier=False)
    assert facts.reports_link == (ethtool.link("lo") is not None)
