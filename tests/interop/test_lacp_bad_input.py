"""What may come in on a port that speaks LACP, and what it does: counted, never believed too much.

One pair of bonds for the whole file: each test measures what it adds.
"""

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from lacp_pair import FAST, lacp_pair
from lacp_wire import SLOW, listener, received
from netns import Yard, eventually

from pybondd.wire.slow import PDU_OCTETS

pytestmark = pytest.mark.root

SOURCE = bytes.fromhex("02000000ee01")
LACPDU = (
    bytes.fromhex("01 01 0114 ffff 02000000ee00 000f 00ff 0001 07 000000")
    + bytes.fromhex("0214 ffff 000000000000 0001 00ff 0001 00 000000 0310")
).ljust(PDU_OCTETS, b"\0")
MARKER = bytes.fromhex("02 01 01 16 0001 02000000ee00 00abcdef 0000").ljust(PDU_OCTETS, b"\0")
RESPONSE = MARKER[:2] + b"\2" + MARKER[3:]
STRANGE_MARKER = MARKER[:2] + b"\7" + MARKER[3:]
OAM = b"\3" + bytes(PDU_OCTETS - 1)
LAST = b"\xff" * 6 + SOURCE + b"\x88\xb5" + bytes(46)
"""No slow protocol: what the host hears last."""
STORM = 10_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The far end asks for nothing but every 30 s, so that the near one hears little else."""
    with Yard() as yard, lacp_pair(yard, tmp_path_factory.mktemp("pair")) as built:
        built.aggregate(near=("--mode", "802.3ad", "--lacp-rate", "slow"), far=FAST)
        yield built


@pytest.fixture(autouse=True)
def whole_again(pair):
    """Each test leaves the pair as it found it, and the near log without an error."""
    yield
    pair.wait_until_aggregated(within_s=20)
    log = (pair.near.run_directory / "bond0.log").read_text()
    assert [line for line in log.splitlines() if " ERROR " in line] == []


def frame(pdu, *, to=SLOW, tag=b""):
    return to + SOURCE + tag + b"\x88\x09" + pdu


def vlan(identifier):
    return struct.pack("!HH", 0x8100, identifier)


@contextmanager
def speaker(pair, name="p0"):
    """A socket that says anything by an interface of the far host."""
    with pair.peer.entered():
        said = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        said.bind((name, 0))
    with said:
        yield said


def say(pair, octets, *, name="p0"):
    with speaker(pair, name) as said:
        said.send(octets)


def counted(pair, name="eth0"):
    """All LACP counters of a near port."""
    return pair.near.lacp(name)["counters"]


def growth(pair, before):
    """Which counters have grown since, and by how much; our partner's own LACPDUs aside."""
    grown = {name: now - before[name] for name, now in counted(pair).items() if now > before[name]}
    return {name: count for name, count in grown.items() if name != "lacpdu_tx"}


class Host:
    """Hears at the near bond interface what comes from SOURCE; collects it in `frames`."""

    def __init__(self, pair):
        with pair.host.entered():
            self._heard = listener("bond0")
        self.frames = []

    def listen(self):
        """All that has come until now."""
        try:
            while octets := self._heard.recv(2048):
                if octets[6:12] == SOURCE:
                    self.frames.append(octets)
        except BlockingIOError:
            return self.frames

    def close(self):
        self._heard.close()


@pytest.fixture
def host(pair):
    made = Host(pair)
    yield made
    made.close()


# -- what is consumed, what is the host's, what is counted


@pytest.mark.parametrize(
    ("octets", "grown", "is_delivered"),
    [
        (frame(RESPONSE), {"marker_resp_rx": 1}, False),
        (frame(MARKER), {"marker_rx": 1, "marker_resp_tx": 1}, False),
        (frame(STRANGE_MARKER), {"marker_unknown_rx": 1}, False),
        (frame(RESPONSE, tag=vlan(5)), {"marker_resp_rx": 1}, False),
        (frame(RESPONSE, tag=vlan(0)), {"marker_resp_rx": 1}, False),
        (frame(RESPONSE + bytes(500)), {"marker_resp_rx": 1}, False),
        (frame(OAM), {"lacpdu_unknown_rx": 1}, True),
        (frame(LACPDU[:109]), {"lacpdu_illegal_rx": 1}, True),
        (frame(MARKER[:46]), {"lacpdu_illegal_rx": 1}, True),
        (frame(LACPDU, to=b"\xff" * 6), {}, True),
        (frame(LACPDU, to=SLOW[:5] + b"\3"), {}, True),
    ],
    ids=[
        "Marker Response",
        "Marker",
        "Marker of an unknown kind",
        "tagged",
        "tagged with priority only",
        "long",
        "OAM",
        "LACPDU an octet short",
        "Marker that is short",
        "LACPDU to everybody",
        "LACPDU to another group",
    ],
)
def test_a_slow_protocol_frame_is_counted_and_consumed_as_linux_does(
    pair, host, octets, grown, is_delivered
):
    before = counted(pair)
    say(pair, octets)
    say(pair, LAST)
    # By then what came before it has come too, to the host and to us.
    assert eventually(lambda: LAST in host.listen())
    assert eventually(lambda: growth(pair, before).keys() >= grown.keys())
    assert host.frames == ([octets, LAST] if is_delivered else [LAST])
    seen = growth(pair, before)
    seen.pop("lacpdu_rx", None)
    assert seen == grown


@pytest.mark.parametrize("tag", [b"", vlan(5), vlan(0)], ids=["plain", "VLAN 5", "priority"])
def test_an_lacpdu_is_believed_and_does_not_reach_the_host(pair, host, tag):
    def is_believed():
        # Said again for each look: the true partner speaks every second, and is believed as well.
        say(pair, frame(LACPDU, tag=tag))
        return pair.near.lacp("eth0")["partner"]["system"] == "02:00:00:00:ee:00"

    assert eventually(is_believed)
    say(pair, LAST, name="p1")
    assert eventually(lambda: LAST in host.listen())
    assert host.frames == [LAST]


def test_an_lacpdu_to_the_ports_own_address_is_the_hosts(pair, host):
    own = bytes.fromhex(pair.near.status()["address"].replace(":", ""))
    say(pair, frame(LACPDU, to=own))
    assert eventually(lambda: host.listen() == [frame(LACPDU, to=own)])
    assert pair.near.lacp("eth0")["partner"]["system"] != "02:00:00:00:ee:00"


def test_a_marker_is_answered_with_its_own_octets(pair):
    with pair.peer.entered():
        heard = listener("p0")
    marker = MARKER[:-8] + b"garbage!"
    with heard:
        say(pair, frame(marker))
        answers = []
        assert eventually(lambda: answers.extend(markers(heard)) or answers)
    assert answers == [marker[:2] + b"\2" + marker[3:]]


def markers(heard):
    return [octets[14:] for octets in received(heard) if octets[14] == 2]


# -- floods


def test_a_storm_on_one_port_is_counted_and_the_other_goes_on(pair):
    before, began = counted(pair), time.time()
    pdus = [frame(LACPDU[:6] + struct.pack("!IH", 0x02000000, n) + LACPDU[12:]) for n in range(256)]
    with speaker(pair) as said:
        for number in range(STORM):
            said.send(pdus[number % len(pdus)])
    read = lambda: total(growth(pair, before))  # noqa: E731
    assert eventually(lambda: read() >= STORM, within_s=10)
    assert STORM <= read() <= STORM + 20, "our partner's own are among them"
    machines = [
        text for moment, text in pair.near.entries() if moment > began and "machine" in text
    ]
    assert "eth1" not in str(machines)
    assert pair.near.states()[1] == "A-GSCD--"


def total(grown):
    return grown.get("lacpdu_rx", 0) + grown.get("over_limit", 0)


def test_a_thousand_lacpdus_are_a_thousand_counted(pair):
    before = counted(pair)
    with speaker(pair) as said:
        for _ in range(1000):
            said.send(frame(LACPDU))
            time.sleep(0.0005)
    assert eventually(lambda: total(growth(pair, before)) >= 1000)
    assert 1000 <= total(growth(pair, before)) <= 1020
    assert growth(pair, before).keys() <= {"lacpdu_rx", "over_limit"}


def test_a_port_may_leave_and_join_in_the_middle_of_a_storm(pair):
    with speaker(pair) as said, ThreadPoolExecutor() as aside:
        said.setblocking(False)
        changing = aside.submit(leave_and_join, pair)
        while not changing.done():
            try:
                said.send(frame(LACPDU))
            except OSError:
                time.sleep(0.001)  # The cable is down for a while.
    changing.result()


def leave_and_join(pair):
    pair.near.done("remove", "bond0", "eth0")
    pair.near.done("add", "bond0", "eth0")
