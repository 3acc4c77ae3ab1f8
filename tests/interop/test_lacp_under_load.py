"""Does LACP keep its time while the port carries all that this machine can send?

Run with -s to see the rate that was reached.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest
from lacp_pair import LacpPair
from lacp_partner import LacpPartner
from netns import eventually

pytestmark = pytest.mark.root

BLAST = Path(__file__).parents[2] / "tools" / "bench" / "blast.py"
SECONDS = 10
MIN_OFFERED_PPS = {"compiled": 20_000, "pure": 3_000}
"""Less would be no load. A quiet machine of two cores offers more than 200,000 a second."""
NOWHERE = "02:00:00:00:77:77"
"""No interface has it, so that nobody answers."""
GRID_S = (0.9, 0.9, 1.2)
"""The gaps between LACPDUs to a fast partner, in Linux and here: one may leave in three passes."""
MAX_JITTER_S = 0.1


@pytest.fixture
def near(yard, tmp_path):
    """The near end of a pair whose far end is a partner that does nothing but LACP."""
    (tmp_path / "near").mkdir()
    pair = LacpPair(yard, tmp_path)
    with pair.peer.entered():
        pair.partner = LacpPartner(*pair.far.ports)
    try:
        pair.near.up()
        assert eventually(lambda: all(s[3:6] == "SCD" for s in pair.near.states()), within_s=10)
        time.sleep(2)  # Until neither side has anything to say but that it is still there.
        yield pair
    finally:
        pair.close()
        pair.partner.close()


def blast_out(pair):
    """From the host through the bond."""
    pair.host.ip(f"neigh add 10.9.0.77 lladdr {NOWHERE} dev bond0")
    pair.host.run("ethtool", "-K", "bond0", "tx-udp-segmentation", "off")
    return pair.host.start(sys.executable, str(BLAST), "10.9.0.77", str(SECONDS))


def blast_in(pair):
    """From the wire through one port to the host."""
    pair.peer.ip("addr add 10.9.0.2/24 dev p0")
    pair.peer.ip(f"neigh add 10.9.0.77 lladdr {NOWHERE} dev p0")
    pair.peer.run("ethtool", "-K", "p0", "tx-udp-segmentation", "off")
    return pair.peer.start(sys.executable, str(BLAST), "10.9.0.77", str(SECONDS))


def lacpdus(pair):
    """Per cable how many LACPDUs were sent and came in at the near end, and at the far one."""
    while True:
        far = told(pair.partner)
        ports = pair.near.status()["ports"]
        near = [port["pybondd"]["lacp"]["counters"] for port in ports]
        if told(pair.partner) == far:  # Else one passed between the questions.
            return [(each["lacpdu_tx"], each["lacpdu_rx"]) for each in near], far


def told(partner):
    return [(each.lacpdu_tx, each.lacpdu_rx) for each in partner.counters.values()]


def growth(now, before):
    return [(a - c, b - d) for (a, b), (c, d) in zip(now, before, strict=True)]


def offered(pair):
    """Frames that the ports were given, whatever became of them."""
    status = pair.near.status()
    dropped = status["pybondd"]["counters"].get("dropped_receive_kernel_dropped", 0)
    ports = [port["pybondd"] for port in status["ports"]]
    return dropped + sum(port["sent_frames"] + port["received_frames"] for port in ports)


@pytest.mark.parametrize("blast", [blast_out, blast_in], ids=["out", "in"])
def test_under_load_no_lacpdu_is_missed_and_none_comes_late(near, blast):
    before, offered_before, began = lacpdus(near), offered(near), time.monotonic()
    blast(near).wait(SECONDS + 10)
    ended = time.monotonic()
    rate_pps = (offered(near) - offered_before) / (ended - began)
    ours, theirs = (growth(*each) for each in zip(lacpdus(near), before, strict=True))
    kind = near.status()["pybondd"]["datapath"]["kind"]
    print(f"{rate_pps:.0f} frames/s by the {kind} packet path")
    assert rate_pps > MIN_OFFERED_PPS[kind]
    assert ours == [(received, sent) for sent, received in theirs], "sent here is received there"
    counters = [near.near.lacp(name)["counters"] for name in near.near.ports]
    assert [(each["over_limit"], each["not_sent"]) for each in counters] == [(0, 0)] * 2
    for moments in near.partner.heard.values():
        assert_beat([moment for moment in moments if began < moment < ended])


def assert_beat(moments):
    """They keep the grid, and in the mean they are a second apart."""
    gaps_s = [after - before for before, after in pairwise(moments)]
    rounds = len(gaps_s) // len(GRID_S)
    assert rounds >= 2
    assert mean(gaps_s[: rounds * len(GRID_S)]) == pytest.approx(1.0, abs=0.1)
    assert min(gaps_s) > min(GRID_S) - MAX_JITTER_S
    assert max(gaps_s) < max(GRID_S) + MAX_JITTER_S
