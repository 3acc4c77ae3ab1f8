"""Does mode 4 aggregate with Open vSwitch, and do both sides say the same of it?"""

import itertools
import json
import re
import subprocess

import pytest
from bonded import PEER
from netns import eventually
from openvswitch import is_installed
from openvswitch_stand import Stand
from pinging import ping

pytestmark = [pytest.mark.root, pytest.mark.skipif(not is_installed(), reason="needs Open vSwitch")]

PING_COUNT = 150
FAST, SLOW = {"lacp_time": "fast"}, {"lacp_time": "slow"}
WE_FAST = ("--lacp-rate", "fast")
CASES = {
    "both active, both fast": (WE_FAST, FAST),
    "they passive, both slow": ((), {"lacp": "passive", **SLOW}),
    "we passive, they slow": (("--lacp-active", "off", *WE_FAST), SLOW),
}


class HeardLacpdus:
    """When the LACPDUs came that an interface has received, in seconds."""

    def __init__(self, namespace, interface):
        words = ("tcpdump", "-tt", "-l", "-n", "-Q", "in", "-i", interface, "ether proto 0x8809")
        silent = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self._process = namespace.start(*words, **silent)

    def end(self):
        self._process.terminate()
        lines, _ = self._process.communicate(timeout=10)
        return [float(line.split()[0]) for line in lines.splitlines() if line[:1].isdigit()]


@pytest.fixture(params=CASES)
def stand(request, yard, tmp_path):
    ours, theirs = CASES[request.param]
    with Stand(yard, tmp_path, **theirs) as built:
        built.heard = HeardLacpdus(built.peer, "p0")
        built.up(*ours)
        built.theirs_is_fast = theirs["lacp_time"] == "fast"
        built.ours_is_fast = "fast" in ours
        yield built


@pytest.fixture
def fast_stand(yard, tmp_path):
    with Stand(yard, tmp_path, **FAST) as built:
        yield built


def lacpdus(stand):
    """LACPDUs that went each way on each cable, as the receivers counted: (to us, to them)."""
    text = stand.switch.ask("lacp/show-stats", "bond0")
    assert set(re.findall(r"RX Bad PDUs: (\d+)", text)) == {"0"}
    to_them = {name: int(re.search(rf"{name}:\s+TX.*\s+RX PDUs: (\d+)", text)[1])
               for name in ("p0", "p1")}  # fmt: skip
    ports = stand.status()["ports"]
    to_us = [port["pybondd"]["lacp"]["counters"]["lacpdu_rx"] for port in ports]
    return [*to_us, *(to_them[name] for name in ("p0", "p1"))]


def test_both_sides_agree_lose_nothing_and_speak_as_often_as_they_are_asked(stand):
    assert eventually(stand.is_aggregated, within_s=6)
    assert eventually(lambda: len({str(view) for view in stand.both_views()}) == 1)
    ours, theirs = stand.both_views()
    assert ours == theirs
    before = lacpdus(stand)
    result = ping(stand.host, PEER, count=PING_COUNT)
    assert (result.sent, result.received) == (PING_COUNT, PING_COUNT)
    gone = [now - then for now, then in zip(lacpdus(stand), before, strict=True)]
    # The pings take 2 s, and longer on a busy machine.
    for counts, is_fast in ((gone[:2], stand.ours_is_fast), (gone[2:], stand.theirs_is_fast)):
        assert all(1 <= count <= 8 if is_fast else count <= 1 for count in counts)
    # It answers at once and without a limit; we speak in one of three passes of 0.1 s.
    heard = stand.heard.end()
    assert len(heard) >= 2
    assert min(later - sooner for sooner, later in itertools.pairwise(heard)) > 0.15
    for port in stand.status()["ports"]:
        counters = port["pybondd"]["lacp"]["counters"]
        assert counters["lacpdu_illegal_rx"] == counters["lacpdu_unknown_rx"] == 0
        assert port["pybondd"]["lacp"]["oddities"] == {}


def test_tcp_uses_both_cables(fast_stand):
    # Open vSwitch's userspace datapath passes on unfinished checksums as if they were none.
    for where, name in (
        (fast_stand.host, "eth0"),
        (fast_stand.host, "eth1"),
        (fast_stand.peer, "br0"),
    ):
        where.run("ethtool", "-K", name, "tx", "off")
    fast_stand.up(*WE_FAST, "--xmit-hash-policy", "layer3+4")
    assert eventually(fast_stand.is_aggregated, within_s=6)
    server = fast_stand.peer.start("iperf3", "-s", "-1", "-B", PEER, stdout=-3)
    assert eventually(lambda: ":5201" in fast_stand.peer.run("ss", "-ltn"))
    words = ("iperf3", "-c", PEER, "-t", "2", "-P", "8", "-J")
    report = json.loads(fast_stand.host.run(*words, timeout=20))
    server.wait(10)
    assert report["end"]["sum_received"]["bits_per_second"] > 50e6
    ports = [port["pybondd"] for port in fast_stand.status()["ports"]]
    assert all(port["sent_frames"] > 100 and port["received_frames"] > 100 for port in ports)
