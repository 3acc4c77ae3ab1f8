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
TRANSMIT_WINDOW_S = 0.3
"""Open vSwitch says that it collects and does not before it has heard that we are in sync."""


@pytest.fixture(scope="module")
def panel():
    with PatchPanel() as built:
        yield built


@pytest.fixture(scope="module")
def built(panel, tmp_path_factory):
    """One for all tests here: to aggregate takes longer than most of what is tested."""
    with Stand(panel, tmp_path_factory.mktemp("run"), lacp_time="fast") as stand:
        stand.up("--lacp-rate", "fast")
        yield stand


@pytest.fixture
def stand(built, panel):
    """Both sides aggregated, fast."""
    assert aggregates_again(built)
    yield built
    for cable in range(2):
        panel.mend(cable)
        panel.mute(cable, is_mute=False)
    built.switch.start()


def aggregates_again(stand):
    return eventually(stand.is_aggregated, within_s=8)


def boxes(stand, machine):
    return {port["pybondd"]["lacp"]["machines"][machine] for port in stand.status()["ports"]}


def partners(stand):
    found = [port["pybondd"]["lacp"]["partner"] for port in stand.status()["ports"]]
    return {(each["system_priority"], each["system"]) for each in found}


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
    # One in 5 ms of 10 ms, and one under way each way.
    assert ping.lost <= 3
    with Pinging(stand.host, PEER) as ping:
        panel.mend(cable)
        assert aggregates_again(stand)
        time.sleep(0.5)
    assert ping.outage_s <= TRANSMIT_WINDOW_S


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
    assert eventually(lambda: " 0% packet loss" in stand.ping(5))


def test_a_passive_switch_that_stays_away_is_used_again_as_soon_as_it_is_back(stand):
    """By then our ports have taken their defaults, with which Linux speaks twice a minute."""
    stand.switch.configure("set", "port", "bond0", "lacp=passive")
    stand.switch.kill()
    assert eventually(lambda: boxes(stand, "receive") == {"DEFAULTED"}, within_s=8)
    stand.switch.start()
    assert eventually(stand.is_aggregated, within_s=4)
    assert eventually(lambda: " 0% packet loss" in stand.ping(5))
    stand.switch.configure("set", "port", "bond0", "lacp=active")


def test_a_goodbye_is_heeded_at_once_and_a_return_too(stand):
    """Otherwise the switch would go on sending to a bond that is gone, for the short timeout."""
    stand.done("down", "bond0")
    assert eventually(lambda: stand.switch.lacp("bond0").is_used(), within_s=0.5)
    stand.up("--lacp-rate", "fast")
    assert aggregates_again(stand)


def test_a_partner_that_becomes_another_system_and_asks_slowly_is_followed(stand):
    stand.switch.configure(
        *("set", "port", "bond0", "other_config:lacp-system-id=02:00:00:00:0c:00"),
        *("other_config:lacp-system-priority=4096", "other_config:lacp-time=slow"),
    )
    assert eventually(lambda: partners(stand) == {(4096, "02:00:00:00:0c:00")})
    assert aggregates_again(stand)
    assert eventually(lambda: len({str(view) for view in stand.both_views()}) == 1)
    assert boxes(stand, "periodic") == {"SLOW_PERIODIC"}
    assert stand.status()["linkinfo"]["info_data"]["ad_info"]["num_ports"] == 2
