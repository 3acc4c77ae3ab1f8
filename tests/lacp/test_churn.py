"""Churn Detection machines: a section per box.

IEEE Std 802.1AX-2014 6.4.17 as Linux 6.12 bond_3ad.c ad_churn_machine reads it.
"""

import pytest
from lacp_ports import changes, hear, port_distributing, port_joined, port_with, run

from pybondd.lacp.boxes import ChurnBox
from pybondd.lacp.churn import run_churn
from pybondd.lacp.port import NO_PARTNER

B = ChurnBox
SIDES = ("actor", "partner")


def side(name, **values):
    """The variables of one side's machine, and what the other side needs to stay as it is."""
    other = "partner" if name == "actor" else "actor"
    named = {f"{name}_churn_{field}": value for field, value in values.items()}
    return {f"{other}_churn_box": B.NO_CHURN} | named


# Any box: the wish to restart.


@pytest.mark.parametrize("actor_box", B, ids=lambda box: box.name)
@pytest.mark.parametrize("partner_box", B, ids=lambda box: box.name)
def test_a_restart_is_of_both_sides(actor_box, partner_box):
    port = port_with(
        churn_restart=True,
        actor_churn_box=actor_box,
        partner_churn_box=partner_box,
        actor_churn_timer=1,
        partner_churn_timer=1,
    )
    run_churn(port)
    assert (port.actor_churn_box, port.partner_churn_box) == (B.CHURN_MONITOR, B.CHURN_MONITOR)
    assert (port.actor_churn_timer, port.partner_churn_timer) == (600, 600)
    assert (port.actor_churn_count, port.partner_churn_count) == (0, 0)
    assert not port.churn_restart


# CHURN_MONITOR


@pytest.mark.parametrize("name", SIDES)
def test_the_monitor_waits(name):
    port = port_with(**side(name, box=B.CHURN_MONITOR, timer=600))
    assert changes(port, run_churn) == {f"{name}_churn_timer": 599}


@pytest.mark.parametrize("name", SIDES)
def test_in_sync_after_a_minute_is_no_churn(name):
    port = port_with(**side(name, box=B.CHURN_MONITOR, timer=1), **{f"{name}_state": "GS"})
    expected = {f"{name}_churn_timer": 0, f"{name}_churn_box": B.NO_CHURN}
    assert changes(port, run_churn) == expected


@pytest.mark.parametrize("name", SIDES)
def test_out_of_sync_after_a_minute_is_churn_and_counted(name):
    port = port_with(**side(name, box=B.CHURN_MONITOR, timer=1), **{f"{name}_state": "ATGCD"})
    assert changes(port, run_churn) == {
        f"{name}_churn_timer": 0,
        f"{name}_churn_box": B.CHURN,
        f"{name}_churn_count": 1,
    }


@pytest.mark.parametrize("name", SIDES)
def test_sync_is_not_looked_at_before_the_minute_is_over(name):
    port = port_with(**side(name, box=B.CHURN_MONITOR, timer=2), **{f"{name}_state": "S"})
    assert changes(port, run_churn) == {f"{name}_churn_timer": 1}


def test_a_monitor_whose_timer_was_never_started_stays():
    port = port_with(actor_churn_box=B.CHURN_MONITOR, partner_churn_box=B.CHURN_MONITOR)
    assert changes(port, run_churn) == {}


# NO_CHURN and CHURN


@pytest.mark.parametrize("name", SIDES)
@pytest.mark.parametrize("box", [B.NO_CHURN, B.CHURN], ids=lambda box: box.name)
@pytest.mark.parametrize("letters", ["", "S"], ids=["out of sync", "in sync"])
def test_the_verdict_holds_until_the_next_restart(name, box, letters):
    port = port_with(**side(name, box=box, timer=0), **{f"{name}_state": letters})
    assert changes(port, run_churn) == {}


# With time.


def test_a_port_without_a_partner_churns_on_the_partners_side_only():
    port = port_joined()
    run(port, 700)
    assert port.partner == NO_PARTNER or port.partner.identity == NO_PARTNER.identity
    assert (port.actor_churn_box, port.actor_churn_count) == (B.NO_CHURN, 0)
    assert (port.partner_churn_box, port.partner_churn_count) == (B.CHURN, 1)


def test_a_port_that_distributes_for_a_minute_does_not_churn():
    port = port_distributing()
    for _ in range(620):
        hear(port, "ATGSCD")
        run(port)
    assert (port.actor_churn_box, port.partner_churn_box) == (B.NO_CHURN, B.NO_CHURN)
