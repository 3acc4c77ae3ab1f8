"""Two pybondd bonds speak LACP with each other: traffic, cuts, deaths, farewells."""

import os
import signal
import threading
import time

import pytest
from bonded import PEER
from lacp_pair import FAST, WORKING, lacp_pair
from lacp_wire import listener, received
from netns import eventually
from patch_panel import PatchPanel
from pinging import ping

from pybondd.wire.slow import PortState, parse_slow

pytestmark = pytest.mark.root

RATE_PPS = 1000
MAX_NOTICED_LOSS = 5 * RATE_PPS // 1000 + 5
"""Frames lost when carrier tells of a cut: those of 5 ms, and what is in flight both ways."""
MAX_SILENT_OUTAGE_S = 3.1
"""The short timeout of 3 s, and one pass."""

GIVEN_UP = "AT------"
"""A port that leaves aggregates no more."""


@pytest.fixture
def pair(yard, tmp_path):
    with lacp_pair(yard, tmp_path) as built:
        yield built


@pytest.fixture
def panel_pair(tmp_path):
    """A pair whose cables run through a patch panel, which can cut them silently."""
    with PatchPanel() as panel, lacp_pair(panel, tmp_path) as built:
        built.panel = panel
        yield built


def pinged_while(pair, deed, *, seconds, rate_pps=RATE_PPS):
    """Ping from the near end; the deed is done half a second later. What ping counted."""
    results = []
    count = int(seconds * rate_pps)
    pinging = threading.Thread(
        target=lambda: results.append(ping(pair.host, PEER, count=count, interval_s=1 / rate_pps))
    )
    pinging.start()
    time.sleep(0.5)
    deed()
    pinging.join()
    return results[0]


def port_in_use(pair):
    """The number of the cable that the near end's pings leave by."""
    before = sent_frames(pair)
    assert ping(pair.host, PEER, count=20).received == 20
    grown = [now - then for now, then in zip(sent_frames(pair), before, strict=True)]
    return grown.index(max(grown))


def sent_frames(pair):
    return [port["pybondd"]["sent_frames"] for port in pair.near.status()["ports"]]


def state_of(frame):
    return PortState(parse_slow(frame).actor.state).letters


def test_two_bonds_aggregate_in_four_seconds_and_then_lose_no_ping(pair):
    start = time.monotonic()
    pair.far.up(*FAST)
    pair.near.up(*FAST)
    began = time.monotonic()
    pair.wait_until_aggregated()
    assert time.monotonic() - began < 4, f"after {began - start:.1f} s for two commands"
    assert [end.states() for end in pair.ends] == [[WORKING] * 2] * 2
    result = ping(pair.host, PEER, count=300)
    assert (result.received, result.duplicates) == (300, 0)


def test_a_cut_that_carrier_tells_of_costs_milliseconds(pair):
    pair.aggregate()
    losses = []
    for _ in range(3):
        number = port_in_use(pair)
        cut = f"link set p{number} down"
        result = pinged_while(pair, lambda cut=cut: pair.peer.ip(cut), seconds=1.5)
        losses.append(result.sent - result.received)
        pair.peer.ip(f"link set p{number} up")
        pair.wait_until_aggregated()
    # The middle one of three: a busy machine may hold up one `ip link set down`.
    assert sorted(losses)[1] <= MAX_NOTICED_LOSS, losses


def test_the_return_of_a_link_loses_nothing(pair):
    pair.aggregate()
    number = port_in_use(pair)
    pair.peer.ip(f"link set p{number} down")
    assert eventually(lambda: all(end.states()[number][4:6] == "--" for end in pair.ends))
    mend = lambda: pair.peer.ip(f"link set p{number} up")  # noqa: E731
    result = pinged_while(pair, mend, seconds=5, rate_pps=100)
    pair.wait_until_aggregated()
    assert result.received == result.sent


def test_a_silent_cut_costs_the_short_timeout_at_most(panel_pair):
    pair = panel_pair
    pair.aggregate()
    number = port_in_use(pair)
    result = pinged_while(pair, lambda: pair.panel.mute(number), seconds=5, rate_pps=100)
    outage_s = (result.sent - result.received) / 100
    assert 1 < outage_s <= MAX_SILENT_OUTAGE_S + 0.1, "0.1 s of it is the ping's own beat"
    assert pair.near.lacp(f"eth{number}")["machines"]["receive"] in ("EXPIRED", "DEFAULTED")
    pair.panel.mute(number, is_mute=False)
    pair.wait_until_aggregated()
    assert ping(pair.host, PEER, count=100).received == 100


def test_a_killed_bond_is_noticed_by_its_partner_and_comes_back(pair):
    pair.aggregate()
    os.kill(pair.near.status()["pybondd"]["pid"], signal.SIGKILL)
    died = time.monotonic()
    assert eventually(lambda: pair.far.machine("p0", "receive") == "EXPIRED", within_s=4)
    assert time.monotonic() - died < MAX_SILENT_OUTAGE_S + 0.5
    pair.near.up()
    pair.wait_until_aggregated()
    assert ping(pair.host, PEER, count=100).received == 100


def test_a_port_that_leaves_says_goodbye_and_traffic_goes_on(pair):
    pair.aggregate()
    with pair.peer.entered():
        farewells = listener("p0")
    result = pinged_while(
        pair, lambda: pair.near.done("remove", "bond0", "eth0"), seconds=2, rate_pps=100
    )
    with farewells:
        assert state_of(received(farewells)[-1]) == GIVEN_UP
    # The partner hears it at once and acts in its next pass, as Linux does.
    assert result.sent - result.received <= 12
    assert [state[4:6] for state in pair.far.states()] == ["--", "CD"]


def test_taking_a_bond_down_says_goodbye_on_all_ports(pair):
    pair.aggregate()
    with pair.peer.entered():
        listeners = [listener(name) for name in pair.far.ports]
    pair.near.done("down", "bond0")
    for heard in listeners:
        with heard:
            assert state_of(received(heard)[-1]) == GIVEN_UP
