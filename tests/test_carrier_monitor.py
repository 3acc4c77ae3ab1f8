"""The MII monitor's transitions, a row each; counted in passes."""

import pytest
from bonds import (
    CUT,
    SET_DOWN,
    UP,
    active,
    bond_with,
    enslave,
    link,
    links,
    of_kind,
    polls,
    run,
    write,
)

from pybondd.effects import PublishTable, Report
from pybondd.port import LinkFacts
from pybondd.units import milliseconds

MS = milliseconds(1)


# -- without delays


def test_a_netlink_event_changes_the_link_without_waiting_for_the_poll():
    bond = bond_with("active-backup", 1, 2)
    link(bond, 1, CUT, now=5 * MS)
    assert links(bond) == ["down", "up"]
    assert active(bond) == "eth2"


def test_a_returning_link_waits_for_the_poll_while_another_port_carries_traffic():
    bond = bond_with("active-backup", 1, 2, primary="eth1")
    link(bond, 1, CUT, now=5 * MS)
    link(bond, 1, UP, now=20 * MS)
    assert (links(bond), active(bond)) == (["down", "up"], "eth2")
    run(bond, 200)
    assert (links(bond), active(bond)) == (["up", "up"], "eth1")


def test_a_returning_link_is_used_at_once_when_nothing_carries_traffic():
    bond = bond_with("active-backup", 1)
    link(bond, 1, CUT, now=5 * MS)
    link(bond, 1, UP, now=20 * MS)
    assert active(bond) == "eth1"


def test_the_poll_finds_what_no_event_told():
    bond = bond_with("active-backup", 1, 2)
    bond.state.ports[0].facts = CUT
    polls(bond, 1)
    assert (links(bond), active(bond)) == (["down", "up"], "eth2")


def test_a_port_set_down_by_an_administrator_counts_as_a_lost_link():
    bond = bond_with("balance-rr", 1, 2)
    link(bond, 2, SET_DOWN, now=5 * MS)
    assert links(bond) == ["up", "down"]


def test_each_loss_is_counted_once():
    bond = bond_with("balance-rr", 1, 2)
    for now in (10, 20, 30):
        link(bond, 2, CUT, now=now * MS)
        link(bond, 2, UP, now=(now + 5) * MS)
        polls(bond, 1)
    assert [port.link_failure_count for port in bond.state.ports] == [0, 3]


# -- with delays


def test_downdelay_gives_a_port_up_exactly_that_many_passes_after_the_loss_was_seen():
    bond = bond_with("active-backup", 1, 2, downdelay=300)
    link(bond, 1, CUT, now=5 * MS)
    seen = []
    for _ in range(4):
        polls(bond, 1)
        seen.append(links(bond)[0])
    assert seen == ["going down", "going down", "going down", "down"]


def test_updelay_takes_a_port_back_exactly_that_many_passes_after_it_returned():
    bond = bond_with("active-backup", 1, 2, updelay=200)
    polls(bond, 3)
    assert links(bond) == ["up", "up"]
    link(bond, 2, CUT, now=305 * MS)
    link(bond, 2, UP, now=310 * MS)
    assert links(bond)[1] == "down", "a delay is set, so the poll decides"
    seen = []
    for _ in range(3):
        polls(bond, 1)
        seen.append(links(bond)[1])
    assert seen == ["going back", "going back", "up"]


def test_a_link_that_returns_within_downdelay_is_no_failure():
    bond = bond_with("active-backup", 1, 2, downdelay=300)
    link(bond, 1, CUT, now=5 * MS)
    polls(bond, 2)
    link(bond, 1, UP, now=250 * MS)
    effects = polls(bond, 1)
    assert links(bond) == ["up", "up"]
    assert active(bond) == "eth1"
    assert bond.state.ports[0].link_failure_count == 0
    assert [e.text for e in of_kind(effects, Report)] == [
        "link status up again after 200 ms",
        "link status definitely up, 10000 Mbps full duplex",
    ]


def test_a_link_lost_again_within_updelay_counts_as_a_failure():
    bond = bond_with("balance-rr", 1, 2, updelay=300)
    polls(bond, 4)
    link(bond, 2, CUT, now=400 * MS)
    polls(bond, 1)
    link(bond, 2, UP, now=450 * MS)
    polls(bond, 1)
    assert links(bond)[1] == "going back"
    link(bond, 2, CUT, now=550 * MS)
    assert links(bond)[1] == "down"
    assert bond.state.ports[1].link_failure_count == 2


@pytest.mark.parametrize("mode", ["active-backup", "balance-xor"])
def test_one_port_skips_its_updelay_when_nothing_carries_traffic(mode):
    bond = bond_with(mode, 1, 2, updelay=300)
    polls(bond, 4)
    for port in (1, 2):
        link(bond, port, CUT, now=500 * MS)
    polls(bond, 1)
    for port in (1, 2):
        link(bond, port, UP, now=550 * MS)
    polls(bond, 1)
    assert links(bond) == ["up", "going back"]


@pytest.mark.parametrize("mode", ["balance-rr", "broadcast"])
def test_updelay_is_always_waited_for_where_no_array_of_usable_ports_is_kept(mode):
    bond = bond_with(mode, 1, updelay=300)
    polls(bond, 4)
    link(bond, 1, CUT, now=500 * MS)
    polls(bond, 1)
    link(bond, 1, UP, now=550 * MS)
    polls(bond, 1)
    assert links(bond) == ["going back"]


# -- what a link is


def test_with_use_carrier_off_a_port_that_cannot_tell_counts_as_up():
    bond = bond_with("balance-rr", use_carrier=0)
    enslave(bond, 1, LinkFacts(has_carrier=False, reports_link=False))
    polls(bond, 1)
    assert links(bond) == ["up"]


def test_without_a_monitor_every_port_is_up_for_ever():
    bond = bond_with("active-backup", 1, 2, miimon=0)
    effects = link(bond, 1, CUT, now=5 * MS)
    assert links(bond) == ["up", "up"]
    assert active(bond) == "eth1"
    assert bond.next_deadline() is None
    assert [entry.is_live for entry in of_kind(effects, PublishTable)[0].table.ports] == [
        False,
        True,
    ]


def test_a_new_miimon_rescales_the_delays():
    bond = bond_with("active-backup", 1, updelay=300, downdelay=200)
    write(bond, "miimon", "50")
    assert (bond.read_option("updelay"), bond.read_option("downdelay")) == ("150", "100")


def test_the_monitor_rests_while_the_bond_is_down():
    assert bond_with("active-backup", 1, is_open=False).next_deadline() is None


def test_all_ports_going_down_take_the_carrier_before_downdelay_ends():
    bond = bond_with("balance-rr", 1, downdelay=300)
    link(bond, 1, CUT, now=5 * MS)
    polls(bond, 1)
    assert (links(bond), bond.state.has_carrier) == (["going down"], False)
