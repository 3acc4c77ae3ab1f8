"""updelay and downdelay against cables that flap."""

import pytest
from scenes import one_switch

from pybondd.port import Link

DELAYS = (("miimon", "100"), ("updelay", "300"), ("downdelay", "200"))


def link(scene, place):
    return scene.bond.bond.state.ports[place].link


@pytest.mark.parametrize("mode", ["active-backup", "balance-rr", "balance-xor", "broadcast"])
def test_a_loss_shorter_than_downdelay_is_forgiven(mode):
    scene = one_switch(mode, options=DELAYS)
    scene.cables[0].cut()
    scene.run(150)
    assert link(scene, 0) is Link.FAIL
    scene.cables[0].repair()
    scene.run(150)
    assert link(scene, 0) is Link.UP
    assert scene.bond.bond.state.ports[0].link_failure_count == 0


@pytest.mark.parametrize("mode", ["active-backup", "balance-rr", "balance-xor", "broadcast"])
def test_a_lasting_loss_is_believed_after_downdelay_and_not_before(mode):
    scene = one_switch(mode, options=DELAYS)
    scene.cables[0].cut()
    # The next poll sees it, and two polls after that one believe it.
    scene.run(299)
    assert link(scene, 0) is Link.FAIL
    scene.run(2)
    assert link(scene, 0) is Link.DOWN
    assert scene.bond.bond.state.ports[0].link_failure_count == 1


@pytest.mark.parametrize("mode", ["active-backup", "balance-rr", "balance-xor", "broadcast"])
def test_a_returned_cable_is_trusted_after_updelay_and_not_before(mode):
    scene = one_switch(mode, options=DELAYS)
    scene.cables[0].cut()
    scene.run(500)
    scene.cables[0].repair()
    scene.run(399)
    assert link(scene, 0) is Link.BACK
    scene.run(2)
    assert link(scene, 0) is Link.UP


def test_the_last_hope_skips_its_updelay():
    scene = one_switch("active-backup", options=DELAYS)
    for cable in scene.cables:
        cable.cut()
    scene.run(1000)
    scene.cables[1].repair()
    scene.run(101)
    assert scene.active == 1


@pytest.mark.parametrize("mode", ["balance-rr", "broadcast"])
def test_modes_without_a_usable_array_never_skip_updelay(mode):
    scene = one_switch(mode, options=DELAYS)
    for cable in scene.cables:
        cable.cut()
    scene.run(1000)
    scene.cables[1].repair()
    scene.run(399)
    assert link(scene, 1) is Link.BACK


def test_a_flapping_cable_inside_updelay_counts_failures_and_never_carries():
    scene = one_switch("active-backup", options=DELAYS)
    scene.cables[1].cut()
    scene.run(500)
    for _ in range(5):
        scene.cables[1].repair()
        scene.run(150)
        assert link(scene, 1) is Link.BACK
        scene.cables[1].cut()
        scene.run(150)
        assert link(scene, 1) is Link.DOWN
    assert scene.bond.bond.state.ports[1].link_failure_count == 6


def test_a_flap_between_two_polls_leaves_everything_as_it_was_with_delays():
    scene = one_switch("active-backup", options=DELAYS)
    tables = len(scene.bond.tables)
    scene.run(10)
    scene.cables[0].cut()
    scene.cables[0].repair()
    scene.run(1000)
    assert scene.active == 0
    assert scene.bond.bond.state.ports[0].link_failure_count == 0
    assert scene.bond.bond.table.tx_ports == scene.bond.tables[tables - 1].tx_ports


def test_a_kernel_that_is_late_stretches_the_delays_and_nothing_else():
    prompt = one_switch("active-backup", options=DELAYS)
    late = one_switch("active-backup", options=DELAYS)
    late.bond.jiffy_ns = 10_000_000
    for scene in (prompt, late):
        scene.run(500)
        scene.cables[0].cut()
        scene.run(2000)
    told = [[report for _, report in scene.bond.reports] for scene in (prompt, late)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("mode", "place", "whose"),
    [
        ("active-backup", 0, "active interface"),
        ("active-backup", 1, "backup interface"),
        ("balance-rr", 0, "interface"),
        ("balance-xor", 1, "interface"),
    ],
)
def test_a_report_of_a_lost_link_names_the_role_as_linux_does(mode, place, whose):
    scene = one_switch(mode, options=DELAYS)
    scene.cables[place].cut()
    scene.run(101)
    texts = [report.text for _, report in scene.bond.reports]
    assert f"link status down for {whose}, disabling it in 200 ms" in texts
