"""Does what LACP says become octets and come back, and is what others get wrong told apart?"""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.contrib.lacp import LACP, MarkerProtocol
from scapy.contrib.slowprot import SlowProtocol
from scapy.layers.l2 import Ether

from pybondd.wire.slow import (
    PDU_OCTETS,
    SLOW_ADDRESS,
    Lacpdu,
    Malformed,
    Marker,
    Oddity,
    Participant,
    PortState,
    build_lacpdu,
    build_marker_response,
    is_slow_protocol,
    oddities,
    parse_slow,
)

HEADER = SLOW_ADDRESS + bytes.fromhex("020000000a01") + bytes.fromhex("8809")
SOURCE = HEADER[6:12]
LITERAL = HEADER + bytes.fromhex(
    "01 01"
    "01 14 ffff 020000000a00 000f 00ff 0002 3f 000000"
    "02 14 fffe 020000000b00 002f 80ff 0103 c7 000000"
    "03 10 0000 000000000000000000000000"
    "00 00" + 50 * "00"
)
SAID = Lacpdu(
    Participant(0xFFFF, bytes.fromhex("020000000a00"), 0x000F, 0x00FF, 0x0002, 0x3F),
    Participant(0xFFFE, bytes.fromhex("020000000b00"), 0x002F, 0x80FF, 0x0103, 0xC7),
)
MARKER = HEADER + bytes.fromhex("02 0101 10 0003 020000000c00 00abcdef 000000 00" + 90 * "00")

number = st.integers(0, 0xFFFF)
mac = st.binary(min_size=6, max_size=6)
participants = st.builds(Participant, number, mac, number, number, number, st.integers(0, 255))
lacpdus = st.builds(Lacpdu, participants, participants, number)
pdus = st.binary(min_size=PDU_OCTETS, max_size=PDU_OCTETS)


def with_octet(frame, at, value):
    """The frame with one octet replaced; `at` counts from the start of the PDU."""
    return frame[: 14 + at] + bytes((value,)) + frame[15 + at :]


# LACPDU.


def test_a_literal_lacpdu_is_read_and_written():
    assert parse_slow(LITERAL) == SAID
    assert build_lacpdu(SAID, source=SOURCE) == LITERAL
    assert oddities(LITERAL) == ()


def test_the_example_of_a_first_lacpdu_is_written():
    """What Linux 6.1 sent first on a port with lacp_rate fast, as recorded."""
    first = Lacpdu(
        Participant(0xFFFF, bytes.fromhex("020000000a00"), 15, 255, 1, 0xC7),
        Participant(0xFFFF, bytes(6), 1, 255, 1, 0x02),
    )
    assert build_lacpdu(first, source=bytes.fromhex("020000000a00")) == bytes.fromhex(
        "0180c2000002 020000000a00 8809 01 01 0114 ffff 020000000a00 000f 00ff 0001 c7 000000"
        "0214 ffff 000000000000 0001 00ff 0001 02 000000 0310 0000" + 12 * "00" + 52 * "00"
    )


@given(lacpdus, mac)
def test_an_lacpdu_comes_back_as_it_was(said, source):
    frame = build_lacpdu(said, source=source)
    assert len(frame) == 124
    assert is_slow_protocol(frame)
    assert parse_slow(frame) == said
    assert oddities(frame) == ()


@given(lacpdus, st.dictionaries(st.integers(1, PDU_OCTETS - 1), st.integers(0, 255), max_size=3))
def test_an_lacpdu_is_odd_exactly_when_we_would_have_written_other_octets(said, damage):
    frame = build_lacpdu(said, source=SOURCE)
    for at, value in damage.items():
        frame = with_octet(frame, at, value)
    assert (oddities(frame) == ()) == (build_lacpdu(parse_slow(frame), source=SOURCE) == frame)


@pytest.mark.parametrize(
    ("state", "letters"),
    [
        (0x00, "--------"),
        (0x01, "A-------"),
        (0x02, "-T------"),
        (0x04, "--G-----"),
        (0x08, "---S----"),
        (0x10, "----C---"),
        (0x20, "-----D--"),
        (0x40, "------F-"),
        (0x80, "-------E"),
        (0x3F, "ATGSCD--"),
        (0xC7, "ATG---FE"),
    ],
)
def test_a_state_is_written_in_letters(state, letters):
    assert PortState(state).letters == letters


def test_a_participant_is_the_same_one_in_another_state_only():
    assert SAID.actor.identity == replace(SAID.actor, state=0).identity
    for name, other in {
        "system_priority": 1,
        "system": bytes(6),
        "key": 1,
        "port_priority": 1,
        "port_number": 1,
    }.items():
        assert SAID.actor.identity != replace(SAID.actor, **{name: other}).identity


# Marker.


@pytest.mark.parametrize("is_response", [False, True])
def test_a_literal_marker_is_read(is_response):
    frame = with_octet(MARKER, 2, 1 + is_response)
    assert parse_slow(frame) == Marker(is_response, frame[14:])
    assert oddities(frame) == ()


def test_a_marker_is_answered_with_its_own_octets():
    marker = parse_slow(MARKER)
    answer = build_marker_response(marker, source=bytes.fromhex("020000000b05"))
    assert answer == (SLOW_ADDRESS + bytes.fromhex("020000000b05 8809 0201 02") + MARKER[17:])


@given(pdus, mac, st.binary(max_size=20))
def test_a_marker_is_answered_whatever_it_holds(pdu, source, trailing):
    asked = b"\x02" + pdu[1:2] + b"\x01" + pdu[3:]
    answer = build_marker_response(parse_slow(HEADER + asked + trailing), source=source)
    assert len(answer) == 124
    assert is_slow_protocol(answer)
    assert answer[6:12] == source
    assert answer[14:] == asked[:2] + b"\x02" + asked[3:]
    assert parse_slow(answer) == Marker(True, answer[14:])


# Cut and damaged.


@pytest.mark.parametrize("frame", [LITERAL, MARKER], ids=["lacpdu", "marker"])
@pytest.mark.parametrize("size_octets", range(124))
def test_a_cut_frame_is_too_short(frame, size_octets):
    assert parse_slow(frame[:size_octets]) is Malformed.TOO_SHORT


@pytest.mark.parametrize("size_octets", range(14))
def test_a_frame_cut_in_its_header_is_for_nobody(size_octets):
    assert not is_slow_protocol(LITERAL[:size_octets])


ELSEWHERE = "not for the slow protocols"
UNHEEDED = "heeded by nobody"
FIELD = "a field"


def layout(*parts):
    """What stands at each offset of the frame, from (octets, what) in order."""
    return [what for octets, what in ((6, ELSEWHERE), (6, UNHEEDED), (2, ELSEWHERE), *parts)
            for _ in range(octets)]  # fmt: skip


LACPDU_LAYOUT = layout(
    (1, Malformed.UNKNOWN_SUBTYPE),
    (1, Oddity.VERSION),
    (1, Oddity.ACTOR_TYPE),
    (1, Oddity.ACTOR_LENGTH),
    (15, FIELD),
    (3, Oddity.RESERVED),
    (1, Oddity.PARTNER_TYPE),
    (1, Oddity.PARTNER_LENGTH),
    (15, FIELD),
    (3, Oddity.RESERVED),
    (1, Oddity.COLLECTOR_TYPE),
    (1, Oddity.COLLECTOR_LENGTH),
    (2, FIELD),
    (12, Oddity.RESERVED),
    (1, Oddity.TERMINATOR_TYPE),
    (1, Oddity.TERMINATOR_LENGTH),
    (50, Oddity.RESERVED),
)
"""IEEE Std 802.1AX-2014 6.4.2.3."""
MARKER_LAYOUT = layout(
    (1, Malformed.UNKNOWN_SUBTYPE),
    (1, Oddity.VERSION),
    (1, Malformed.UNKNOWN_MARKER),
    (1, Oddity.MARKER_LENGTH),
    (12, FIELD),
    (2, Oddity.RESERVED),
    (1, Oddity.TERMINATOR_TYPE),
    (1, Oddity.TERMINATOR_LENGTH),
    (90, Oddity.RESERVED),
)
"""IEEE Std 802.1AX-2014 6.5.3.3."""
AT_EACH_OFFSET = [
    pytest.param(frame, at, what, id=f"{name}-{at}")
    for name, frame, described in (
        ("lacpdu", LITERAL, LACPDU_LAYOUT),
        ("marker", MARKER, MARKER_LAYOUT),
    )
    for at, what in enumerate(described)
]


@pytest.mark.parametrize(("frame", "at", "what"), AT_EACH_OFFSET)
@pytest.mark.parametrize("damage", [0x20, 0x84])
def test_one_damaged_octet_has_the_effect_of_its_place_and_no_other(frame, at, what, damage):
    damaged = frame[:at] + bytes((frame[at] ^ damage,)) + frame[at + 1 :]
    said = parse_slow(damaged)
    assert is_slow_protocol(damaged) == (what is not ELSEWHERE)
    if isinstance(what, Malformed):
        assert said is what
        return
    assert oddities(damaged) == ((what,) if isinstance(what, Oddity) else ())
    if isinstance(said, Marker):
        assert said == Marker(False, damaged[14:])
    else:
        assert (said == SAID) == (what is not FIELD)


def test_the_layouts_cover_the_whole_frame():
    assert len(LACPDU_LAYOUT) == len(MARKER_LAYOUT) == 124


@given(st.binary(max_size=200))
@example(b"")
@example(HEADER)
def test_any_octets_say_something_or_are_malformed(octets):
    is_slow_protocol(octets)
    for frame in (octets, HEADER + octets, HEADER + octets.ljust(PDU_OCTETS, b"\x02")):
        said = parse_slow(frame)
        assert isinstance(said, Lacpdu | Marker | Malformed)
        if not isinstance(said, Malformed):
            assert all(isinstance(oddity, Oddity) for oddity in oddities(frame))


# What Linux accepts.


@pytest.mark.parametrize(
    ("at", "value", "oddity"),
    [
        pytest.param(1, 0, Oddity.VERSION, id="version 0"),
        pytest.param(1, 2, Oddity.VERSION, id="version 2"),
        pytest.param(2, 0x7F, Oddity.ACTOR_TYPE, id="actor type"),
        pytest.param(3, 0, Oddity.ACTOR_LENGTH, id="actor length 0"),
        pytest.param(3, 255, Oddity.ACTOR_LENGTH, id="actor length beyond the end"),
        pytest.param(22, 1, Oddity.PARTNER_TYPE, id="partner type"),
        pytest.param(23, 19, Oddity.PARTNER_LENGTH, id="partner length"),
        pytest.param(42, 0, Oddity.COLLECTOR_TYPE, id="collector type"),
        pytest.param(43, 0, Oddity.COLLECTOR_LENGTH, id="collector length"),
        pytest.param(58, 9, Oddity.TERMINATOR_TYPE, id="terminator type"),
        pytest.param(59, 2, Oddity.TERMINATOR_LENGTH, id="terminator length"),
        pytest.param(109, 1, Oddity.RESERVED, id="last octet"),
    ],
)
def test_an_odd_lacpdu_says_the_same_and_is_found_odd(at, value, oddity):
    odd = with_octet(LITERAL, at, value)
    assert parse_slow(odd) == SAID
    assert oddities(odd) == (oddity,)


def test_all_that_is_odd_is_named_in_the_order_of_the_frame():
    pdu = bytearray(b"\xff" * 120)
    pdu[0:2] = b"\x01\x01"
    assert oddities(HEADER + bytes(pdu)) == (
        Oddity.ACTOR_TYPE,
        Oddity.ACTOR_LENGTH,
        Oddity.PARTNER_TYPE,
        Oddity.PARTNER_LENGTH,
        Oddity.COLLECTOR_TYPE,
        Oddity.COLLECTOR_LENGTH,
        Oddity.TERMINATOR_TYPE,
        Oddity.TERMINATOR_LENGTH,
        Oddity.RESERVED,
        Oddity.TRAILING,
    )


def test_another_version_is_named_first():
    assert oddities(with_octet(with_octet(LITERAL, 1, 3), 2, 3)) == (
        Oddity.VERSION,
        Oddity.ACTOR_TYPE,
    )


def test_a_later_version_may_have_more_tlvs_behind_the_collector():
    """IEEE Std 802.1AX-2014 6.4.2.4: version 2 has some; they are not reserved octets misused."""
    tlv = bytes.fromhex("04 06 00 80 c2 01")
    later = with_octet(LITERAL, 1, 2)
    later = later[: 14 + 58] + tlv + later[14 + 58 + len(tlv) :]
    assert parse_slow(later) == SAID
    assert oddities(later) == (Oddity.VERSION,)


@pytest.mark.parametrize("size_octets", [1, 4, 1376])
def test_octets_after_the_pdu_are_not_read(size_octets):
    longer = LITERAL + b"\xff" * size_octets
    assert parse_slow(longer) == SAID
    assert oddities(longer) == (Oddity.TRAILING,)
    assert parse_slow(MARKER + b"\xff" * size_octets) == parse_slow(MARKER)


@pytest.mark.parametrize("subtype", [0, 3, 4, 10, 255])
def test_another_slow_protocol_is_told_apart(subtype):
    """3 is OAM, 10 the organisation specific one (IEEE Std 802.3 Table 57A-3)."""
    assert parse_slow(with_octet(LITERAL, 0, subtype)) is Malformed.UNKNOWN_SUBTYPE


@pytest.mark.parametrize("marker_type", [0, 3, 255])
def test_a_marker_pdu_of_no_known_type_is_told_apart(marker_type):
    assert parse_slow(with_octet(MARKER, 2, marker_type)) is Malformed.UNKNOWN_MARKER


@pytest.mark.parametrize("octet", [0x16, 0], ids=["length in Linux's comments", "none"])
def test_a_marker_of_another_length_is_answered_and_found_odd(octet):
    odd = with_octet(MARKER, 3, octet)
    assert build_marker_response(parse_slow(odd), source=SOURCE)[14 + 3] == octet
    assert oddities(odd) == (Oddity.MARKER_LENGTH,)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("ffffffffffff 020000000a01 8809", id="broadcast"),
        pytest.param("020000000b00 020000000a01 8809", id="unicast"),
        pytest.param("0180c2000003 020000000a01 8809", id="the next group address"),
        pytest.param("0180c2000002 020000000a01 8808", id="another EtherType"),
        pytest.param("0180c2000002 020000000a01 8100", id="a tag not taken out"),
    ],
)
def test_only_frames_to_the_slow_protocols_address_are_theirs(start):
    assert not is_slow_protocol(bytes.fromhex(start) + LITERAL[14:])


# Scapy's opinion.


def address(text):
    return bytes.fromhex(text.replace(":", ""))


def as_scapy_reads_it(side, layer):
    return Participant(
        getattr(layer, side + "_system_priority"),
        address(getattr(layer, side + "_system")),
        getattr(layer, side + "_key"),
        getattr(layer, side + "_port_priority"),
        getattr(layer, side + "_port_number"),
        getattr(layer, side + "_state"),
    )


@given(lacpdus, mac)
def test_scapy_reads_what_we_write(said, source):
    frame = Ether(build_lacpdu(said, source=source))
    layer = frame[LACP]
    assert frame.layers() == [Ether, SlowProtocol, LACP]
    assert (address(frame.src), address(frame.dst)) == (source, SLOW_ADDRESS)
    assert as_scapy_reads_it("actor", layer) == said.actor
    assert as_scapy_reads_it("partner", layer) == said.partner
    assert layer.collector_max_delay == said.collector_max_delay_10us
    assert not any(layer.reserved + layer.actor_reserved + layer.partner_reserved)


@given(lacpdus, mac)
def test_we_read_what_scapy_writes(said, source):
    def fields(side, participant):
        return {
            side + "_system_priority": participant.system_priority,
            side + "_system": participant.system.hex(":"),
            side + "_key": participant.key,
            side + "_port_priority": participant.port_priority,
            side + "_port_number": participant.port_number,
            side + "_state": participant.state,
        }

    theirs = bytes(
        Ether(dst=SLOW_ADDRESS.hex(":"), src=source.hex(":"))
        / SlowProtocol()
        / LACP(
            **fields("actor", said.actor),
            **fields("partner", said.partner),
            collector_max_delay=said.collector_max_delay_10us,
        )
    )
    assert parse_slow(theirs) == said
    assert theirs == build_lacpdu(said, source=source)


@given(number, mac, st.integers(0, 0xFFFFFFFF), mac)
def test_scapy_reads_its_own_marker_back_from_our_answer(port, system, transaction, source):
    asked = Ether(dst=SLOW_ADDRESS.hex(":"), src=system.hex(":")) / SlowProtocol()
    asked /= MarkerProtocol(
        requester_port=port,
        requester_system=system.hex(":"),
        requester_transaction_id=transaction,
        reserved=bytes(90),
    )
    assert oddities(bytes(asked)) == ()
    answer = Ether(build_marker_response(parse_slow(bytes(asked)), source=source))
    layer = answer[MarkerProtocol]
    assert address(answer.src) == source
    assert (layer.marker_type, layer.marker_length) == (2, 16)
    assert (layer.requester_port, address(layer.requester_system)) == (port, system)
    assert layer.requester_transaction_id == transaction
