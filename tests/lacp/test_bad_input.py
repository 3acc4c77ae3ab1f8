"""Is what nobody should send counted by its reason, and nothing else?"""

from dataclasses import fields, replace

import pytest
from bonds import bond_with, frames, of_kind, polls, run

from pybondd.effects import Report, SendFrame, Severity
from pybondd.events import PortFrame, PortReleased
from pybondd.lacp.boxes import ReceiveBox
from pybondd.lacp.passes import MAX_PDUS_PER_PASS
from pybondd.wire.slow import (
    SLOW_ADDRESS,
    Lacpdu,
    Marker,
    Oddity,
    Participant,
    PortState,
    build_lacpdu,
    parse_slow,
)

PARTNER_MAC = bytes.fromhex("020000000b01")
PARTNER = Participant(0xFFFF, bytes.fromhex("020000000b00"), 33, 255, 1, 0x3F)
SECOND_NS = 1_000_000_000


def bond_of_two():
    """Mode 4 with ports 1 and 2, a while after its links came up, never spoken to."""
    bond = bond_with("802.3ad", 1, 2, lacp_rate="fast")
    run(bond, 1500)
    return bond


def lacp_port(bond, ifindex):
    return bond.mode.lacp_port(bond.state.port_by_index(ifindex))


def partner_says(bond, ifindex, said=PARTNER):
    """An LACPDU of a partner that has understood all that we say."""
    return build_lacpdu(Lacpdu(said, lacp_port(bond, ifindex).actor), source=PARTNER_MAC)


def hear(bond, ifindex, *heard, now=2 * SECOND_NS):
    return [effect for frame in heard for effect in bond.handle(PortFrame(ifindex, frame), now=now)]


def counted(bond, ifindex):
    """Every counter that is not 0, leaving out what we have sent."""
    counters = lacp_port(bond, ifindex).counters
    values = {field.name: getattr(counters, field.name) for field in fields(counters)}
    return {name: value for name, value in values.items() if value and name != "lacpdu_tx"}


def changed(frame, at, *octets):
    """The frame with other octets from `at` on, counted from the start of the PDU."""
    return frame[: 14 + at] + bytes(octets) + frame[14 + at + len(octets) :]


def marker(marker_type=1, length=16):
    pdu = bytes((2, 1, marker_type, length)) + bytes.fromhex("0003 020000000c00 00abcdef 0000 0000")
    return SLOW_ADDRESS + PARTNER_MAC + b"\x88\x09" + pdu + bytes(90)


LACPDU = build_lacpdu(Lacpdu(PARTNER, PARTNER), source=PARTNER_MAC)


# Not for the machines.


@pytest.mark.parametrize(
    ("frame", "counter"),
    [
        pytest.param(LACPDU[:14], "lacpdu_illegal_rx", id="nothing behind the header"),
        pytest.param(LACPDU[:60], "lacpdu_illegal_rx", id="60 octets"),
        pytest.param(LACPDU[:-1], "lacpdu_illegal_rx", id="one octet too few"),
        pytest.param(marker()[:60], "lacpdu_illegal_rx", id="a marker of 60 octets"),
        pytest.param(changed(LACPDU, 0, 3), "lacpdu_unknown_rx", id="OAM"),
        pytest.param(changed(LACPDU, 0, 0), "lacpdu_unknown_rx", id="subtype 0"),
        pytest.param(changed(LACPDU, 0, 255), "lacpdu_unknown_rx", id="subtype 255"),
        pytest.param(marker(3), "marker_unknown_rx", id="a marker of type 3"),
        pytest.param(marker(2), "marker_resp_rx", id="an answer to a marker nobody sent"),
    ],
)
def test_it_is_counted_by_its_reason_and_changes_nothing(frame, counter):
    bond = bond_of_two()
    before = lacp_port(bond, 1).actor, lacp_port(bond, 1).partner, lacp_port(bond, 1).receive_box
    assert hear(bond, 1, frame) == []
    assert counted(bond, 1) == {counter: 1}
    assert counted(bond, 2) == {}
    after = lacp_port(bond, 1).actor, lacp_port(bond, 1).partner, lacp_port(bond, 1).receive_box
    assert after == before


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(PARTNER_MAC + LACPDU[6:], id="to a station"),
        pytest.param(b"\xff" * 6 + LACPDU[6:], id="to all"),
        pytest.param(LACPDU[:12] + b"\x08\x00" + LACPDU[14:], id="of another EtherType"),
        pytest.param(b"", id="empty"),
        pytest.param(LACPDU[:13], id="cut in its header"),
    ],
)
def test_what_is_not_for_the_slow_protocols_is_not_counted(frame):
    bond = bond_of_two()
    assert hear(bond, 1, frame) == []
    assert counted(bond, 1) == {}


# Odd, and taken as Linux takes it.


@pytest.mark.parametrize(
    ("at", "octet", "oddity"),
    [
        pytest.param(1, 0, Oddity.VERSION, id="version 0"),
        pytest.param(1, 2, Oddity.VERSION, id="version 2"),
        pytest.param(2, 9, Oddity.ACTOR_TYPE, id="actor type"),
        pytest.param(3, 0, Oddity.ACTOR_LENGTH, id="actor length"),
        pytest.param(22, 9, Oddity.PARTNER_TYPE, id="partner type"),
        pytest.param(23, 255, Oddity.PARTNER_LENGTH, id="partner length"),
        pytest.param(42, 9, Oddity.COLLECTOR_TYPE, id="collector type"),
        pytest.param(43, 0, Oddity.COLLECTOR_LENGTH, id="collector length"),
        pytest.param(58, 1, Oddity.TERMINATOR_TYPE, id="terminator type"),
        pytest.param(59, 50, Oddity.TERMINATOR_LENGTH, id="terminator length"),
        pytest.param(19, 1, Oddity.RESERVED, id="reserved octet"),
    ],
)
def test_an_odd_lacpdu_is_believed_and_its_oddity_counted(at, octet, oddity):
    bond = bond_of_two()
    hear(bond, 1, changed(partner_says(bond, 1), at, octet))
    assert lacp_port(bond, 1).partner == PARTNER
    assert lacp_port(bond, 1).receive_box is ReceiveBox.CURRENT
    assert counted(bond, 1) == {"lacpdu_rx": 1, "oddities": {oddity: 1}}


def test_an_lacpdu_of_1500_octets_is_believed():
    bond = bond_of_two()
    hear(bond, 1, partner_says(bond, 1).ljust(1514, b"\xff"))
    assert lacp_port(bond, 1).partner == PARTNER
    assert counted(bond, 1) == {"lacpdu_rx": 1, "oddities": {Oddity.TRAILING: 1}}


def test_a_marker_of_another_length_is_answered_and_counted():
    bond = bond_of_two()
    ((ifindex, answer),) = frames(hear(bond, 1, marker(length=0x16)))
    assert ifindex == 1
    assert answer[14:] == changed(marker(length=0x16), 2, 2)[14:]
    assert counted(bond, 1) == {
        "marker_rx": 1,
        "marker_resp_tx": 1,
        "oddities": {Oddity.MARKER_LENGTH: 1},
    }


# Our own.


def test_our_own_lacpdu_is_counted_each_time_and_told_once():
    bond = bond_of_two()
    ours = lacp_port(bond, 1).actor
    effects = hear(bond, 1, *12 * [partner_says(bond, 1, replace(ours, port_number=2))])
    told = [e for e in of_kind(effects, Report) if e.severity is Severity.WARNING]
    assert len(told) == 1
    assert counted(bond, 1) == {"lacpdu_rx": 12, "looped": 12}
    assert lacp_port(bond, 1).partner.system == bytes(6)


# Too many.


def flood(bond, ifindex, frame, count):
    """So many at one instant, between two passes; what was sent at once."""
    return frames(hear(bond, ifindex, *count * [frame]))


def test_a_storm_of_lacpdus_is_cut_at_its_port_before_the_machines():
    bond = bond_of_two()
    spoofed = [
        partner_says(bond, 1, replace(PARTNER, system=number.to_bytes(6, "big")))
        for number in range(1, 5001)
    ]
    assert frames(hear(bond, 1, *spoofed)) == []
    assert counted(bond, 1) == {"lacpdu_rx": MAX_PDUS_PER_PASS, "over_limit": 5000 - 32}
    assert lacp_port(bond, 1).partner.system == MAX_PDUS_PER_PASS.to_bytes(6, "big")


def test_a_storm_on_one_port_leaves_the_other_alone():
    bond = bond_of_two()
    flood(bond, 1, LACPDU, 5000)
    hear(bond, 2, partner_says(bond, 2))
    assert counted(bond, 2) == {"lacpdu_rx": 1}
    assert lacp_port(bond, 2).partner == PARTNER


def test_markers_by_the_thousand_get_a_bounded_number_of_answers():
    bond = bond_of_two()
    answers = flood(bond, 1, marker(), 5000)
    assert len(answers) == MAX_PDUS_PER_PASS
    assert all(isinstance(parse_slow(answer), Marker) for _, answer in answers)


def test_the_next_pass_listens_again_after_a_storm():
    bond = bond_of_two()
    flood(bond, 1, marker(), 5000)
    polls(bond, 2)
    assert len(flood(bond, 1, marker(), 1)) == 1


def test_a_partner_that_is_another_one_in_every_lacpdu_gets_no_more_than_our_rate():
    """A storm makes us want to answer each; the transmit machine lets one in three passes leave."""
    bond = bond_of_two()
    sent = 0
    for tick in range(30):
        now = (20 + tick) * SECOND_NS // 10
        for number in range(50):
            liar = replace(PARTNER, system=bytes((2, 0, 0, 0, tick, number)))
            effects = hear(bond, 1, partner_says(bond, 1, liar), now=now)
            assert of_kind(effects, SendFrame) == []
        sent += len([f for i, f in frames(bond.advance(now=now)) if i == 1])
    assert 1 <= sent <= 10


# At the wrong time.


def test_an_lacpdu_on_a_port_just_removed_is_forgotten():
    bond = bond_of_two()
    late = partner_says(bond, 1)
    bond.handle(PortReleased(1), now=2 * SECOND_NS)
    assert hear(bond, 1, late, marker()) == []
    assert hear(bond, 77, late) == []
    assert counted(bond, 2) == {}


def test_a_closed_bond_neither_hears_nor_answers():
    bond = bond_with("802.3ad", 1, 2, is_open=False)
    assert hear(bond, 1, partner_says(bond, 1), marker(), LACPDU[:60]) == []
    assert counted(bond, 1) == {}


def test_an_lacpdu_from_a_system_of_zeros_is_recorded_like_any_other():
    bond = bond_of_two()
    nobody = replace(PARTNER, system=bytes(6))
    hear(bond, 1, partner_says(bond, 1, nobody))
    assert lacp_port(bond, 1).partner == nobody
    assert lacp_port(bond, 1).partner_has(PortState.SYNCHRONIZATION)
