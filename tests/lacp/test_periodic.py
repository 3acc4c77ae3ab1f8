"""Periodic Transmission machine: a section per box, then the rhythm that comes of it.

IEEE Std 802.1AX-2014 6.4.13 as Linux 6.12 bond_3ad.c ad_periodic_machine reads it.
"""

from itertools import pairwise

import pytest
from lacp_ports import changes, hear, port_current, port_expired, port_joined, port_with, run, sent

from pybondd.lacp.boxes import PeriodicBox
from pybondd.lacp.periodic import run_periodic
from pybondd.wire.slow import PortState, parse_slow

B = PeriodicBox


def check(box, given, expected):
    assert changes(port_with(periodic_box=box, **given), run_periodic) == expected


# Any box: who may not send, or need not.

SILENT = [
    ("begin", {"begin": True}),
    ("lacp off", {"lacp_enabled": False}),
    ("port not enabled", {"port_enabled": False}),
    ("both passive", {"actor_state": "TG", "partner_state": "TG"}),
]


@pytest.mark.parametrize("box", [None, *(box for box in B if box is not B.NO_PERIODIC)], ids=str)
@pytest.mark.parametrize("given", [row[1] for row in SILENT], ids=[row[0] for row in SILENT])
def test_a_silent_port_stops_its_timer(box, given):
    check(box, given | {"periodic_timer": 5}, {"periodic_box": B.NO_PERIODIC, "periodic_timer": 0})


@pytest.mark.parametrize("given", [row[1] for row in SILENT], ids=[row[0] for row in SILENT])
def test_a_silent_port_stays_silent(given):
    check(B.NO_PERIODIC, given, {})


# NO_PERIODIC

ACTIVE = [("we", "ATG", ""), ("the partner", "TG", "A"), ("both", "ATG", "ATG")]


@pytest.mark.parametrize(
    ("ours", "theirs"), [row[1:] for row in ACTIVE], ids=[r[0] for r in ACTIVE]
)
def test_one_active_side_is_enough_to_begin_fast(ours, theirs):
    given = {"actor_state": ours, "partner_state": theirs}
    check(B.NO_PERIODIC, given, {"periodic_box": B.FAST_PERIODIC, "periodic_timer": 9})


# FAST_PERIODIC

SEND = {"periodic_box": B.PERIODIC_TX, "periodic_timer": 0, "ntt": True}


def test_fast_counts_down():
    check(B.FAST_PERIODIC, {"periodic_timer": 9}, {"periodic_timer": 8})


def test_fast_sends_when_its_time_is_over():
    check(B.FAST_PERIODIC, {"periodic_timer": 1}, SEND)


def test_fast_sends_before_it_slows_down():
    check(B.FAST_PERIODIC, {"periodic_timer": 1, "partner_state": "AG"}, SEND)


def test_fast_slows_down_when_the_partner_wants_to():
    given = {"periodic_timer": 5, "partner_state": "AG"}
    check(B.FAST_PERIODIC, given, {"periodic_box": B.SLOW_PERIODIC, "periodic_timer": 299})


# SLOW_PERIODIC


def test_slow_counts_down():
    check(B.SLOW_PERIODIC, {"periodic_timer": 299, "partner_state": "AG"}, {"periodic_timer": 298})


def test_slow_sends_when_its_time_is_over():
    check(B.SLOW_PERIODIC, {"periodic_timer": 1, "partner_state": "AG"}, SEND)


def test_slow_sends_at_once_when_the_partner_wants_to_hear_every_second():
    check(B.SLOW_PERIODIC, {"periodic_timer": 200}, SEND)


# PERIODIC_TX


def test_after_sending_the_partners_wish_decides():
    check(B.PERIODIC_TX, {}, {"periodic_box": B.FAST_PERIODIC, "periodic_timer": 9})
    slow = {"periodic_box": B.SLOW_PERIODIC, "periodic_timer": 299}
    check(B.PERIODIC_TX, {"partner_state": "AGSCD"}, slow)


# The rhythm.


def wanted_in(port, passes):
    """The passes in which the machine wants an LACPDU to be sent."""
    wanted = []
    for number in range(passes):
        run(port)
        hear(port, "ATG" if port.partner.state & 2 else "AG")
        if port.periodic_box is B.PERIODIC_TX:
            wanted.append(number)
    return wanted


@pytest.mark.parametrize(("letters", "passes", "period"), [("ATG", 100, 10), ("AG", 1300, 300)])
def test_the_period_is_the_one_that_the_partner_asks_for(letters, passes, period):
    port = port_current()
    hear(port, letters)
    wanted = wanted_in(port, passes)
    gaps = {later - earlier for earlier, later in pairwise(wanted)}
    assert (len(wanted) >= 4, gaps) == (True, {period})


def test_a_passive_port_that_hears_nothing_speaks_only_when_its_own_state_changes():
    """When it starts and when it gets in sync: so two passive Linux bonds find each other."""
    port = port_joined(is_active=False)
    run(port, 300)
    states = [PortState(parse_slow(frame).actor.state).letters for frame in sent(port.system)]
    assert states == ["-TG---FE", "-TGS--FE"]


def test_a_passive_port_speaks_every_second_once_an_active_partner_has_spoken():
    port = port_expired(is_active=False)
    hear(port, "ATG")
    assert len(wanted_in(port, 50)) == 5
