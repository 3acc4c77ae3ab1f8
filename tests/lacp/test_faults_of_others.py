"""Faults that other implementations have or had: here each is a rule, held in virtual time."""

import pytest
from bonds import CUT, UP, bond_with, enslave, frames, link, mac_of, of_kind, offer, run
from pairs import Wiring, aggregated

from pybondd.bond import Bond
from pybondd.effects import Report, SendFrame, Severity
from pybondd.events import BondMacChanged, PortFrame, PortReady, PortReleased
from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.units import SECOND_NS
from pybondd.wire.slow import Lacpdu, PortState, parse_slow

CARRYING = MuxBox.COLLECTING_DISTRIBUTING


def lacp_ports(bond: Bond):
    assert bond.mode.lacp is not None
    return bond.mode.lacp.ports


def boxes(bond):
    return [port.mux_box for port in lacp_ports(bond)]


def pdus(effects):
    """What leaves by which interface."""
    said = [(ifindex, parse_slow(frame)) for ifindex, frame in frames(effects)]
    assert all(isinstance(pdu, Lacpdu) for _, pdu in said)
    return said


def next_pdus(bond, ms=1500):
    """The LACPDUs of the next while, nobody answering."""
    start = bond.next_deadline()[0] // 10**6
    return pdus([effect for _, effect in run(bond, start + ms)])


# The system's address is the system's: it never follows a port.


def test_the_system_keeps_its_address_when_the_port_that_gave_it_leaves():
    wiring, bond = aggregated()
    before = bond.mode.lacp.address
    wiring.deliver(bond, bond.handle(PortReleased(1), now=wiring.now))
    wiring.run(3)
    assert {pdu.actor.system for _, pdu in next_pdus(bond, ms=31_000)} == {before}
    assert boxes(bond) == [CARRYING]


def test_the_system_keeps_its_address_when_the_bond_takes_another():
    bond = bond_with("802.3ad", 1, 2, lacp_rate="fast")
    run(bond, 3000)
    bond.handle(BondMacChanged(bytes.fromhex("02eeeeeeeeee")), now=3 * SECOND_NS)
    said = next_pdus(bond)
    assert {pdu.actor.system for _, pdu in said} == {mac_of(1)}
    assert {ifindex for ifindex, _ in said} == {1, 2}


def test_all_ports_speak_for_one_system_from_their_own_addresses():
    bond = bond_with("802.3ad", 1, 2, 3, lacp_rate="fast")
    said = frames([effect for _, effect in run(bond, 3000)])
    assert {(ifindex, frame[6:12]) for ifindex, frame in said} == {
        (ifindex, mac_of(ifindex)) for ifindex in (1, 2, 3)
    }
    assert {parse_slow(frame).actor.system for _, frame in said} == {mac_of(1)}


# A passive port goes on answering.


def test_a_passive_port_answers_an_active_partner_for_good():
    wiring, bond = aggregated(lacp_active="off", lacp_rate="fast")
    for _ in range(60):
        wiring.run(1)
        assert boxes(bond) == [CARRYING, CARRYING]


def test_a_passive_port_answers_after_the_partner_was_silent():
    wiring, bond = aggregated(lacp_active="off", lacp_rate="fast")
    partner = wiring.bonds[1]
    wiring.silent = [(partner, 1), (partner, 2)]
    wiring.run(20)
    assert boxes(bond) == [MuxBox.ATTACHED, MuxBox.ATTACHED]
    wiring.silent = []
    wiring.run(5)
    assert boxes(bond) == [CARRYING, CARRYING]


# Whenever another aggregator comes into use, its partner is told.


def three_systems(*, rate="fast", **options):
    """A bond with one cable to a first switch and two to a second."""
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2, 3, lacp_rate=rate, **options)
    first = wiring.bond("first", 1, lacp_rate=rate)
    second = wiring.bond("second", 2, 3, lacp_rate=rate)
    wiring.plug((bond, 1), (first, 1))
    wiring.plug((bond, 2), (second, 2))
    wiring.plug((bond, 3), (second, 3))
    wiring.run(6)
    return wiring, bond, first, second


@pytest.mark.parametrize("policy", ["stable", "bandwidth", "count"])
def test_the_partner_that_comes_into_use_learns_of_it_within_a_second(policy):
    wiring, bond, first, second = three_systems(ad_select=policy)
    reserve = second if bond.table.tx_ports == (1,) else first
    used, others = bond.table.tx_ports, tuple(port.ifindex for port in reserve.state.ports)
    assert set(used) | set(others) == {1, 2, 3}
    for ifindex in used:
        wiring.cut(bond, ifindex)
    wiring.run(1)
    assert bond.table.tx_ports == reserve.table.tx_ports == others
    seen = {PortState(port.partner.state).letters for port in lacp_ports(reserve)}
    assert seen == {"ATGSCD--"}


@pytest.mark.parametrize("follows", ["mended", "linux"])
def test_a_partner_that_asks_for_slow_news_learns_of_it_as_quickly(follows):
    wiring, bond, first, _ = three_systems(rate="slow", ad_select="count", lacp_follows=follows)
    wiring.run(60)
    assert bond.table.tx_ports == (2, 3)
    for ifindex in (2, 3):
        wiring.cut(bond, ifindex)
    wiring.run(1)
    assert bond.table.tx_ports == first.table.tx_ports == (1,)
    assert [PortState(port.partner.state).letters for port in lacp_ports(first)] == ["A-GSCD--"]


@pytest.mark.parametrize("policy", ["bandwidth", "count"])
def test_a_larger_aggregator_that_takes_over_carries_without_a_gap_of_a_second(policy):
    wiring, bond, _, second = three_systems(ad_select=policy)
    wiring.cut(bond, 2)
    wiring.cut(bond, 3)
    wiring.run(3)
    assert bond.table.tx_ports == (1,)
    for ifindex in (2, 3):
        wiring.deliver(bond, link(bond, ifindex, UP, now=wiring.now))
    wiring.run(5)
    assert bond.table.tx_ports == (2, 3)
    assert second.table.tx_ports == (2, 3)


# A silent outage of both directions heals within seconds.


def outage(**options):
    """Both directions silent until both ends have given each other up; then it is over."""
    wiring, bond = aggregated(1, lacp_rate="slow", lacp_follows="mended", **options)
    partner = wiring.bonds[1]
    wiring.silent = [(bond, 1), (partner, 1)]
    wiring.run(140)
    assert [port.receive_box for port in lacp_ports(bond)] == [ReceiveBox.DEFAULTED]
    wiring.silent = []
    return wiring, bond


@pytest.mark.parametrize(("follows", "in_90_s"), [("mended", 90), ("linux", 3), ("linux-6.1", 3)])
def test_a_defaulted_port_speaks_every_second_unless_linux_is_followed(follows, in_90_s):
    bond = bond_with("802.3ad", 1, lacp_rate="fast", lacp_follows=follows)
    run(bond, 20_000)
    assert len(of_kind([effect for _, effect in run(bond, 110_000)], SendFrame)) == in_90_s


def test_a_silent_outage_heals_in_seconds_if_only_one_end_is_mended():
    wiring, bond = outage()
    wiring.run(3)
    assert bond.table.tx_ports == (1,)
    assert boxes(bond) == [CARRYING]


# Nothing is said before it is known who speaks.


def test_no_lacpdu_leaves_before_the_port_has_joined_and_the_bond_is_open():
    bond = bond_with("802.3ad", is_open=False, lacp_rate="fast")
    assert frames(offer(bond, 1)) == []
    assert frames(bond.handle(PortReady(1, UP), now=0)) == []
    assert bond.next_deadline() is None


def test_the_first_lacpdu_of_a_port_says_all_that_is_known():
    bond = bond_with("802.3ad", 1, ad_user_port_key=7, ad_actor_sys_prio=99, lacp_rate="fast")
    run(bond, 2000)
    effects = enslave(bond, 2, now=2 * SECOND_NS)
    assert frames(effects) == []
    said = [pdu for ifindex, pdu in next_pdus(bond) if ifindex == 2]
    first, *later = said
    assert later
    assert (first.actor.system, first.actor.system_priority) == (mac_of(1), 99)
    assert (first.actor.key, first.actor.port_number) == (7 << 6 | 15, 2)


def test_a_port_whose_link_is_down_says_nothing():
    bond = bond_with("802.3ad", lacp_rate="fast")
    enslave(bond, 1, CUT)
    assert next_pdus(bond, ms=5000) == []


# A cable looped back is told once per loop.


def loop_warnings(effects):
    """The ports that complain of a loop."""
    warnings = [each for each in of_kind(effects, Report) if each.severity is Severity.WARNING]
    return [warning.port for warning in warnings if "loop" in warning.text]


def hear_itself(bond, seconds):
    """Whatever leaves by this port comes back by it; the effects of it all."""
    seen = []
    until = bond.next_deadline()[0] + seconds * SECOND_NS
    while (due := bond.next_deadline()) and due[0] <= until:
        effects = bond.advance(now=due[0])
        for sent in of_kind(effects, SendFrame):
            effects += bond.handle(PortFrame(sent.ifindex, sent.frame), now=due[0])
        seen += effects
    return seen


def test_a_looped_cable_is_told_once_however_long_it_lasts():
    bond = bond_with("802.3ad", 1, lacp_rate="fast")
    seen = hear_itself(bond, 60)
    assert len(of_kind(seen, SendFrame)) > 50
    assert loop_warnings(seen) == ["eth1"]
    assert lacp_ports(bond)[0].counters.looped > 50


def test_a_new_loop_is_told_again_after_a_partner_has_spoken():
    bond = bond_with("802.3ad", 1, lacp_rate="fast")
    other = bond_with("802.3ad", 1, lacp_rate="fast", ad_actor_system="02:cc:00:00:00:01")
    assert loop_warnings(hear_itself(bond, 5)) == ["eth1"]
    (said, *_) = frames([effect for _, effect in run(other, 3000)])
    bond.handle(PortFrame(*said), now=bond.next_deadline()[0])
    assert loop_warnings(hear_itself(bond, 5)) == ["eth1"]


def test_two_ports_that_are_looped_to_each_other_complain_once_each():
    wiring, bond = Wiring(), bond_with("802.3ad", 1, 2, lacp_rate="fast")
    wiring.bonds.append(bond)
    wiring.plug((bond, 1), (bond, 2))
    wiring.run(30)
    assert [port.is_loop_told for port in lacp_ports(bond)] == [True, True]
    assert [port.counters.looped > 20 for port in lacp_ports(bond)] == [True, True]
