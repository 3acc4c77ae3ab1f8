"""Transmit machine: what leaves, and when it may.

IEEE Std 802.1AX-2014 6.4.16 as Linux 6.12 bond_3ad.c ad_tx_machine keeps it: one in three passes.
"""

from dataclasses import replace
from itertools import pairwise

import pytest
from lacp_ports import (
    OURS,
    changes,
    everything,
    hear,
    moves,
    port_current,
    port_defaulted,
    port_distributing,
    port_expired,
    port_joined,
    port_with,
    run,
    said,
    sent,
)

from pybondd.lacp.receive import run_receive
from pybondd.lacp.system import Follows
from pybondd.lacp.transmit import run_transmit
from pybondd.wire.slow import Lacpdu, PortState, parse_slow

FIRST_WORD = (
    "0180c2000002 020000000001 8809 0101"
    "0114 ffff 02000000a000 000f 00ff 0001 c7 000000"
    "0214 ffff 000000000000 0001 00ff 0001 02 000000"
    "0310 0000" + 64 * "00"
)
"""Expired and defaulted, in the first open window; Linux's first word but for the addresses."""


def window(left, **given):
    return port_with(transmit_window=left, **given)


def test_a_closed_window_counts_down():
    assert changes(window(3, ntt=True), run_transmit) == {"transmit_window": 2}


@pytest.mark.parametrize(
    "given", [{"ntt": False}, {"ntt": True, "lacp_enabled": False}], ids=["no need", "lacp off"]
)
def test_an_open_window_that_is_not_used_closes_again(given):
    assert changes(window(1, **given), run_transmit) == {"transmit_window": 3}


def test_what_is_wanted_leaves_by_the_open_window():
    port = window(1, ntt=True, actor_state="ATGSCD", partner_state="AGSCD")
    counted = everything(port)["counters"] | {"lacpdu_tx": 1}
    changed = changes(port, run_transmit)
    (frame,) = changed.pop("sent")
    told = {"ntt": False, "is_sync_told": True}
    assert changed == told | {"transmit_window": 3, "counters": counted}
    assert parse_slow(frame) == Lacpdu(port.actor, port.partner)
    assert frame[6:12] == port.member.permanent_mac


def test_sending_is_two_moves_of_one_pass():
    port = window(1, ntt=True)
    run_transmit(port)
    assert moves(port.system, "transmit") == [("WAIT", "TRANSMIT"), ("TRANSMIT", "WAIT")]


def test_the_first_word_is_this():
    port = port_joined()
    run(port, 3)
    assert sent(port.system) == [bytes.fromhex(FIRST_WORD)]
    assert OURS in sent(port.system)[0]


def test_a_port_that_is_not_enabled_may_send_what_is_wanted():
    """Linux differs: after link loss it is the key, not the link, that keeps a port silent."""
    port = window(1, ntt=True, port_enabled=False)
    run_transmit(port)
    assert len(sent(port.system)) == 1


def sent_in(port, passes, *, answers=()):
    """In which passes did an LACPDU leave?"""
    numbers = []
    for number in range(passes):
        for letters in answers:
            hear(port, letters)
        before = len(sent(port.system))
        run(port)
        if len(sent(port.system)) > before:
            numbers.append(number)
    return numbers


def test_a_fast_stream_is_three_in_three_seconds_on_the_grid_of_three_passes():
    port = port_distributing()
    numbers = sent_in(port, 200, answers=["ATGSCD"])[1:]
    gaps = [later - earlier for earlier, later in pairwise(numbers)]
    assert set(gaps) == {9, 12}
    assert sum(gaps[-9:]) == 90


def test_a_partner_that_always_differs_gets_one_in_three_passes():
    port = port_current()
    numbers = []
    for number in range(60):
        run_receive(port, Lacpdu(said(port, "ATG").actor, replace(port.actor, key=99)))
        before = len(sent(port.system))
        run(port)
        if len(sent(port.system)) > before:
            numbers.append(number)
    assert len(numbers) == 20
    assert all(later - earlier == 3 for earlier, later in pairwise(numbers))


def test_what_is_sent_is_the_state_at_that_moment():
    port = port_expired()
    run(port, 1)
    (pdu,) = [parse_slow(frame) for frame in sent(port.system)]
    assert (PortState(pdu.actor.state).letters, PortState(pdu.partner.state).letters) == (
        "ATG---FE",
        "-T------",
    )


@pytest.mark.parametrize(
    ("follows", "count"), [(Follows.MENDED, 30), (Follows.LINUX, 1)], ids=["mended", "linux"]
)
def test_a_defaulted_port_speaks_every_second_or_every_thirty(follows, count):
    port = port_defaulted(follows=follows)
    run(port, 30)
    assert len(sent_in(port, 300)) == count
