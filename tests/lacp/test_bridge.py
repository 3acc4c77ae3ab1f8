"""The bridge between a bond and its LACP system: what happens to ports, options, effects.

Linux 6.12 bond_main.c and bond_3ad.c where they meet.
"""

import pytest
from bonds import (
    CUT,
    SET_DOWN,
    UP,
    bond_with,
    enslave,
    frames,
    link,
    links,
    mac_of,
    of_kind,
    run,
    write,
)
from pairs import aggregated

from pybondd.effects import PublishTable, Refuse, Report, SendFrame, SetCarrier, Severity
from pybondd.events import BondClosed, BondOpened, PortFrame, PortReleased
from pybondd.forwarding import Receive, Spread
from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.lacp.system import Follows, SelectPolicy
from pybondd.port import Duplex, Link, LinkFacts
from pybondd.units import SECOND_NS
from pybondd.wire.slow import PortState

UNKNOWN = LinkFacts(is_up=True, has_carrier=True)


def lacp(bond):
    assert bond.mode.lacp is not None
    return bond.mode.lacp


def letters(bond):
    return [PortState(port.actor.state).letters for port in lacp(bond).ports]


# The table.


def test_frames_are_spread_over_the_working_ports_of_the_active_aggregator():
    _, bond = aggregated(3, lacp_rate="fast")
    assert (bond.table.spread, bond.table.tx_ports) == (Spread.HASH, (1, 2, 3))
    assert [entry.receive for entry in bond.table.ports] == [Receive.DELIVER] * 3


def test_a_loss_shorter_than_downdelay_lets_a_port_carry_nothing_until_it_has_negotiated():
    wiring, bond = aggregated(2, lacp_rate="fast", downdelay=500, lacp_follows="linux")
    port = bond.state.port_by_index(1)
    link(bond, 1, CUT, now=wiring.now)
    wiring.run(0.25)
    link(bond, 1, UP, now=wiring.now)
    while port.link is not Link.UP:
        wiring.run(0.01)
    assert port.is_backup
    assert bond.table.tx_ports == (2,)
    wiring.run(5)
    assert bond.table.tx_ports == (1, 2)


@pytest.mark.parametrize("follows", ["mended", "linux"])
def test_a_cut_port_leaves_the_table_at_once(follows):
    wiring, bond = aggregated(2, lacp_follows=follows)
    effects = link(bond, 1, CUT, now=wiring.now)
    assert of_kind(effects, PublishTable)
    assert bond.table.tx_ports == (2,)


@pytest.mark.parametrize(("follows", "link_at_once"), [("mended", "down"), ("linux", "up")])
def test_lacp_learns_of_a_cut_at_once_or_at_the_next_poll_as_in_linux(follows, link_at_once):
    wiring, bond = aggregated(2, lacp_follows=follows)
    link(bond, 1, CUT, now=wiring.now)
    assert links(bond) == [link_at_once, "up"]
    wiring.run(0.2)
    assert links(bond) == ["down", "up"]


def test_nothing_is_sent_or_received_before_anything_was_chosen():
    bond = bond_with("802.3ad", 1, is_open=False)
    assert bond.table.tx_ports == ()
    assert [entry.receive for entry in bond.table.ports] == [Receive.SUPPRESS]


def test_without_a_partner_the_first_port_alone_carries():
    bond = bond_with("802.3ad", 1, 2)
    run(bond, 1000)
    assert bond.table.tx_ports == (1,)
    assert [entry.receive for entry in bond.table.ports] == [Receive.DELIVER, Receive.SUPPRESS]


# Open and closed.


def test_a_closed_bond_stands_still_and_goes_on_where_it_stood():
    wiring, bond = aggregated(1, lacp_rate="fast")
    before = [(port.mux_box, port.current_while, port.partner) for port in lacp(bond).ports]
    assert frames(bond.handle(BondClosed(), now=wiring.now)) == []
    assert bond.next_deadline() is None
    wiring.run(30)
    assert [(port.mux_box, port.current_while, port.partner) for port in lacp(bond).ports] == before
    wiring.deliver(bond, bond.handle(BondOpened(), now=wiring.now))
    wiring.run(5)
    assert bond.table.tx_ports == (1,)


def test_a_closed_bond_hears_nothing():
    wiring, bond = aggregated(1)
    (said, *_) = frames([effect for _, effect in run(wiring.bonds[1], 60_000)])
    bond.handle(BondClosed(), now=60 * SECOND_NS)
    before = lacp(bond).ports[0].counters.lacpdu_rx
    assert bond.handle(PortFrame(*said), now=60 * SECOND_NS) == []
    assert lacp(bond).ports[0].counters.lacpdu_rx == before


def test_a_frame_that_is_not_of_the_slow_protocols_is_nothing_to_lacp():
    bond = bond_with("802.3ad", 1)
    assert bond.handle(PortFrame(1, bytes(124)), now=0) == []
    assert lacp(bond).ports[0].counters.lacpdu_illegal_rx == 0


def test_a_frame_of_a_port_that_has_just_left_is_nothing():
    bond = bond_with("802.3ad", 1, 2)
    bond.handle(PortReleased(2), now=0)
    assert bond.handle(PortFrame(2, bytes(124)), now=0) == []


# Speed.


def test_a_port_whose_speed_is_lost_is_failing_until_it_is_known_again():
    wiring, bond = aggregated(2, lacp_rate="fast")
    wiring.cut(bond, 1)
    wiring.run(1)
    link(bond, 1, UP, now=wiring.now)
    wiring.run(5)
    link(bond, 1, UNKNOWN, now=wiring.now)
    assert links(bond) == ["going down", "up"]
    assert [port.lacp_enabled for port in lacp(bond).ports] == [False, True]


def test_a_port_that_never_had_a_link_is_down_without_a_speed():
    bond = bond_with("802.3ad")
    enslave(bond, 1, SET_DOWN)
    link(bond, 1, UNKNOWN, now=SECOND_NS)
    assert links(bond) == ["down"]


def test_a_new_speed_starts_a_port_anew():
    wiring, bond = aggregated(2, lacp_rate="fast")
    link(bond, 1, LinkFacts(True, True, 1000, Duplex.FULL), now=wiring.now)
    assert [port.begin for port in lacp(bond).ports] == [True, False]
    wiring.run(5)
    assert [port.aggregator.id for port in lacp(bond).ports] != [1, 1], (
        "two speeds, two aggregators"
    )


def test_when_another_port_changes_the_key_is_looked_at_again():
    """Linux does so at each commit of the monitor; ethtool may have changed the speed silently."""
    wiring, bond = aggregated(2, lacp_rate="fast")
    bond.state.ports[0].facts = LinkFacts(True, True, 1000, Duplex.FULL)
    bond.state.ports[0].read_speed()
    link(bond, 2, CUT, now=wiring.now)
    wiring.run(0.2)
    assert lacp(bond).ports[0].actor.key == 9


# Options.


def test_every_option_reaches_lacp():
    bond = bond_with(
        "802.3ad",
        lacp_rate="fast",
        lacp_active="off",
        ad_select="count",
        coupled_control="off",
        ad_user_port_key=5,
        all_slaves_active=1,
        lacp_follows="linux",
        ad_actor_sys_prio=7,
    )
    settings = lacp(bond).settings
    assert (settings.is_fast, settings.is_active, settings.is_coupled) == (True, False, False)
    assert (settings.select_policy, settings.user_key) == (SelectPolicy.COUNT, 5)
    assert (settings.receives_on_all, settings.follows) == (True, Follows.LINUX)
    assert lacp(bond).priority == 7


def test_rate_and_activity_are_taken_over_by_the_ports_that_are_there():
    bond = bond_with("802.3ad", 1, is_open=False)
    assert letters(bond) == ["A-G-----"]
    write(bond, "lacp_rate", "fast")
    write(bond, "lacp_active", "off")
    assert letters(bond) == ["-TG-----"]


@pytest.mark.parametrize("name", ["lacp_rate", "lacp_active", "ad_select", "coupled_control"])
def test_what_is_for_a_closed_bond_is_refused_while_it_is_open(name):
    bond = bond_with("802.3ad", 1)
    (refusal,) = write(bond, name, "1")
    assert isinstance(refusal, Refuse)


SYSTEM = [
    ("ad_actor_sys_prio", "100", lambda actor: actor.system_priority == 100),
    ("ad_actor_system", "02:99:00:00:00:01", lambda actor: actor.system.hex() == "029900000001"),
]


@pytest.mark.parametrize(("name", "text", "holds"), SYSTEM, ids=[row[0] for row in SYSTEM])
def test_a_new_system_is_told_to_all_partners(name, text, holds):
    wiring, bond = aggregated(2)
    write(bond, name, text, now=wiring.now)
    assert all(holds(port.actor) and port.ntt for port in lacp(bond).ports)
    wiring.run(0.5)
    partner = wiring.bonds[1]
    assert all(holds(port.partner) for port in lacp(partner).ports)


def test_the_bonds_own_address_is_taken_again_when_the_option_is_cleared():
    bond = bond_with("802.3ad", 1, ad_actor_system="02:99:00:00:00:01")
    write(bond, "ad_actor_system", "00:00:00:00:00:00")
    assert lacp(bond).ports[0].actor.system == bond.state.mac == mac_of(1)


# Carrier.


def carriers(bond, effects):
    return [effect.is_up for effect in of_kind(effects, SetCarrier)]


def test_min_links_holds_the_carrier_back():
    wiring, bond = aggregated(2, lacp_rate="fast", min_links=2, lacp_follows="mended")
    assert bond.state.has_carrier
    assert carriers(bond, link(bond, 1, CUT, now=wiring.now)) == [False]
    assert carriers(bond, write(bond, "min_links", "1", now=wiring.now)) == [True]


@pytest.mark.parametrize(("is_strict", "expected"), [("off", True), ("on", False)])
def test_a_bond_without_a_partner_has_a_carrier_unless_strict(is_strict, expected):
    bond = bond_with("802.3ad", 1, lacp_strict=is_strict)
    run(bond, 2000)
    assert bond.state.has_carrier is expected


@pytest.mark.parametrize("follows", ["mended", "linux", "linux-6.1"])
@pytest.mark.parametrize("coupled_control", ["on", "off"])
def test_a_strict_bond_loses_its_carrier_with_its_partner_and_gets_it_back(
    follows, coupled_control
):
    options = {"lacp_rate": "fast", "lacp_follows": follows, "coupled_control": coupled_control}
    wiring, bond = aggregated(2, lacp_strict="on", **options)
    assert bond.state.has_carrier
    silent = [(other, ifindex) for other in wiring.bonds[1:] for ifindex in (1, 2)]
    wiring.silent += silent
    wiring.run(10)
    assert lacp(bond).ports[0].receive_box is ReceiveBox.DEFAULTED
    assert not bond.state.has_carrier
    wiring.silent.clear()
    wiring.run(40)
    assert bond.state.has_carrier


def test_a_strict_bond_with_min_links_wants_so_many_ports_that_carry():
    wiring, bond = aggregated(2, lacp_rate="fast", lacp_strict="on", min_links=2)
    assert bond.state.has_carrier
    wiring.silent.append((wiring.bonds[1], 1))
    wiring.run(4)
    assert not bond.state.has_carrier
    assert carriers(bond, write(bond, "min_links", "1", now=wiring.now)) == [True]


def test_lacp_strict_takes_effect_on_the_carrier_at_once():
    bond = bond_with("802.3ad", 1)
    run(bond, 2000)
    assert carriers(bond, write(bond, "lacp_strict", "on", now=2 * SECOND_NS)) == [False]
    assert carriers(bond, write(bond, "lacp_strict", "off", now=2 * SECOND_NS)) == [True]


# What people are told.


def test_moves_of_the_machines_that_people_follow_are_told_in_detail():
    bond = bond_with("802.3ad", 1, lacp_rate="fast")
    told = [effect for _, effect in run(bond, 40_000) if isinstance(effect, Report)]
    assert {report.severity for report in told} == {Severity.DEBUG}
    texts = [report.text for report in told]
    assert "receive machine: EXPIRED to DEFAULTED" in texts
    assert "mux machine: WAITING to ATTACHED" in texts
    assert not any(text.startswith(("periodic", "transmit")) for text in texts)


def test_a_speed_that_lacp_does_not_know_is_told():
    bond = bond_with("802.3ad", 1)
    effects = link(bond, 1, LinkFacts(True, True, 80_000, Duplex.FULL), now=0)
    warnings = [each.text for each in of_kind(effects, Report) if each.severity is Severity.WARNING]
    assert warnings == ["speed 80000 has no LACP key"]


def test_a_farewell_leaves_by_the_port_that_leaves():
    bond = bond_with("802.3ad", 1, 2)
    assert [sent.ifindex for sent in of_kind(bond.handle(PortReleased(1), now=0), SendFrame)] == [1]


def test_a_port_that_is_back_negotiates_before_it_carries():
    wiring, bond = aggregated(2, lacp_rate="fast")
    wiring.cut(bond, 1)
    wiring.run(1)
    wiring.deliver(bond, link(bond, 1, UP, now=wiring.now))
    port = lacp(bond).ports[0]
    assert (port.mux_box, port.member.is_backup) == (MuxBox.ATTACHED, True)
    wiring.run(0.2)
    assert port.receive_box in (ReceiveBox.EXPIRED, ReceiveBox.CURRENT)
    assert bond.table.tx_ports == (2,)
    wiring.run(4)
    assert bond.table.tx_ports == (1, 2)
