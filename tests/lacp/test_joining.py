"""Joining and leaving. Linux 6.12 bond_3ad.c bond_3ad_bind_slave, bond_3ad_unbind_slave."""

from dataclasses import replace

import pytest
from lacp_ports import (
    KEY_10G,
    OURS,
    STRANGER,
    all_of,
    everything,
    hear,
    interface,
    join,
    open_system,
    partner,
    port_distributing,
    run,
    sent,
    system_with,
    told,
)

from pybondd.lacp.boxes import ChurnBox, MarkerBox, MuxBox, TransmitBox
from pybondd.lacp.counters import LacpCounters
from pybondd.lacp.joining import bind, unbind
from pybondd.lacp.port import NO_PARTNER
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import Lacpdu, Oddity, Participant, PortState, parse_slow

EMPTY = (False, 0, 0, NO_ADDRESS, 0, False, [])

# Joining.


def test_a_port_begins_so():
    """Enabled although its link may be down: that shows in the first passes only."""
    port = join(system_with())
    seen = everything(port)
    for for_people in ("last_heard_ns", "last_spoken_ns", "picture", "counters"):
        del seen[for_people]
    assert port.counters == LacpCounters()
    assert seen == {
        "actor": Participant(0xFFFF, OURS, KEY_10G, 255, 1, 0),
        "actor_state": "ATG-----",
        "partner": Participant(0xFFFF, NO_ADDRESS, 1, 255, 1, 0),
        "partner_state": "--------",
        "own": (1, *EMPTY),
        "aggregator": None,
        **dict.fromkeys(("begin", "port_enabled", "lacp_enabled", "is_rx_disabled"), True),
        **dict.fromkeys(
            (
                "selected",
                "matched",
                "ready_n",
                "ntt",
                "churn_restart",
                "is_loop_told",
                "is_sync_told",
            ),
            False,
        ),
        **dict.fromkeys(("receive_box", "periodic_box", "mux_box"), None),
        "actor_churn_box": ChurnBox.CHURN_MONITOR,
        "partner_churn_box": ChurnBox.CHURN_MONITOR,
        "transmit_box": TransmitBox.WAIT,
        "marker_box": MarkerBox.WAIT_FOR_MARKER,
        **dict.fromkeys(("current_while", "periodic_timer", "wait_while"), 0),
        **dict.fromkeys(("actor_churn_timer", "partner_churn_timer"), 0),
        **dict.fromkeys(("actor_churn_count", "partner_churn_count"), 0),
        "transmit_window": 3,
        "pdus_this_pass": 0,
        "received": None,
        "received_marker": None,
        **dict.fromkeys(("current_while_expired", "periodic_expired", "window_opens"), False),
        **dict.fromkeys(("actor_churn_expired", "partner_churn_expired"), False),
        "is_backup": True,
        "is_inactive": True,
        "sent": [],
        "told": [],
    }


STATES = [(True, True, "ATG-----"), (True, False, "A-G-----"), (False, True, "-TG-----")]


@pytest.mark.parametrize(("is_active", "is_fast", "letters"), STATES)
def test_the_settings_say_what_a_port_says_first(is_active, is_fast, letters):
    port = join(system_with(is_active=is_active, is_fast=is_fast))
    assert everything(port)["actor_state"] == letters


def test_the_first_port_gives_the_system_its_address_and_eight_seconds():
    system = system_with()
    system.last_aggregator_id = 9
    bind(system, interface(1), address=OURS)
    assert (system.address, system.selection_hold, system.last_aggregator_id) == (OURS, 80, 1)


def test_later_ports_change_neither():
    system = system_with()
    join(system, 1)
    system.selection_hold = 3
    second = bind(system, interface(2), address=STRANGER)
    assert (system.address, system.selection_hold) == (OURS, 3)
    assert second.actor.system == OURS


def test_a_port_that_joins_an_open_bond_first_is_held_attached_for_eight_seconds():
    port = join(system_with())
    attached = carried = None
    for number in range(1, 100):
        run(port)
        hear(port, "ATGSCD")
        if port.mux_box is MuxBox.ATTACHED and attached is None:
            attached = number
        if port.mux_box is MuxBox.COLLECTING_DISTRIBUTING and carried is None:
            carried = number
    assert (attached, carried) == (22, 80)


def numbers(system):
    return [(port.actor.port_number, port.own.id) for port in system.ports]


def test_numbers_follow_the_last_port_and_identifiers_are_never_used_again():
    system = open_system(ports=2)
    assert numbers(system) == [(1, 1), (2, 2)]
    unbind(system.ports[0])
    join(system, 3)
    assert numbers(system) == [(2, 2), (3, 3)]
    unbind(system.ports[1])
    join(system, 4)
    assert numbers(system) == [(2, 2), (3, 4)]


def test_an_empty_system_counts_from_one_again():
    system = open_system(ports=2)
    for port in list(system.ports):
        unbind(port)
    join(system, 5)
    assert numbers(system) == [(1, 1)]


# Leaving.


def two_carrying():
    """Two ports in the aggregator that the first one brought."""
    system = open_system(ports=2)
    run(system.ports[0], 2)
    for _ in range(25):
        for port in system.ports:
            hear(port, "ATGSCD", by=partner("", number=port.actor.port_number))
        run(system.ports[0])
    first, second = system.ports
    assert all_of(first.own)[-1] in (["eth1", "eth2"], ["eth2", "eth1"])
    system.outbox.clear()
    return first, second


def test_goodbye_is_said_at_once_whatever_the_window_and_whatever_lacp_may():
    port = port_distributing()
    port.system.outbox.clear()
    port.transmit_window, port.lacp_enabled = 3, False
    before = port.counters.lacpdu_tx
    unbind(port)
    (frame,) = sent(port.system)
    pdu = parse_slow(frame)
    assert isinstance(pdu, Lacpdu)
    assert (PortState(pdu.actor.state).letters, pdu.partner) == ("AT------", port.partner)
    assert port.counters.lacpdu_tx == before + 1


def test_the_last_port_leaves_nothing_behind():
    port = port_distributing()
    unbind(port)
    assert (port.system.ports, all_of(port.own), port.aggregator) == ([], (1, *EMPTY), None)
    assert port.system.active_aggregator is None


def test_who_brought_the_aggregator_hands_it_on():
    """The port that stays goes on without a pause, in an aggregator of another number."""
    first, second = two_carrying()
    was = all_of(first.own)
    unbind(first)
    assert all_of(second.own) == (2, *was[1:-1], ["eth2"])
    assert second.is_in_active_aggregator
    assert second.mux_box is MuxBox.COLLECTING_DISTRIBUTING
    assert all_of(first.own) == (1, *EMPTY)


def test_who_was_a_guest_leaves_the_others_alone():
    first, second = two_carrying()
    was = all_of(first.own)
    unbind(second)
    assert all_of(first.own) == (*was[:-1], ["eth1"])
    assert first.is_in_active_aggregator


def with_aggregators(*ports_of_each, active=0):
    """Ports by number in the aggregator of port 1, of port 2 and so on."""
    system = open_system(ports=len(ports_of_each))
    for owner, members in zip(system.ports, ports_of_each, strict=True):
        owner.own.ports = [system.ports[number - 1] for number in members]
        owner.own.partner_system = partner("").system
        for port in owner.own.ports:
            port.aggregator = owner.own
    system.ports[active].own.is_active = True
    return system


def shape(system):
    return [([port.name[-1] for port in each.ports], each.is_active) for each in system.aggregators]


SHAPES = [
    ("its own, alone, in use", [[1], [2]], 0, [(["2"], True)]),
    ("its own, alone, not in use", [[1], [2]], 1, [(["2"], True)]),
    ("a guest alone in another's", [[2], [1]], 1, [(["2"], True)]),
    ("its own, with another; one is free", [[2, 1], [], [3]], 0, [(["2"], True), (["3"], False)]),
    ("its own, without it, which another takes", [[2], [1]], 0, [(["2"], True)]),
    (
        "a guest, alone, where the bond does not look",
        [[], [1], [2, 3]],
        2,
        [([], False), (["2", "3"], True)],
    ),
    ("a guest among others", [[], [2, 1, 3], []], 1, [(["2", "3"], True), ([], False)]),
]


@pytest.mark.parametrize(
    ("members", "active", "after"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES]
)
def test_the_first_port_leaves_an_aggregator_that_is(members, active, after):
    system = with_aggregators(*members, active=active)
    unbind(system.ports[0])
    assert shape(system) == after


def test_taking_over_an_aggregator_in_use_that_only_held_the_leaver_chooses_anew():
    """The leaver is a guest, alone and active, where another port's ports must go now."""
    system = with_aggregators([2], [3], [1], active=2)
    unbind(system.ports[0])
    assert shape(system) == [(["3"], True), (["2"], False)]


def test_a_guest_that_leaves_only_disabled_ports_behind_lets_the_bond_choose_anew():
    system = with_aggregators([], [2, 1], [3], active=1)
    system.ports[1].port_enabled = False
    unbind(system.ports[0])
    assert shape(system) == [(["2"], False), (["3"], True)]


def test_if_no_aggregator_is_free_for_those_who_stay_that_is_told():
    """It cannot come about by itself: there are as many aggregators as ports."""
    system = with_aggregators([1, 2], [2])
    unbind(system.ports[0])
    assert told(system) == ["no aggregator is free for the ports that stay"]


def test_a_port_that_leaves_before_its_first_pass_says_goodbye_to_nobody():
    port = join(system_with())
    unbind(port)
    (frame,) = sent(port.system)
    pdu = parse_slow(frame)
    assert isinstance(pdu, Lacpdu)
    assert pdu.partner == NO_PARTNER
    assert replace(pdu.actor, state=0) == Participant(0xFFFF, OURS, KEY_10G, 255, 1, 0)


def test_a_system_goes_on_counting_what_ports_that_left_have_said_and_heard():
    system = open_system(ports=2)
    leaving, staying = system.ports
    run(leaving, 3)
    hear(leaving, "ATG")
    hear(staying, "ATG", by=partner("ATG", number=2))
    before = system.counters
    assert (before.lacpdu_rx, before.lacpdu_tx) == (2, 2)
    unbind(leaving)
    assert (system.counters.lacpdu_rx, system.counters.lacpdu_tx) == (2, 3)
    unbind(staying)
    assert (system.counters.lacpdu_rx, system.counters.lacpdu_tx) == (2, 4)


def test_odd_lacpdus_of_a_port_that_left_are_still_counted():
    port = port_distributing()
    port.counters.oddities[Oddity.VERSION] = 2
    unbind(port)
    assert port.system.counters.oddities == {Oddity.VERSION: 2}
