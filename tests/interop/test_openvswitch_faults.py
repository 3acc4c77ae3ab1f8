"""What do faults cost a bond of mode 4 whose partner is Open vSwitch?"""

import time

import pytest
from bonded import PEER
from netns import eventually
from openvswitch import is_installed
from openvswitch_stand import Stand
from patch_panel import PatchPanel
from pinging import Pinging

pytestmark = [pytest.mark.root, pytest.mark.skipif(not is_installed(), reason="needs Open vSwitch")]

SHORT_TIMEOUT_S = 3.0
PASS_S = 0.1


@pytest.fixture
def panel():
    with PatchPanel() as built:
        yield built


@pytest.fixture
def stand(panel, tmp_path):
    """Both sides aggregated, fast."""
    with Stand(panel, tmp_path, lacp_time="fast") as built:
        built.up("--lacp-rate", "fast")
        assert eventually(built.is_aggregated, within_s=6)
        yield built


def aggregates_again(stand):
    return eventually(stand.is_aggregated, within_s=8)


def sending_port(stand):
    """The number of the port by which the pings leave."""
    before = [port["pybondd"]["sent_frames"] for port in stand.status()["ports"]]
    stand.ping(10)
    now = [port["pybondd"]["sent_frames"] for port in stand.status()["ports"]]
    return 0 if now[0] - before[0] > now[1] - before[1] else 1


def test_a_cut_that_carrier_tells_of_costs_what_was_under_way(stand, panel):
    cable = sending_port(stand)
    with Pinging(stand.host, PEER) as ping:
        time.sleep(0.5)
        panel.cut(cable)
        time.sleep(0.5)
        panel.mend(cable)
        assert aggregates_again(stand)
    # One in 5 ms of 10 ms, and one under way each way.
    assert ping.lost <= 3


def test_a_silent_cut_costs_the_short_timeout_and_a_pass_at_most(stand, panel):
    cable = sending_port(stand)
    with Pinging(stand.host, PEER) as ping:
        time.sleep(0.5)
        panel.mute(cable)
        other = f"p{1 - cable}"
        assert eventually(lambda: stand.switch.lacp("bond0").is_used(other), within_s=5)
        time.sleep(0.5)
        panel.mute(cable, is_mute=False)
        assert aggregates_again(stand)
    assert ping.outage_s <= SHORT_TIMEOUT_S + PASS_S


def test_a_switch_that_starts_anew_is_used_again_without_waiting_for_a_timeout(stand):
    stand.switch.kill()
    stand.switch.start()
    assert eventually(stand.is_aggregated, within_s=SHORT_TIMEOUT_S + 2)
    assert eventually(lambda: len({str(view) for view in stand.both_views()}) == 1)
    assert eventually(lambda: "0% packet loss" in stand.ping(5))


def test_a_switch_that_stays_away_is_used_again_as_soon_as_it_is_back(stand):
    """By then our ports have taken their defaults, with which Linux speaks twice a minute."""
    stand.switch.kill()
    assert eventually(
        lambda: all(is_defaulted(port) for port in stand.status()["ports"]), within_s=8
    )
    stand.switch.start()
    assert eventually(stand.is_aggregated, within_s=4)
    assert eventually(lambda: "0% packet loss" in stand.ping(5))


def is_defaulted(port):
    return port["pybondd"]["lacp"]["machines"]["receive"] == "DEFAULTED"


def test_a_goodbye_is_heeded_at_once(stand):
    """Otherwise the switch would go on sending to a bond that is gone, for the short timeout."""
    stand.done("down", "bond0")
    assert eventually(lambda: stand.switch.lacp("bond0").is_used(), within_s=0.5)
