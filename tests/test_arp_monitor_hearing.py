"""arp_validate: which frames tell that a port is alive?"""

import pytest
from arp_bonds import (
    NOBODY_MAC,
    OTHER,
    OTHER6,
    OURS,
    OURS6,
    TARGET6,
    advertisement,
    arp_bond,
    comes_in,
    passes,
    port_of,
    reply,
    request,
    tell_addresses,
    traffic,
)
from bonds import frames, write

from pybondd.events import BondClosed, BondOpened, Heard, PortsHeard
from pybondd.units import milliseconds
from pybondd.wire.neighbour import ALL_NODES, solicited_node

AB = "active-backup"
ACTIVE, BACKUP = 1, 2
IPV4 = bytes.fromhex("020000000001 020000000099 0800") + bytes(46)
IPV6 = bytes.fromhex("020000000001 020000000099 86dd 6000000000063aff") + bytes(32) + bytes(6)
AT_MS, AT = 150, milliseconds(150)


def bond_that_validates(how, **options):
    bond = arp_bond(AB, ACTIVE, BACKUP, arp_validate=how, ns=[TARGET6], **options)
    # The active port has been heard since it took over: a backup's sightings are believed.
    port_of(bond, ACTIVE).last_rx_ns = milliseconds(1)
    return bond


def counts(bond, ifindex, frame):
    comes_in(bond, ifindex, frame, at_ms=AT_MS)
    return port_of(bond, ifindex).last_rx_ns == AT


# -- which ports are validated

VALIDATED = {
    "none": (False, False),
    "active": (True, False),
    "backup": (False, True),
    "all": (True, True),
    "filter": (False, False),
    "filter_active": (True, False),
    "filter_backup": (False, True),
}
each_setting = pytest.mark.parametrize(("how", "validated"), VALIDATED.items(), ids=VALIDATED)


@each_setting
def test_any_frame_counts_where_neither_validation_nor_filter_is_asked_for(how, validated):
    bond = bond_that_validates(how)
    traffic(bond, ACTIVE, BACKUP, at_ms=AT_MS)
    heard = [port.last_rx_ns == AT for port in bond.state.ports]
    assert heard == [not is_validated and "filter" not in how for is_validated in validated]


@each_setting
def test_any_arp_and_ipv6_counts_where_no_validation_is_asked_for(how, validated):
    bond = bond_that_validates(how)
    ports = tuple(Heard(ifindex, AT, AT) for ifindex in (ACTIVE, BACKUP))
    bond.handle(PortsHeard(ports), now=AT)
    assert [port.last_rx_ns == AT for port in bond.state.ports] == [not each for each in validated]


@each_setting
@pytest.mark.parametrize("frame", [reply(sender=OTHER), IPV6], ids=["ARP of others", "IPv6"])
def test_a_frame_of_others_counts_on_ports_that_are_not_validated(how, validated, frame):
    for ifindex, is_validated in zip((ACTIVE, BACKUP), validated, strict=True):
        assert counts(bond_that_validates(how), ifindex, frame) == (not is_validated)


@pytest.mark.parametrize(("how", "is_enough"), [("none", True), ("filter", False)])
def test_a_filter_leaves_out_what_is_neither_arp_nor_ipv6(how, is_enough):
    assert counts(bond_that_validates(how), ACTIVE, IPV4) == is_enough


def test_what_counts_without_validation_is_of_no_target():
    bond = bond_that_validates("none")
    before = list(port_of(bond, ACTIVE).target_rx_ns)
    assert counts(bond, ACTIVE, reply())
    assert port_of(bond, ACTIVE).target_rx_ns == before


# -- ARP on the active port

ON_ACTIVE = {
    "the target's reply": (reply(), True),
    "the target's request": (reply(operation=1), True),
    "an operation nobody knows": (reply(operation=77), True),
    "another host's reply": (reply(sender=OTHER), False),
    "a reply to another address": (reply(target=OTHER), False),
    "our own request": (request(), False),
    "sender 0.0.0.0": (reply(sender=bytes(4)), False),
    "for another station": (reply(to=NOBODY_MAC), False),
    "for all stations": (reply(to=bytes([255] * 6)), True),
    "of token ring": (reply()[:14] + bytes.fromhex("0006") + reply()[16:], False),
    "cut off": (reply()[:30], False),
    "IPv4": (IPV4, False),
}


@pytest.mark.parametrize(("frame", "is_good"), ON_ACTIVE.values(), ids=ON_ACTIVE)
def test_on_the_active_port_a_target_must_speak_to_one_of_our_addresses(frame, is_good):
    bond = bond_that_validates("all")
    assert counts(bond, ACTIVE, frame) == is_good
    assert (port_of(bond, ACTIVE).target_rx_ns[0] == AT) == is_good


def test_an_address_of_an_interface_above_the_bond_is_ours_too():
    bond = bond_that_validates("all")
    tell_addresses(bond, OURS, OTHER)
    assert counts(bond, ACTIVE, reply(target=OTHER))


@pytest.mark.parametrize(("addresses", "is_ours"), [([], True), ([OURS], False)])
def test_0_0_0_0_is_ours_exactly_when_we_have_no_address(addresses, is_ours):
    bond = bond_that_validates("all")
    tell_addresses(bond, *addresses)
    assert counts(bond, ACTIVE, reply(target=bytes(4))) == is_ours


def test_each_target_has_its_own_time():
    bond = bond_that_validates("all")
    write(bond, "arp_ip_target", "+10.0.0.3")
    assert counts(bond, ACTIVE, reply(sender=OTHER))
    assert [instant == AT for instant in port_of(bond, ACTIVE).target_rx_ns[:2]] == [False, True]


# -- ARP on a backup


def test_a_backup_believes_in_our_own_request_and_in_no_reply():
    assert counts(bond_that_validates("all"), BACKUP, request())
    assert not counts(bond_that_validates("all"), BACKUP, reply())


def test_a_backup_believes_in_nothing_until_the_active_port_is_heard():
    bond = arp_bond(AB, ACTIVE, BACKUP, arp_validate="all")
    assert not counts(bond, BACKUP, request())


def test_heard_in_the_tick_of_the_takeover_is_not_heard_since():
    bond = bond_that_validates("all")
    bond.state.tick_ns = milliseconds(4)
    assert not counts(bond, BACKUP, request())


def searching():
    """Port 1 and 2 failed, port 2 is the candidate and asked at 300."""
    bond = arp_bond(AB, 1, 2, arp_validate="all")
    passes(bond, 300)
    assert bond.state.probing.candidate.name == "eth2"
    return bond


@pytest.mark.parametrize(
    ("frame", "at_ms", "is_good"),
    [
        pytest.param(reply(), 310, True, id="a reply"),
        pytest.param(request(), 310, False, id="our own request"),
        pytest.param(reply(operation=1), 310, False, id="the target's request"),
        pytest.param(reply(), 450, True, id="an interval and a half later"),
        pytest.param(reply(), 451, False, id="too late"),
    ],
)
def test_during_the_search_a_backup_believes_in_replies_to_the_candidate(frame, at_ms, is_good):
    bond = searching()
    comes_in(bond, 1, frame, at_ms=at_ms)
    assert (port_of(bond, 1).last_rx_ns == milliseconds(at_ms)) == is_good


def test_the_candidate_is_asked_for_replies_like_an_active_port():
    bond = searching()
    comes_in(bond, 2, reply(operation=1), at_ms=310)
    assert port_of(bond, 2).last_rx_ns == milliseconds(310)


# -- neighbour discovery

ON_ACTIVE6 = {
    "the target's advertisement": (advertisement(), True),
    "to all nodes": (advertisement(to=ALL_NODES), True),
    "another host's advertisement": (advertisement(sender=OTHER6), False),
    "to another address": (advertisement(to=OTHER6), False),
    "from ::": (advertisement(sender=bytes(16)), False),
    "from the target's group": (advertisement(sender=solicited_node(TARGET6)), True),
    "cut off": (advertisement()[:60], False),
    "another protocol": (advertisement()[:20] + b"\x11" + advertisement()[21:], False),
    "another message": (advertisement()[:54] + b"\x80" + advertisement()[55:], False),
}


@pytest.mark.parametrize(("frame", "is_good"), ON_ACTIVE6.values(), ids=ON_ACTIVE6)
def test_on_the_active_port_an_ns_target_must_speak_to_us(frame, is_good):
    assert counts(bond_that_validates("all"), ACTIVE, frame) == is_good


def test_a_backup_believes_in_our_own_solicitation():
    bond = bond_that_validates("all")
    solicitation = frames(bond.advance(now=milliseconds(100)))[-1][1]
    assert counts(bond, BACKUP, solicitation)
    assert not counts(bond_that_validates("all"), BACKUP, advertisement())


def test_ns_targets_share_the_places_of_arp_targets():
    bond = bond_that_validates("all")
    assert counts(bond, ACTIVE, advertisement())
    assert port_of(bond, ACTIVE).target_rx_ns[0] == AT


def test_of_targets_that_share_a_group_the_first_is_taken_for_the_one_asked():
    near, far = bytes.fromhex("fe80") + TARGET6[2:], TARGET6
    bond = arp_bond(AB, ACTIVE, BACKUP, arp_validate="all", ns=[near, far])
    port_of(bond, ACTIVE).last_rx_ns = milliseconds(1)
    assert counts(bond, BACKUP, advertisement(sender=OURS6, to=solicited_node(far)))
    places = port_of(bond, BACKUP).target_rx_ns[:2]
    assert [instant == AT for instant in places] == [True, False]


# -- when it counts at all


def test_a_closed_bond_hears_nothing():
    bond = bond_that_validates("none")
    bond.handle(BondClosed(), now=milliseconds(120))
    assert not counts(bond, ACTIVE, IPV4)


def test_what_was_heard_before_the_bond_was_opened_does_not_count():
    bond = bond_that_validates("none")
    bond.handle(BondClosed(), now=milliseconds(120))
    bond.handle(BondOpened(), now=milliseconds(200))
    traffic(bond, ACTIVE, at_ms=AT_MS)
    assert port_of(bond, ACTIVE).last_rx_ns < AT


def test_what_is_heard_the_moment_the_bond_is_opened_counts():
    bond = bond_that_validates("none")
    bond.handle(BondClosed(), now=milliseconds(120))
    bond.handle(BondOpened(), now=AT)
    traffic(bond, ACTIVE, at_ms=AT_MS)
    assert port_of(bond, ACTIVE).last_rx_ns == AT


def test_an_older_time_does_not_replace_a_newer_one():
    bond = bond_that_validates("none")
    assert counts(bond, ACTIVE, IPV4)
    traffic(bond, ACTIVE, at_ms=AT_MS - 10)
    assert port_of(bond, ACTIVE).last_rx_ns == AT


def test_a_port_that_is_gone_may_still_have_been_heard():
    bond = bond_that_validates("none")
    traffic(bond, 9, at_ms=AT_MS)
    assert [port.ifindex for port in bond.state.ports] == [ACTIVE, BACKUP]


@pytest.mark.parametrize(("how", "listens_on"), [("none", True), ("all", False)])
def test_with_the_monitor_off_linux_goes_on_listening_unless_it_validates(how, listens_on):
    bond = bond_that_validates(how)
    write(bond, "arp_interval", "0", now=milliseconds(120))
    write(bond, "arp_validate", "none", now=milliseconds(120))
    assert counts(bond, ACTIVE, IPV4) == listens_on
