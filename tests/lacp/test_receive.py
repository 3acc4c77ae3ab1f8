"""Receive machine: a section per box, a row per way out of it; then each action.

What is written down here is IEEE Std 802.1AX-2014 6.4.12 as Linux 6.12 bond_3ad.c ad_rx_machine
reads it. A row names everything that changes; what it does not name stays.
"""

from dataclasses import replace

import pytest
from lacp_ports import (
    KEY_10G,
    OURS,
    PARTNER,
    STRANGER,
    changes,
    everything,
    hear,
    link,
    partner,
    port_current,
    port_defaulted,
    port_distributing,
    port_expired,
    port_joined,
    port_with,
    run,
    said,
    state,
)

from pybondd.lacp.boxes import ReceiveBox
from pybondd.lacp.port import NO_PARTNER
from pybondd.lacp.receive import run_receive
from pybondd.lacp.system import Follows
from pybondd.wire.slow import Lacpdu

B = ReceiveBox
ALL = (None, *B)
STANDS_IN = tuple(box for box in ALL if box is not B.INITIALIZE)
"""No pass ends in INITIALIZE."""


def one_pass(port):
    run_receive(port)


def hears(letters, **who):
    """An LACPDU of the partner, who knows us as we are."""
    return lambda port: run_receive(port, said(port, letters, by=partner("", **who)))


def hears_that_we_are(**differently):
    """An LACPDU of the partner, who has a wrong picture of us."""

    def run(port):
        told = said(port, "ATGS")
        run_receive(port, Lacpdu(told.actor, replace(told.partner, **differently)))

    return run


def check(box, given, action, expected):
    port = port_with(receive_box=box, **given)
    assert changes(port, action) == expected


# Any box: BEGIN, and a port that is not enabled.

BEGUN = {
    "selected": False,
    "matched": False,
    "partner": replace(NO_PARTNER, state=0),
    "partner_state": "--------",
    "actor_state": "ATG---F-",
    "churn_restart": True,
}


@pytest.mark.parametrize("box", STANDS_IN, ids=str)
@pytest.mark.parametrize("action", [one_pass, hears("ATGS")], ids=["a pass", "an LACPDU"])
@pytest.mark.parametrize("port_enabled", [True, False])
def test_begin_forgets_the_partner_and_ends_in_port_disabled(box, action, port_enabled):
    given = {"begin": True, "port_enabled": port_enabled, "actor_state": "ATG----E"}
    port = port_with(receive_box=box, **given)
    disabled = {} if box is B.PORT_DISABLED else {"receive_box": B.PORT_DISABLED}
    assert changes(port, action) == BEGUN | disabled


@pytest.mark.parametrize(("key", "enabled"), [(KEY_10G, True), (KEY_10G - 1, False), (0, False)])
def test_begin_enables_lacp_for_full_duplex_only(key, enabled):
    port = port_with(begin=True, lacp_enabled=not enabled)
    port.actor = replace(port.actor, key=key)
    run_receive(port)
    assert port.lacp_enabled is enabled


@pytest.mark.parametrize("box", [box for box in ALL if box is not B.PORT_DISABLED], ids=str)
@pytest.mark.parametrize("action", [one_pass, hears("ATGS")], ids=["a pass", "an LACPDU"])
def test_a_port_that_is_not_enabled_falls_out_of_sync(box, action):
    given = {"port_enabled": False, "partner_state": "ATGSCD", "current_while": 7}
    expected = {"receive_box": B.PORT_DISABLED, "matched": False, "partner_state": "ATG-CD--"}
    check(box, given, action, expected)


def test_a_port_that_stays_disabled_does_nothing_and_its_timer_stands_still():
    given = {"port_enabled": False, "matched": True, "partner_state": "S", "current_while": 7}
    check(B.PORT_DISABLED, given, one_pass, {})


@pytest.mark.parametrize(
    ("follows", "shown"),
    [(Follows.MENDED, "ATG-----"), (Follows.LINUX, "ATG-----"), (Follows.LINUX_6_1, "ATGS----")],
    ids=["mended", "linux", "linux-6.1"],
)
def test_linux_6_1_keeps_the_sync_bit_of_a_disabled_partner(follows, shown):
    given = {"port_enabled": False, "partner_state": "ATGS"}
    port = port_with(follows=follows, receive_box=B.CURRENT, **given)
    run_receive(port)
    assert everything(port)["partner_state"] == shown


# PORT_DISABLED

EXPIRED = {
    "receive_box": B.EXPIRED,
    "matched": False,
    "partner_state": "ATG-----",
    "actor_state": "ATG----E",
    "current_while": 30,
    "churn_restart": True,
}


@pytest.mark.parametrize("action", [one_pass, hears("ATGSCD")], ids=["a pass", "an LACPDU"])
def test_an_enabled_port_asks_first_and_records_nothing(action):
    check(B.PORT_DISABLED, {"partner_state": "AGS"}, action, EXPIRED)


def test_expired_does_not_make_the_partner_active():
    check(
        B.PORT_DISABLED, {"partner_state": "G"}, one_pass, EXPIRED | {"partner_state": "-TG-----"}
    )


LACP_OFF = {
    "receive_box": B.LACP_DISABLED,
    "selected": False,
    "partner": replace(NO_PARTNER, state=0),
    "partner_state": "--------",
    "actor_state": "ATG---F-",
}


def test_a_port_without_lacp_goes_to_lacp_disabled():
    given = {"lacp_enabled": False, "matched": False, "actor_state": "ATGE"}
    check(B.PORT_DISABLED, given, one_pass, LACP_OFF | {"matched": True})


def test_a_timer_that_runs_out_here_delays_the_way_out_by_a_pass():
    """It ran when the port was disabled; Linux looks at either the timer or the link."""
    port = port_with(receive_box=B.PORT_DISABLED, current_while=1, partner_state="AGS")
    assert changes(port, one_pass) == {"current_while": 0}
    assert changes(port, one_pass) == EXPIRED


def test_a_timer_that_runs_on_here_delays_nothing():
    check(B.PORT_DISABLED, {"current_while": 2, "partner_state": "AGS"}, one_pass, EXPIRED)


# LACP_DISABLED


def test_lacp_disabled_is_left_by_begin_or_link_loss_only():
    given = {"current_while": 2}
    port = port_with(receive_box=B.LACP_DISABLED, **given)
    assert changes(port, one_pass) == {"current_while": 1}
    assert changes(port, one_pass) == {"current_while": 0}
    assert changes(port, one_pass) == {}


def test_an_lacpdu_in_lacp_disabled_repeats_what_was_done_on_entry():
    given = {"matched": False, "partner_state": "ATGS"}
    expected = {**LACP_OFF, "matched": True}
    del expected["receive_box"]
    check(B.LACP_DISABLED, given, hears("ATGS"), expected)


# EXPIRED

HEARD = {"receive_box": B.CURRENT, "partner_state": "ATGS----", "churn_restart": True}
TIMED = {"current_while": 30}
DEFAULTED = {
    "receive_box": B.DEFAULTED,
    "selected": False,
    "partner": replace(NO_PARTNER, state=0),
    "partner_state": "--------",
    "actor_state": "ATG---F-",
}


def test_expired_waits():
    check(B.EXPIRED, {"current_while": 30}, one_pass, {"current_while": 29})


def test_expired_gives_the_partner_up_when_the_time_is_over():
    given = {"current_while": 1, "actor_state": "ATGE", "matched": False}
    check(B.EXPIRED, given, one_pass, DEFAULTED | {"matched": True, "current_while": 0})


@pytest.mark.parametrize(
    ("follows", "letters"),
    [(Follows.MENDED, "-T------"), (Follows.LINUX, "--------"), (Follows.LINUX_6_1, "--------")],
    ids=["mended", "linux", "linux-6.1"],
)
def test_only_the_mended_port_supposes_that_a_silent_partner_wants_news_every_second(
    follows, letters
):
    port = port_with(follows=follows, receive_box=B.EXPIRED, current_while=1)
    run_receive(port)
    assert everything(port)["partner_state"] == letters


def test_defaulted_stays_selected_if_nothing_was_known_of_the_partner():
    port = port_with(receive_box=B.EXPIRED, current_while=1, partner=NO_PARTNER)
    run_receive(port)
    assert (port.receive_box, port.selected) == (B.DEFAULTED, True)


def test_an_lacpdu_makes_an_expired_port_current():
    given = {"actor_state": "ATGE", "current_while": 5, "matched": False}
    expected = HEARD | TIMED | {"actor_state": "ATG-----", "matched": True}
    check(B.EXPIRED, given, hears("ATGS"), expected)


def test_an_lacpdu_in_the_last_moment_is_in_time():
    given = {"actor_state": "ATGE", "current_while": 1}
    check(B.EXPIRED, given, hears("ATGS"), HEARD | TIMED | {"actor_state": "ATG-----"})


# DEFAULTED


def test_defaulted_stays_until_somebody_speaks():
    check(B.DEFAULTED, {"current_while": 0}, one_pass, {})


def test_an_lacpdu_makes_a_defaulted_port_current():
    port = port_defaulted()
    expected = HEARD | TIMED
    expected |= {"partner": replace(PARTNER, state=0), "actor_state": "ATGS----", "selected": False}
    assert changes(port, hears("ATGS")) == expected


# CURRENT


def test_current_counts_down():
    check(B.CURRENT, {"current_while": 30}, one_pass, {"current_while": 29})


def test_a_silent_partner_is_out_of_sync_and_gets_three_more_seconds():
    given = {"current_while": 1, "partner_state": "AGSCD", "actor_state": "ATGSCD"}
    expected = EXPIRED | {"partner_state": "ATG-CD--", "actor_state": "ATGSCD-E"}
    check(B.CURRENT, given, one_pass, expected)


def test_the_same_word_again_only_winds_the_timer():
    check(B.CURRENT, {"current_while": 1}, hears("ATG"), TIMED)


@pytest.mark.parametrize(("letters", "passes"), [("ATG", 30), ("AG", 900)], ids=["fast", "slow"])
def test_the_timer_is_three_of_the_periods_that_we_ask_for(letters, passes):
    port = port_with(receive_box=B.CURRENT, actor_state=letters)
    assert changes(port, hears("ATG")) == {"current_while": passes}


@pytest.mark.parametrize("letters", ["ATGSCD", "ATGSCDFE", "GS", "ATGS"])
def test_the_partners_state_is_taken_as_it_is_said(letters):
    port = port_with(receive_box=B.CURRENT)
    run_receive(port, said(port, letters))
    assert port.partner == replace(PARTNER, state=state(letters))


ANOTHER = [
    ("port_number", 9),
    ("port_priority", 9),
    ("system", STRANGER),
    ("system_priority", 9),
    ("key", 9),
]


@pytest.mark.parametrize(("name", "value"), ANOTHER, ids=[name for name, _ in ANOTHER])
def test_another_partner_must_be_selected_anew(name, value):
    other = replace(PARTNER, **{name: value})
    expected = TIMED | {"selected": False, "partner": other}
    port = port_with(receive_box=B.CURRENT)
    assert changes(port, lambda port: run_receive(port, said(port, "ATG", by=other))) == expected


def test_a_partner_that_aggregates_no_more_must_be_selected_anew():
    expected = TIMED | {"selected": False, "partner_state": "AT------"}
    check(B.CURRENT, {}, hears("AT"), expected)


@pytest.mark.parametrize("letters", ["G", "TG", "ATGSCD", "ATGFE"])
def test_other_bits_of_the_partner_do_not_unselect(letters):
    port = port_with(receive_box=B.CURRENT)
    run_receive(port, said(port, letters))
    assert port.selected


@pytest.mark.parametrize(("name", "value"), ANOTHER, ids=[name for name, _ in ANOTHER])
def test_a_partner_who_takes_us_for_another_is_told_and_not_matched(name, value):
    expected = TIMED | {"ntt": True, "matched": False}
    check(B.CURRENT, {}, hears_that_we_are(**{name: value}), expected)


WRONG_STATES = [
    ("TG", {"ntt": True, "partner_state": "ATGS----"}),
    ("AG", {"ntt": True, "partner_state": "ATGS----"}),
    ("AT", {"ntt": True, "matched": False}),
    ("ATGS", {"ntt": True, "partner_state": "ATGS----"}),
    ("ATGCDFE", {"partner_state": "ATGS----"}),
]


@pytest.mark.parametrize(("letters", "more"), WRONG_STATES, ids=[row[0] for row in WRONG_STATES])
def test_a_partner_is_told_of_four_bits_and_matched_by_one(letters, more):
    expected = TIMED | more
    check(B.CURRENT, {}, hears_that_we_are(state=state(letters)), expected)


def test_a_partner_that_does_not_aggregate_is_matched_whatever_it_says_of_us():
    port = port_with(receive_box=B.CURRENT, matched=False)
    told = said(port, "ATS")
    run_receive(port, Lacpdu(told.actor, replace(told.partner, key=99)))
    assert (port.matched, everything(port)["partner_state"]) == (True, "AT-S----")


def test_a_looped_lacpdu_is_not_recorded_and_stops_the_timer():
    given = {"receive_box": B.CURRENT, "current_while": 5}
    port = port_with(**given)
    counted = everything(port)["counters"] | {"looped": 1}
    assert changes(port, hears("ATGS", system=OURS)) == {
        "current_while": 0,
        "counters": counted,
        "is_loop_told": True,
        "told": ["an LACPDU of our own came back: is a cable looped?"],
    }


def test_a_looped_lacpdu_makes_an_expired_port_current_all_the_same():
    port = port_with(receive_box=B.EXPIRED, current_while=5, actor_state="ATGE")
    hears("ATGS", system=OURS)(port)
    assert (port.receive_box, everything(port)["actor_state"]) == (B.CURRENT, "ATG----E")


# From the start, with time.


def test_a_port_asks_for_three_seconds_before_it_gives_up():
    port = port_joined()
    boxes = []
    for _ in range(34):
        run(port)
        boxes.append(port.receive_box)
    assert boxes == [B.PORT_DISABLED, *[B.EXPIRED] * 30, *[B.DEFAULTED] * 3]


@pytest.mark.parametrize(("is_fast", "passes"), [(True, 30), (False, 900)], ids=["fast", "slow"])
def test_a_word_holds_for_three_periods(is_fast, passes):
    port = port_current(is_fast=is_fast)
    run(port, passes - 1)
    assert port.receive_box is B.CURRENT
    run(port)
    assert port.receive_box is B.EXPIRED


def test_churn_detection_begins_again_when_a_silent_partner_speaks_not_at_each_word():
    port = port_expired()
    port.churn_restart = False
    hear(port, "ATG")
    assert port.churn_restart
    port.churn_restart = False
    hear(port, "ATG")
    assert not port.churn_restart


def test_a_lost_link_forgets_no_partner_until_it_is_back():
    port = port_distributing()
    before = port.partner
    link(port, up=False)
    run(port, 50)
    assert (port.receive_box, port.partner.identity) == (B.PORT_DISABLED, before.identity)
    link(port, up=True)
    run(port)
    assert port.partner == NO_PARTNER
