"""The ARP monitor of active-backup: one port asks, the others listen, candidates take turns."""

import pytest
from arp_bonds import (
    OTHER,
    OURS,
    TARGET,
    arp_bond,
    asked_by,
    comes_in,
    next_pass,
    passes,
    port_of,
    reply,
    request,
    route,
    traffic,
)
from bonds import CUT, active, enslave, frames, link, links, write

from pybondd.events import PortOptionWritten, PortReleased, TargetRoute
from pybondd.port import Link
from pybondd.units import milliseconds

AB = "active-backup"
DOWN = "link status definitely down, disabling it"
UP = "link status definitely up"
NEW = "making interface the new active one"
NOBODY = "now running without any active interface"


def searching(*ifindices, **options):
    """All ports silent since the beginning: nobody is active any more at 300."""
    bond = arp_bond(AB, *ifindices, **options)
    passes(bond, 300)
    return bond


# -- who asks


def test_only_the_active_port_asks():
    bond = arp_bond(AB, 1, 2, 3)
    assert asked_by(next_pass(bond)) == [1]


def test_an_active_port_without_a_carrier_sends_nothing_and_counts_as_having_asked():
    bond = arp_bond(AB, 1, 2)
    link(bond, 1, CUT, now=milliseconds(50))
    assert asked_by(next_pass(bond)) == []
    assert port_of(bond, 1).last_tx_ns == milliseconds(100)


# -- giving up


def test_ports_that_hear_anything_stay():
    bond = arp_bond(AB, 1, 2)
    assert passes(bond, 5000, alive=(1, 2)) == []


def test_nothing_is_given_up_within_two_and_a_half_intervals_of_joining():
    bond = arp_bond(AB, 1, 2, arp_missed_max=1)
    assert passes(bond, 200) == []
    assert (300, "eth1", DOWN) in passes(bond, 300)


@pytest.mark.parametrize(("missed_max", "down_ms"), [(1, 1200), (2, 1300), (4, 1500)])
def test_the_active_port_may_be_silent_for_arp_missed_max_intervals_and_a_half(missed_max, down_ms):
    bond = arp_bond(AB, 1, 2, arp_missed_max=missed_max)
    passes(bond, 1000, alive=(1, 2))
    assert passes(bond, 2000, alive=(2,)) == [(down_ms, "eth1", DOWN), (down_ms, "eth2", NEW)]


@pytest.mark.parametrize(("missed_max", "down_ms"), [(1, 1300), (2, 1400), (4, 1600)])
def test_a_backup_may_be_silent_for_an_interval_more(missed_max, down_ms):
    bond = arp_bond(AB, 1, 2, arp_missed_max=missed_max)
    passes(bond, 1000, alive=(1, 2))
    assert passes(bond, 2000, alive=(1,)) == [(down_ms, "eth2", DOWN)]


def test_a_port_that_became_active_has_two_and_a_half_intervals_to_be_heard():
    bond = arp_bond(AB, 1, 2, arp_missed_max=1)
    passes(bond, 1000, alive=(1, 2))
    assert passes(bond, 1600)[:4] == [
        (1200, "eth1", DOWN),
        (1200, "eth2", NEW),
        (1500, "eth2", DOWN),
        (1500, "", NOBODY),
    ]


def test_a_backup_that_is_given_up_moves_no_role():
    bond = arp_bond(AB, 1, 2, 3)
    passes(bond, 1000, alive=(1, 2, 3))
    write(bond, "active_slave", "eth2", now=milliseconds(1001))
    passes(bond, 2000, alive=(1, 2))
    assert (active(bond), links(bond)) == ("eth2", ["up", "up", "down"])


def test_what_is_given_up_is_inactive_and_counted():
    bond = searching(1, 2)
    assert [port.link_failure_count for port in bond.state.ports] == [1, 1]
    assert not bond.state.has_carrier


def test_without_any_target_the_active_port_fails_although_it_hears_a_lot():
    bond = arp_bond(AB, 1, 2)
    write(bond, "arp_ip_target", "-10.0.0.2")
    passes(bond, 2000, alive=(1, 2))
    assert (bond.state.ports[0].link_failure_count, bond.state.ports[1].link_failure_count) >= (
        1,
        1,
    )


# -- coming back


def test_a_port_that_is_heard_again_is_up_and_waits_as_a_backup():
    bond = arp_bond(AB, 1, 2)
    passes(bond, 1000, alive=(1, 2))
    passes(bond, 2000, alive=(2,))
    traffic(bond, 1, at_ms=2050)
    assert passes(bond, 2100, alive=(1, 2)) == [(2100, "eth1", UP)]
    assert active(bond) == "eth2"


def test_the_primary_takes_over_when_it_is_heard_again():
    bond = arp_bond(AB, 1, 2, primary="eth1")
    passes(bond, 1000, alive=(1, 2))
    passes(bond, 2000, alive=(2,))
    traffic(bond, 1, at_ms=2050)
    assert passes(bond, 2100) == [(2100, "eth1", UP), (2100, "eth1", NEW)]


def test_the_primary_takes_over_when_another_port_is_heard_again_behind_it():
    bond = arp_bond(AB, 1, 2, 3, primary="eth1")
    passes(bond, 1000, alive=(1, 2, 3))
    passes(bond, 2000, alive=(3,))
    assert active(bond) == "eth3"
    traffic(bond, 1, 2, at_ms=2050)
    passes(bond, 2100, alive=(3,))
    assert active(bond) == "eth1"


def test_an_active_port_that_the_carrier_monitor_left_failing_stays_so_and_a_backup_gives_carrier():
    bond = arp_bond(AB, 1, 2, arp_interval=0, miimon=100, downdelay=500)
    for ifindex in (1, 2):
        link(bond, ifindex, CUT, now=milliseconds(50))
    bond.advance(now=milliseconds(100))
    assert links(bond) == ["going down", "going down"]
    assert not bond.state.has_carrier
    write(bond, "arp_interval", "100", now=milliseconds(110))
    traffic(bond, 1, 2, at_ms=150)
    passes(bond, 210)
    assert (active(bond), links(bond)) == ("eth1", ["going down", "up"])
    assert bond.state.has_carrier


def test_a_port_of_higher_prio_takes_over_when_it_is_heard_again():
    bond = arp_bond(AB, 1, 2)
    passes(bond, 1000, alive=(1, 2))
    bond.handle(PortOptionWritten(1, "prio", "5"), now=milliseconds(1001))
    passes(bond, 2000, alive=(2,))
    traffic(bond, 1, at_ms=2050)
    assert passes(bond, 2100) == [(2100, "eth1", UP), (2100, "eth1", NEW)]


# -- the search


def test_candidates_take_turns_beginning_behind_the_first_port():
    bond = searching(1, 2, 3)
    turns = [bond.state.probing.candidate.name]
    for _ in range(4):
        next_pass(bond)
        turns.append(bond.state.probing.candidate.name)
    assert turns == ["eth2", "eth3", "eth1", "eth2", "eth3"]


def test_a_candidate_is_going_back_and_receives_and_then_going_down_and_does_not():
    bond = searching(1, 2)
    assert links(bond) == ["down", "going back"]
    assert [port.is_backup for port in bond.state.ports] == [True, False]
    assert asked_by(next_pass(bond)) == [1]
    assert links(bond) == ["going back", "going down"]
    assert [port.is_inactive for port in bond.state.ports] == [False, True]


def test_trying_in_vain_is_no_failure():
    bond = searching(1, 2)
    before = [port.link_failure_count for port in bond.state.ports]
    passes(bond, 3000)
    assert [port.link_failure_count for port in bond.state.ports] == before


def test_a_candidate_that_is_heard_becomes_the_active_port_in_the_next_pass():
    bond = searching(1, 2)
    traffic(bond, 2, at_ms=310)
    assert passes(bond, 400) == [
        (400, "eth2", UP),
        (400, "eth2", NEW),
        (400, "", "active interface up"),
    ]
    assert bond.state.probing.candidate is None
    assert links(bond) == ["down", "up"]


def test_another_port_that_is_heard_ends_the_search_too():
    bond = searching(1, 2)
    traffic(bond, 1, at_ms=310)
    passes(bond, 400)
    assert (active(bond), bond.state.probing.candidate) == ("eth1", None)
    assert [port.is_inactive for port in bond.state.ports] == [False, True]


def test_when_the_candidate_is_heard_too_it_is_a_backup_of_the_first_port():
    bond = searching(1, 2)
    traffic(bond, 1, 2, at_ms=310)
    passes(bond, 400)
    assert (active(bond), links(bond)) == ("eth1", ["up", "up"])
    assert [port.is_inactive for port in bond.state.ports] == [False, True]


def test_a_port_without_a_carrier_is_passed_over():
    bond = searching(1, 2, 3)
    link(bond, 3, CUT, now=milliseconds(350))
    next_pass(bond)
    assert bond.state.probing.candidate.name == "eth1"


def test_a_single_port_is_its_own_successor():
    bond = searching(1)
    for _ in range(3):
        assert bond.state.probing.candidate.name == "eth1"
        assert asked_by(next_pass(bond)) == [1]


def test_when_no_port_has_a_carrier_nobody_is_asked():
    bond = searching(1, 2)
    for ifindex in (1, 2):
        link(bond, ifindex, CUT, now=milliseconds(350))
    assert asked_by(next_pass(bond)) == []
    assert [port.link_failure_count for port in bond.state.ports] == [1, 1]


def test_a_port_still_up_without_a_carrier_goes_down_when_the_search_passes_it():
    bond = searching(1, 2)
    link(bond, 1, CUT, now=milliseconds(310))
    # Linux takes care of it; how it comes about is not known.
    port_of(bond, 1).link = Link.UP
    port_of(bond, 1).is_inactive = False
    assert passes(bond, 400) == [(400, "eth1", "backup interface is now down")]
    assert port_of(bond, 1).link_failure_count == 2
    assert port_of(bond, 1).is_inactive


def test_a_released_candidate_is_forgotten_and_the_search_begins_anew():
    bond = searching(1, 2, 3)
    bond.handle(PortReleased(2), now=milliseconds(310))
    assert bond.state.probing.candidate is None
    next_pass(bond)
    assert bond.state.probing.candidate.name == "eth3"


def test_a_port_that_joins_during_the_search_is_active_at_once_and_ends_it():
    bond = searching(1, 2)
    enslave(bond, 3, now=milliseconds(310))
    assert active(bond) == "eth3"
    passes(bond, 400)
    assert bond.state.probing.candidate is None
    assert links(bond) == ["down", "going down", "up"]


# -- validation and all targets in the pass


def test_with_all_targets_the_one_silent_the_longest_decides():
    bond = arp_bond(AB, 1, 2, arp_validate="all", arp_all_targets="all")
    write(bond, "arp_ip_target", "+10.0.0.3")
    route(bond, TargetRoute(TARGET, source=OURS), TargetRoute(OTHER, source=OURS))
    told = passes(bond, 1000, alive=(1,), answer=reply())
    assert (300, "eth1", DOWN) in told


def test_with_any_target_one_that_answers_is_enough():
    bond = arp_bond(AB, 1, arp_validate="all")
    write(bond, "arp_ip_target", "+10.0.0.3")
    route(bond, TargetRoute(TARGET, source=OURS), TargetRoute(OTHER, source=OURS))
    assert passes(bond, 1000, alive=(1,), answer=reply()) == []


def test_all_targets_without_validation_never_works():
    bond = arp_bond(AB, 1, arp_all_targets="all")
    assert (300, "eth1", DOWN) in passes(bond, 1000, alive=(1,), answer=reply())


def test_validated_backups_live_on_the_probes_of_the_active_port():
    bond = arp_bond(AB, 1, 2, arp_validate="all")
    told = []
    for at_ms in range(0, 3000, 100):
        comes_in(bond, 1, reply(), at_ms=at_ms + 1)
        comes_in(bond, 2, request(), at_ms=at_ms + 2)
        told += passes(bond, at_ms + 100)
    assert told == []


# -- announcements


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_the_new_active_port_announces_as_often_as_asked_once_per_interval(count):
    bond = arp_bond(AB, 1, 2, num_grat_arp=count, resend_igmp=0)
    passes(bond, 1000, alive=(1, 2))
    announced = []
    for _ in range(12):
        traffic(bond, 2, at_ms=bond.next_deadline()[0] // milliseconds(1) - 1)
        at_ms = bond.next_deadline()[0] // milliseconds(1)
        sent = frames(next_pass(bond))
        announced += [at_ms for ifindex, frame in sent if frame[28:32] == frame[38:42]]
    assert announced == [1300 + 100 * turn for turn in range(count)]


def test_a_peer_notif_delay_left_from_the_mii_monitor_blocks_the_repetitions():
    bond = arp_bond(AB, 1, 2, miimon=100, peer_notif_delay=200, arp_interval=0)
    write(bond, "num_grat_arp", "3")
    write(bond, "arp_interval", "100")
    passes(bond, 1000, alive=(1, 2))
    passes(bond, 5000, alive=(2,))
    assert bond.state.notifications_left == 5


def test_a_link_that_goes_does_not_move_the_active_port_before_the_probes_fail():
    bond = arp_bond(AB, 1, 2)
    passes(bond, 1000, alive=(1, 2))
    link(bond, 1, CUT, now=milliseconds(1001))
    assert active(bond) == "eth1"
    assert passes(bond, 1200, alive=(2,)) == []
    assert passes(bond, 1300, alive=(2,))[-1] == (1300, "eth2", NEW)
