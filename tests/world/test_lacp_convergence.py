"""How long until traffic passes again? Single faults with their bounds, in virtual time."""

import pytest
from lacp_agreement import (
    LINK_BOUND_MS,
    OUTAGE_BOUND_MS,
    SLOW_BOUND_MS,
    assert_traffic_passes,
    disagreements,
    wait_for_agreement,
)
from lacp_scenes import FAST, lacp_scene

from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.lacp.port import NO_PARTNER
from pybondd.port import Duplex, Link
from pybondd.sim.scripted import Character, ScriptedPartner
from pybondd.units import milliseconds

SLOW = (("miimon", "100"), ("lacp_rate", "slow"))
COUNTS = [(1, 1), (2, 2), (8, 8)]


def agreed(*counts, options=FAST, **more):
    scene = lacp_scene(*counts, options=options, **more)
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)
    return scene


def boxes(scene, place=0):
    return [port.mux_box for port in scene.sites[place].lacp.ports]


def with_stranger(character, **options):
    """A bond of two ports, one on a bond of one port, the other on a stranger."""
    scene = lacp_scene(2, 1, options=dict(FAST) | options)
    far = scene.world.interface("x")
    scene.strangers.append(
        ScriptedPartner(scene.world, far, system=b"\x02\xba\0\0\0\1", character=character)
    )
    scene.world.connect(scene.sites[0].interfaces[1], far)
    return scene


# From the start, and after a link event.


@pytest.mark.parametrize("coupled", ["0", "1"])
@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_two_new_bonds_carry_traffic_in_four_seconds(counts, coupled):
    scene = lacp_scene(*counts, options=(*FAST, ("coupled_control", coupled)))
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)


def test_two_bonds_whose_partner_asks_for_slow_begin_as_quickly():
    scene = lacp_scene(2, 2, options=SLOW)
    assert wait_for_agreement(scene, LINK_BOUND_MS) >= 2000
    assert_traffic_passes(scene)


@pytest.mark.parametrize("options", [FAST, SLOW], ids=["fast", "slow"])
@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_a_cut_port_is_out_of_use_at_once_and_back_in_four_seconds(counts, options):
    scene = agreed(*counts, options=options)
    cable = scene.world.cables[0]
    cable.cut()
    for site in scene.sites:
        assert site.interfaces[0].ifindex not in site.bond.bond.table.tx_ports
    scene.run(5000)
    assert_traffic_passes(scene)
    cable.repair()
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)


def test_a_bond_with_one_cable_cut_loses_no_frame_on_the_other():
    scene = agreed(2, 2)
    scene.world.cables[1].cut()
    assert_traffic_passes(scene)
    scene.run(10_000)
    assert boxes(scene)[0] is MuxBox.COLLECTING_DISTRIBUTING
    assert_traffic_passes(scene)


def test_a_loss_shorter_than_downdelay_costs_a_negotiation_all_the_same_as_in_linux():
    """The key is read again when the carrier returns, and a link that is FAIL has no speed."""
    scene = agreed(2, 2, options=(*FAST, ("downdelay", "300")))
    member, seen = scene.sites[0].lacp.ports[0].member, set()
    scene.world.observers.append(lambda: seen.add((member.link, member.is_backup)))
    scene.world.cables[0].cut()
    scene.run(150)
    scene.world.cables[0].repair()
    scene.run(400)
    assert seen == {(Link.UP, False), (Link.FAIL, False), (Link.UP, True)}
    assert boxes(scene) == [MuxBox.WAITING, MuxBox.COLLECTING_DISTRIBUTING]
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)


# Silence that no carrier tells.


@pytest.mark.parametrize("outage_ms", [3500, 6100, 7000, 20_000, 60_000])
def test_a_silent_outage_is_over_four_seconds_after_its_end(outage_ms):
    scene = agreed(2, 2)
    scene.world.cables[1].is_mute = True
    scene.run(outage_ms)
    assert boxes(scene) == [MuxBox.COLLECTING_DISTRIBUTING, MuxBox.ATTACHED]
    assert_traffic_passes_on_the_rest(scene)
    scene.world.cables[1].is_mute = False
    wait_for_agreement(scene, OUTAGE_BOUND_MS)
    assert_traffic_passes(scene)


def assert_traffic_passes_on_the_rest(scene):
    for site in scene.sites:
        assert site.bond.bond.table.tx_ports == (site.interfaces[0].ifindex,)


def test_as_linux_does_it_a_long_silent_outage_costs_half_a_minute_more():
    scene = agreed(2, 2, options=(*FAST, ("lacp_follows", "linux")))
    scene.world.cables[1].is_mute = True
    scene.run(10_000)
    scene.world.cables[1].is_mute = False
    waited_ms = wait_for_agreement(scene, SLOW_BOUND_MS)
    assert waited_ms > 20_000


@pytest.mark.parametrize(
    ("options", "silent_ms"), [(FAST, 3100), (SLOW, 90_100)], ids=["fast", "slow"]
)
def test_a_silent_partner_is_given_up_after_three_periods_and_not_before(options, silent_ms):
    scene = agreed(1, 1, options=options)
    port = scene.sites[0].lacp.ports[0]
    scene.world.cables[0].is_mute = True
    # The last word may be as old as a period and a window.
    period_ms = silent_ms // 3 + 300
    scene.run(silent_ms - 100 - period_ms)
    assert port.receive_box is ReceiveBox.CURRENT
    scene.run(period_ms + 200)
    assert port.receive_box is ReceiveBox.EXPIRED
    assert port.mux_box is MuxBox.ATTACHED
    scene.run(3100)
    assert port.receive_box is ReceiveBox.DEFAULTED


def test_silence_in_one_direction_stops_both():
    """The side that is heard learns of it only when the other has forgotten it: 6 s and a word."""
    scene = agreed(2, 2)
    cable = scene.world.cables[0]
    cable.loss_from[cable.a] = 1.0
    scene.run(3200)
    assert boxes(scene, 1)[0] is MuxBox.ATTACHED
    scene.run(4500)
    assert [boxes(scene, place)[0] for place in (0, 1)] == [MuxBox.ATTACHED] * 2
    assert_traffic_passes_on(scene, [1])


def assert_traffic_passes_on(scene, places):
    for site in scene.sites:
        wanted = tuple(site.interfaces[place].ifindex for place in places)
        assert site.bond.bond.table.tx_ports == wanted


@pytest.mark.parametrize(("loss", "most"), [(0.05, 12), (0.1, 60), (0.3, 300)])
def test_random_loss_seldom_takes_a_port_out_of_use(loss, most):
    """Three LACPDUs in a row must be lost: at a tenth, once in a thousand seconds and direction."""
    scene = agreed(2, 2)
    for cable in scene.world.cables:
        cable.loss = loss
    left = 0
    for _ in range(1200):
        scene.run(100)
        left += any(box is not MuxBox.COLLECTING_DISTRIBUTING for box in boxes(scene))
    assert left <= most


def test_copies_and_disorder_cost_nothing():
    scene = agreed(2, 2)
    for cable in scene.world.cables:
        cable.duplication, cable.reordering, cable.delay_ns = 1.0, 0.5, milliseconds(100)
    for _ in range(300):
        scene.run(100)
        assert set(boxes(scene)) == {MuxBox.COLLECTING_DISTRIBUTING}


# Restarts.


def test_a_partner_that_is_killed_and_started_again_is_aggregated_in_four_seconds():
    scene = agreed(2, 2)
    scene.sites[1].kill()
    scene.run(100)
    scene.sites[1].start()
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)


def test_a_bond_that_was_closed_for_less_than_the_timeout_goes_on_as_if_nothing_were():
    scene = agreed(2, 2)
    scene.sites[1].bond.close()
    scene.run(1500)
    scene.sites[1].bond.open()
    scene.run(100)
    assert next(disagreements(scene), None) is None
    assert_traffic_passes(scene)


@pytest.mark.parametrize("closed_ms", [3500, 10_000])
def test_a_bond_that_was_closed_for_longer_is_back_in_four_seconds(closed_ms):
    scene = agreed(2, 2)
    scene.sites[1].bond.close()
    scene.run(closed_ms)
    scene.sites[1].bond.open()
    wait_for_agreement(scene, OUTAGE_BOUND_MS)
    assert_traffic_passes(scene)


def test_a_farewell_is_heard_in_the_next_pass():
    scene = agreed(2, 2)
    scene.sites[1].bond.release(scene.sites[1].interfaces[0])
    scene.run(100)
    assert_traffic_passes_on_first(scene, place=1)


def assert_traffic_passes_on_first(scene, place):
    near = scene.sites[0]
    assert near.bond.bond.table.tx_ports == (near.interfaces[place].ifindex,)


# Who is at the other end.


def test_two_passive_bonds_say_next_to_nothing_and_an_active_one_wakes_a_passive_one():
    passive = (*FAST, ("lacp_active", "off"))
    scene = lacp_scene(2, 2, options=passive, each={1: (("lacp_active", "on"),)}.items())
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)


@pytest.mark.parametrize("follows", ["mended", "linux"])
def test_half_duplex_never_aggregates(follows):
    scene = lacp_scene(2, 2, options=(*FAST, ("lacp_follows", follows)))
    for site in scene.sites:
        site.kill()
        site.interfaces[1].duplex = Duplex.HALF
        site.start()
    scene.run(5000)
    for site in scene.sites:
        assert [port.mux_box for port in site.lacp.ports] == [
            MuxBox.COLLECTING_DISTRIBUTING,
            MuxBox.ATTACHED,
        ]
        assert site.lacp.ports[1].counters.lacpdu_tx == 0
        assert site.bond.bond.table.tx_ports == (site.interfaces[0].ifindex,)


def test_a_key_that_differs_keeps_ports_apart():
    scene = lacp_scene(3, 3)
    scene.sites[0].interfaces[2].set_speed(1000, Duplex.FULL)
    scene.run(6000)
    ports = scene.sites[0].lacp.ports
    assert ports[0].aggregator is ports[1].aggregator
    assert ports[2].aggregator is not ports[0].aggregator
    assert next(disagreements(scene), None) is None
    assert len(scene.sites[0].bond.bond.table.tx_ports) == 2


@pytest.mark.parametrize("policy", ["stable", "bandwidth", "count"])
def test_of_two_partners_exactly_one_is_used(policy):
    scene = lacp_scene(3, 1, 2, options=(*FAST, ("ad_select", policy)))
    scene.run(8000)
    near = scene.sites[0]
    assert next(disagreements(scene), None) is None
    used = [near.interfaces[0]] if policy == "stable" else near.interfaces[1:]
    assert near.bond.bond.table.tx_ports == tuple(interface.ifindex for interface in used)
    assert_traffic_passes(scene)


def test_crossed_cables_do_not_matter_between_two_systems():
    scene = agreed(2, 2)
    one, other = scene.world.cables
    ends = (one.a, other.b, other.a, one.b)
    scene.world.disconnect(one)
    scene.world.disconnect(other)
    scene.world.connect(*ends[:2])
    scene.world.connect(*ends[2:])
    wait_for_agreement(scene, LINK_BOUND_MS)
    assert_traffic_passes(scene)


def test_a_loop_in_one_bond_is_told_once_a_port_and_carries_no_lacp():
    scene = agreed(4, 4)
    near = scene.sites[0]
    for interface in near.interfaces[2:]:
        scene.world.disconnect(interface.cable)
    scene.world.connect(*near.interfaces[2:])
    scene.run(20_000)
    told = [report for _, report in near.bond.reports if "loop" in report.text]
    assert sorted(report.port for report in told) == ["a2", "a3"]
    assert [port.counters.looped > 10 for port in near.lacp.ports] == [False, False, True, True]
    assert_traffic_passes_on_places(near, [0, 1])


def assert_traffic_passes_on_places(site, places):
    wanted = tuple(site.interfaces[place].ifindex for place in places)
    assert site.bond.bond.table.tx_ports == wanted


# Strangers. The other port of the bond must not notice them.

IN_USE = {
    Character.MUTE: False,
    Character.WILLING: True,
    Character.WRONG_ECHO: False,
    Character.FORGETFUL: False,
    Character.PARROT: False,
    Character.IMPOSTOR: False,
    Character.RESTLESS: True,
    Character.RANDOM: False,
    Character.GARBLED: False,
}
"""May a port whose partner is such a one carry traffic, if it is alone with it?"""


@pytest.mark.parametrize("character", list(Character), ids=lambda c: c.name.lower())
def test_a_stranger_on_one_port_leaves_the_other_alone(character):
    scene = with_stranger(character)
    scene.run(6000)
    near = scene.sites[0]
    for _ in range(40):
        scene.run(150)
        assert near.lacp.ports[0].mux_box is MuxBox.COLLECTING_DISTRIBUTING
        assert near.bond.bond.table.tx_ports == (near.interfaces[0].ifindex,)
    assert_traffic_passes(scene)


@pytest.mark.parametrize("character", list(Character), ids=lambda c: c.name.lower())
def test_only_a_partner_that_knows_us_takes_a_port_into_use(character):
    scene = with_stranger(character)
    scene.world.disconnect(scene.sites[0].interfaces[0].cable)
    scene.run(8000)
    port = scene.sites[0].lacp.ports[1]
    assert (port.mux_box is MuxBox.COLLECTING_DISTRIBUTING) == IN_USE[character]


def test_a_mute_stranger_is_nobody():
    scene = with_stranger(Character.MUTE)
    scene.run(8000)
    port = scene.sites[0].lacp.ports[1]
    assert port.receive_box is ReceiveBox.DEFAULTED
    assert port.partner.identity == NO_PARTNER.identity


def test_a_storm_on_one_port_leaves_the_other_as_it_was():
    scene = with_stranger(Character.RANDOM)
    scene.run(6000)
    stranger, port = scene.strangers[0], scene.sites[0].lacp.ports[1]
    for _ in range(30):
        for _ in range(300):
            stranger.speak()
        scene.run(100)
        assert scene.sites[0].lacp.ports[0].mux_box is MuxBox.COLLECTING_DISTRIBUTING
    assert port.counters.over_limit > 30 * 200
    assert_traffic_passes(scene)
