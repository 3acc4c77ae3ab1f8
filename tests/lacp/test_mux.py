"""Mux machine: a section per box, for coupled and for independent control.

IEEE Std 802.1AX-2014 6.4.15 as Linux 6.12 bond_3ad.c ad_mux_machine reads it; what we mend has a
section of its own. A row names everything that changes; what it does not name stays.
"""

import pytest
from lacp_ports import (
    THEIRS,
    changes,
    everything,
    hear,
    join,
    link,
    open_system,
    port_attached,
    port_collecting,
    port_distributing,
    port_joined,
    port_waiting,
    port_with,
    run,
)

from pybondd.lacp.boxes import MuxBox
from pybondd.lacp.mux import run_mux
from pybondd.lacp.system import Follows
from pybondd.port import LinkFacts
from pybondd.wire.ethernet import NO_ADDRESS

B = MuxBox
CONTROLS = pytest.mark.parametrize("is_coupled", [True, False], ids=["coupled", "independent"])
COUPLED = (B.DETACHED, B.WAITING, B.ATTACHED, B.COLLECTING_DISTRIBUTING)
INDEPENDENT = (B.DETACHED, B.WAITING, B.ATTACHED, B.COLLECTING, B.DISTRIBUTING)

DISABLED = {"is_backup": True, "is_inactive": True, "is_rx_disabled": True}
ENABLED = {"is_backup": False, "is_inactive": False, "is_rx_disabled": False}
"""A port that is enabled, as a starting point."""


def mux_port(box, *, is_active=True, system=THEIRS, **given):
    """`is_active` and `system` are of the aggregator that the port is in."""
    is_coupled, hold = given.pop("is_coupled", True), given.pop("hold", 0)
    port = port_with(mux_box=box, **given)
    port.system.settings.is_coupled = is_coupled
    port.system.selection_hold = hold
    port.own.is_active, port.own.partner_system = is_active, system
    return port


def check(port, expected):
    """Only roles and bits; the aggregator follows from nothing here."""
    assert changes(port, run_mux) == expected


# Any box: BEGIN.


@CONTROLS
@pytest.mark.parametrize("box", [None, *(box for box in B if box is not B.DETACHED)], ids=str)
def test_begin_detaches_and_leaves_ready_n_as_it_was(box, is_coupled):
    given = {"begin": True, "actor_state": "ATGSCD", "ready_n": True, "wait_while": 4} | ENABLED
    port = mux_port(box, is_coupled=is_coupled, **given)
    expected = {"mux_box": B.DETACHED, "actor_state": "ATG-----", "ntt": True}
    check(port, expected | DISABLED)


@CONTROLS
def test_begin_leaves_a_detached_port_alone(is_coupled):
    check(mux_port(B.DETACHED, is_coupled=is_coupled, begin=True, actor_state="ATGS"), {})


@CONTROLS
def test_a_port_without_a_partner_is_not_disabled_when_it_detaches(is_coupled):
    given = {"begin": True, "actor_state": "ATGS"} | ENABLED
    port = mux_port(B.ATTACHED, is_coupled=is_coupled, system=NO_ADDRESS, **given)
    check(port, {"mux_box": B.DETACHED, "actor_state": "ATG-----", "ntt": True})


def test_all_slaves_active_lets_a_detached_port_deliver_what_it_receives():
    port = mux_port(B.ATTACHED, begin=True, **ENABLED)
    port.system.settings.receives_on_all = True
    expected = {"mux_box": B.DETACHED, "ntt": True, "is_backup": True, "is_rx_disabled": True}
    check(port, expected)


# DETACHED


@CONTROLS
def test_a_selected_port_waits_two_seconds(is_coupled):
    port = mux_port(B.DETACHED, is_coupled=is_coupled)
    check(port, {"mux_box": B.WAITING, "wait_while": 20})


@CONTROLS
def test_an_unselected_port_stays_detached(is_coupled):
    check(mux_port(B.DETACHED, is_coupled=is_coupled, selected=False), {})


# WAITING


@CONTROLS
def test_waiting_counts_down(is_coupled):
    check(mux_port(B.WAITING, is_coupled=is_coupled, wait_while=20), {"wait_while": 19})


@CONTROLS
def test_an_unselected_port_stops_waiting(is_coupled):
    given = {"selected": False, "wait_while": 1, "ready_n": True, "actor_state": "ATGS"} | ENABLED
    expected = {"mux_box": B.DETACHED, "ready_n": False, "actor_state": "ATG-----", "ntt": True}
    check(mux_port(B.WAITING, is_coupled=is_coupled, **given), expected | DISABLED)


ATTACHED = {"mux_box": B.ATTACHED, "wait_while": 0, "ready_n": True, "ntt": True}


@CONTROLS
def test_whoever_has_waited_attaches_in_sync(is_coupled):
    port = mux_port(B.WAITING, is_coupled=is_coupled, wait_while=1, **ENABLED)
    check(port, ATTACHED | DISABLED | {"actor_state": "ATGS----"})


def test_attached_to_an_aggregator_that_is_not_used_is_out_of_sync():
    port = mux_port(B.WAITING, is_active=False, wait_while=1, actor_state="ATGSCD", **ENABLED)
    check(port, ATTACHED | DISABLED | {"actor_state": "ATG-----"})


def test_a_port_without_a_partner_goes_on_alone_when_it_attaches():
    port = mux_port(B.WAITING, system=NO_ADDRESS, wait_while=1, **ENABLED)
    check(port, ATTACHED | {"actor_state": "ATGS----"})


def waiting_beside(other_ready_n, **given):
    port = mux_port(B.WAITING, **given)
    other = join(port.system, 2)
    other.ready_n = other_ready_n
    port.own.ports.append(other)
    return port


def test_a_port_that_has_waited_waits_for_the_others():
    port = waiting_beside(False, wait_while=1)
    check(port, {"wait_while": 0, "ready_n": True})
    check(port, {})


def test_the_others_being_ready_does_not_shorten_the_wait():
    check(waiting_beside(True, wait_while=2, ready_n=True), {"wait_while": 1})
    assert waiting_beside(True, wait_while=1).mux_box is B.WAITING


def test_two_ports_attach_when_the_later_one_has_waited():
    """The port that is first in the list was looked at before, and follows a pass later."""
    system = open_system(ports=2)
    for _ in range(2):
        run(system.ports[0])
    hear_all(system, "ATG")
    run(system.ports[0], 5)
    link(system.ports[1], up=False)
    run(system.ports[0])
    link(system.ports[1], up=True)
    steps = []
    for _ in range(30):
        hear_all(system, "ATG")
        run(system.ports[0])
        steps.append(tuple(port.mux_box for port in system.ports))
    late = steps.index((B.WAITING, B.ATTACHED))
    assert steps[late + 1] == (B.ATTACHED, B.ATTACHED)
    assert steps[late - 1] == (B.WAITING, B.WAITING)


def hear_all(system, letters):
    for port in system.ports:
        hear(port, letters)


# ATTACHED


@CONTROLS
def test_an_attached_port_waits_for_the_partner(is_coupled):
    check(mux_port(B.ATTACHED, is_coupled=is_coupled, actor_state="ATGS"), {})


@CONTROLS
def test_an_attached_port_gets_in_sync_when_its_aggregator_comes_into_use(is_coupled):
    port = mux_port(B.ATTACHED, is_coupled=is_coupled)
    check(port, {"actor_state": "ATGS----"})


@CONTROLS
@pytest.mark.parametrize(
    "given",
    [{"hold": 1}, {"is_active": False}, {"partner_state": "ATGCD"}],
    ids=["while the choice is held", "aggregator not used", "partner out of sync"],
)
def test_an_attached_port_stays(is_coupled, given):
    given = {"actor_state": "ATGS", "partner_state": "ATGS"} | given
    check(mux_port(B.ATTACHED, is_coupled=is_coupled, **given), {})


@CONTROLS
def test_an_unselected_port_detaches(is_coupled):
    given = {"selected": False, "ready_n": True, "actor_state": "ATGS"} | ENABLED
    expected = {"mux_box": B.DETACHED, "ready_n": False, "actor_state": "ATG-----", "ntt": True}
    check(mux_port(B.ATTACHED, is_coupled=is_coupled, **given), expected | DISABLED)


def test_coupled_control_begins_both_when_the_partner_is_in_sync():
    port = mux_port(B.ATTACHED, partner_state="ATGS", **DISABLED)
    expected = {"mux_box": B.COLLECTING_DISTRIBUTING, "actor_state": "ATGSCD--", "ntt": True}
    check(port, expected | ENABLED)


def test_a_port_whose_carrier_is_gone_says_that_it_carries_but_is_not_used():
    """The monitor has not looked yet; Linux sets the bits and keeps the port off."""
    port = mux_port(B.ATTACHED, partner_state="ATGS", **DISABLED)
    port.member.facts = LinkFacts(is_up=True, has_carrier=False)
    expected = {"mux_box": B.COLLECTING_DISTRIBUTING, "actor_state": "ATGSCD--", "ntt": True}
    check(port, expected)


def test_independent_control_collects_first_and_delivers_nothing_yet():
    port = mux_port(B.ATTACHED, is_coupled=False, partner_state="ATGSCD", **DISABLED)
    expected = {"mux_box": B.COLLECTING, "actor_state": "ATGSC---", "ntt": True}
    check(port, expected | {"is_rx_disabled": False})


# COLLECTING_DISTRIBUTING


def carrying(**given):
    values = {"actor_state": "ATGSCD", "partner_state": "ATGSCD"} | ENABLED | given
    return mux_port(B.COLLECTING_DISTRIBUTING, **values)


LEFT = {"mux_box": B.ATTACHED, "ntt": True}


def test_a_carrying_port_stays():
    check(carrying(), {})


@pytest.mark.parametrize("letters", ["ATGS", "ATGSD", "ATGSFE"])
def test_coupled_control_needs_no_more_of_the_partner_than_sync(letters):
    check(carrying(partner_state=letters), {})


def test_a_partner_out_of_sync_stops_the_port():
    check(carrying(partner_state="ATGCD"), LEFT | DISABLED | {"actor_state": "ATGS----"})


def test_an_unselected_port_stops_and_detaches_in_the_next_pass():
    port = carrying(selected=False)
    check(port, LEFT | DISABLED | {"actor_state": "ATGS----"})
    check(port, {"mux_box": B.DETACHED, "actor_state": "ATG-----"})


def test_a_port_out_of_sync_itself_stops():
    port = carrying(actor_state="ATGCD", is_active=False)
    check(port, LEFT | DISABLED | {"actor_state": "ATG-----"})


def test_a_port_of_an_aggregator_that_lost_goes_on_as_it_is():
    """Linux differs: the port goes on saying that it carries, and is off (a black hole)."""
    check(carrying(is_active=False, **DISABLED), {})


def test_a_port_that_something_else_put_off_is_put_on_again():
    check(carrying(**DISABLED), ENABLED)


# COLLECTING


def collecting(**given):
    values = {"actor_state": "ATGSC", "partner_state": "ATGS"} | DISABLED
    values |= {"is_rx_disabled": False} | given
    return mux_port(B.COLLECTING, is_coupled=False, **values)


def test_a_collecting_port_waits_for_the_partner_to_collect():
    check(collecting(), {})


def test_a_collecting_port_that_was_put_off_collects_again():
    check(collecting(is_rx_disabled=True), {"is_rx_disabled": False})


def test_a_collecting_port_of_an_aggregator_not_used_stays_off():
    check(collecting(is_rx_disabled=True, is_active=False), {})


def test_a_collecting_port_distributes_without_a_word():
    """Linux differs: the partner learns of it from the next periodic LACPDU."""
    port = collecting(partner_state="ATGSC", is_rx_disabled=True)
    check(port, {"mux_box": B.DISTRIBUTING, "actor_state": "ATGSCD--"} | ENABLED)


@pytest.mark.parametrize(
    "given", [{"partner_state": "ATGC"}, {"selected": False}], ids=["partner", "unselected"]
)
def test_a_collecting_port_stops(given):
    port = collecting(is_backup=False, is_inactive=False, **given)
    check(port, LEFT | DISABLED | {"actor_state": "ATGS----"})


def test_a_collecting_port_that_is_out_of_sync_itself_stops():
    check(
        collecting(actor_state="ATGC", is_active=False),
        LEFT | {"actor_state": "ATG-----", "is_rx_disabled": True},
    )


# DISTRIBUTING


def distributing(**given):
    values = {"actor_state": "ATGSCD", "partner_state": "ATGSC"} | ENABLED | given
    return mux_port(B.DISTRIBUTING, is_coupled=False, **values)


def test_a_distributing_port_stays():
    check(distributing(), {})


def test_a_distributing_port_that_was_put_off_is_put_on_again():
    check(distributing(**DISABLED), ENABLED)


BACK = {"mux_box": B.COLLECTING, "actor_state": "ATGSC---", "ntt": True, "is_backup": True}
WHY_BACK = {
    "partner does not collect": {"partner_state": "ATGSD"},
    "partner out of sync": {"partner_state": "ATGC"},
    "unselected": {"selected": False},
    "out of sync itself": {"actor_state": "ATGCD"},
}


@pytest.mark.parametrize("given", WHY_BACK.values(), ids=WHY_BACK)
def test_a_distributing_port_goes_on_collecting(given):
    check(distributing(**given), BACK)


def test_without_a_partner_going_back_keeps_the_port_on():
    port = distributing(partner_state="ATGS", system=NO_ADDRESS)
    check(port, {name: value for name, value in BACK.items() if name != "is_backup"})


# Mended: a partner may distribute as soon as it has seen us in sync.


def mended(box, **given):
    values = {"actor_state": "ATGS", "partner_state": "ATG"} | DISABLED | given
    return mux_port(box, follows=Follows.MENDED, **values)


def test_a_port_in_sync_is_heard_as_soon_as_it_attaches():
    port = mended(B.WAITING, wait_while=1, actor_state="ATG")
    check(port, ATTACHED | {"actor_state": "ATGS----", "is_inactive": False})


def test_a_port_that_gets_in_sync_later_is_heard_from_then_on():
    port = mended(B.ATTACHED, actor_state="ATG")
    check(port, {"actor_state": "ATGS----", "is_inactive": False, "ntt": True})


UNHEARD = {
    "the partner takes us for somebody else": {"matched": False},
    "we are not in sync": {"is_active": False, "actor_state": "ATG"},
}


@pytest.mark.parametrize("given", UNHEARD.values(), ids=UNHEARD)
def test_a_port_is_not_heard_early_if(given):
    check(mended(B.ATTACHED, is_inactive=False, **given), {"is_inactive": True})


def test_a_port_whose_carrier_is_gone_is_not_heard_early():
    port = mended(B.ATTACHED, is_inactive=False)
    port.member.facts = LinkFacts(is_up=True, has_carrier=False)
    check(port, {"is_inactive": True})


def test_all_slaves_active_closes_nothing():
    port = mended(B.ATTACHED, is_inactive=False, matched=False)
    port.system.settings.receives_on_all = True
    check(port, {})


def test_a_port_without_a_partner_is_heard_as_it_was():
    check(mended(B.ATTACHED, system=NO_ADDRESS, matched=False, is_inactive=False), {})
    check(mended(B.ATTACHED, aggregator=None, actor_state="ATG"), {})


def test_a_collecting_port_delivers():
    port = mended(B.ATTACHED, is_coupled=False, partner_state="ATGS", is_sync_told=True)
    expected = {"mux_box": B.COLLECTING, "actor_state": "ATGSC---", "ntt": True}
    check(port, expected | {"is_rx_disabled": False, "is_inactive": False})


# From the start, with time.


def boxes_over(port, letters, count):
    seen = []
    for _ in range(count):
        hear(port, letters)
        run(port)
        if not seen or seen[-1] is not port.mux_box:
            seen.append(port.mux_box)
    return seen


@CONTROLS
def test_a_port_goes_all_the_way_in_order(is_coupled):
    port = port_joined(is_coupled=is_coupled)
    run(port, 1)
    assert boxes_over(port, "ATGSCD", 30) == list((COUPLED if is_coupled else INDEPENDENT)[1:])


def test_a_port_carries_22_passes_after_its_first():
    port = port_joined()
    run(port, 1)
    passes = 1
    while port.mux_box is not B.COLLECTING_DISTRIBUTING:
        hear(port, "ATGSCD")
        run(port)
        passes += 1
    assert passes == 23


@pytest.mark.parametrize(
    ("start", "letters"),
    [
        (port_waiting, "ATG-----"),
        (port_attached, "ATGS----"),
        (port_collecting, "ATGSC---"),
        (port_distributing, "ATGSCD--"),
    ],
)
def test_what_a_port_says_in_each_box(start, letters):
    assert everything(start())["actor_state"] == letters


def test_a_lost_link_takes_a_port_out_of_sync_in_the_next_pass():
    """Nobody is left in the aggregator, so that it is not the one in use any more."""
    port = port_distributing()
    link(port, up=False)
    run(port)
    assert port.mux_box is B.ATTACHED
    assert everything(port)["actor_state"] == "ATG-----"


@pytest.mark.parametrize("is_coupled", [True, False])
def test_traffic_waits_until_the_partner_has_been_told_that_we_are_in_sync(is_coupled):
    given = {"is_coupled": is_coupled, "partner_state": "ATGS", "is_inactive": False}
    check(mended(B.ATTACHED, is_sync_told=False, **given), {})
    told = mended(B.ATTACHED, is_sync_told=True, **given)
    run_mux(told)
    assert told.mux_box is (B.COLLECTING_DISTRIBUTING if is_coupled else B.COLLECTING)


def test_linux_does_not_wait_for_its_own_word():
    port = mux_port(B.ATTACHED, actor_state="ATGS", partner_state="ATGS", is_sync_told=False)
    run_mux(port)
    assert port.mux_box is B.COLLECTING_DISTRIBUTING


def test_an_attached_port_whose_aggregator_lost_says_so_unless_linux_is_followed():
    lost = {"is_active": False, "partner_state": "ATG"}
    check(mended(B.ATTACHED, **lost), {"actor_state": "ATG-----", "ntt": True})
    check(mux_port(B.ATTACHED, actor_state="ATGS", **DISABLED, **lost), {})
