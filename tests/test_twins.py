"""Do the readable and the compiled data plane choose alike, whatever the frame and the table?

Frames are built by structure, cut at each parser boundary and damaged in one octet; the choice is
compared, and that both twins are left in the same state is seen by what they choose next.
"""

import errno
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packets import FAMILIES
from twins import NEEDS_COMPILED, SPREADS

from pybondd import _pure
from pybondd.counters import Reason
from pybondd.forwarding import ForwardingTable, HashPolicy, PortEntry, Receive, Spread
from pybondd.linux import pump_port
from pybondd.wire.ethernet import with_tags

try:
    from pybondd import _fast
except ImportError:
    _fast = None

pytestmark = NEEDS_COMPILED

TAG = ((0x8100, 0xA064),)
SERVICE_TAG = ((0x88A8, 0x0007),)
TAGGED = [(), TAG, SERVICE_TAG, SERVICE_TAG + TAG]
BOUNDARIES = (0, 1, 12, 13, 14, 15, 16, 17, 18, 19, 33, 34, 37, 38, 53, 54, 58, 60)
"""Where either parser changes its mind: addresses, EtherType, a tag, an IP header, below a tag."""


def twins(table, seed=7):
    made = _pure.Forwarder(seed), _fast.Forwarder(seed)
    for each in made:
        each.publish(table)
    return made


def assert_alike(pair, frame, queue=0):
    pure, compiled = (each.from_host(frame, queue) for each in pair)
    assert compiled == pure, frame.hex()


def entries(*letters):
    """Ports 3, 4, ...: "u" up, "b" a live backup, "d" dead; queue_id as the ifindex."""
    return tuple(
        PortEntry(
            ifindex,
            can_transmit=letter == "u",
            is_live=letter != "d",
            receive=Receive.DELIVER if letter == "u" else Receive.SUPPRESS,
            queue_id=ifindex,
        )
        for ifindex, letter in enumerate(letters, 3)
    )


def table_of(letters, spread, **more):
    ports = entries(*letters)
    tx_ports = tuple(entry.ifindex for entry in ports)
    more.setdefault("tx_ports", tx_ports[:1] if spread is Spread.ONE else tx_ports)
    return ForwardingTable(spread=spread, ports=ports, obeys_queue_id=True, **more)


TABLES = [
    table_of(letters, spread, packets_per_port=packets, active_port=igmp)
    for letters, spread, packets, igmp in product(
        ("u", "uuu", "dbu", "udb", "ddd"), SPREADS, (0, 1, 3), (None, 3)
    )
]


@pytest.mark.parametrize("family", FAMILIES)
def test_twins_choose_alike_for_whole_frames_with_and_without_tags(family):
    pairs = [twins(table_of("uuu", Spread.HASH, hash_policy=policy)) for policy in HashPolicy]
    pairs.append(twins(table_of("uuu", Spread.ROUND_ROBIN, active_port=5)))
    for frame, tags, pair in product(FAMILIES[family].values(), TAGGED, pairs):
        assert_alike(pair, with_tags(frame, tags))


def test_twins_choose_alike_at_every_parser_boundary():
    frames = [next(iter(family.values())) for family in FAMILIES.values()]
    pairs = [twins(table_of("uuu", Spread.HASH, hash_policy=policy)) for policy in HashPolicy]
    pairs.append(twins(table_of("uuu", Spread.ROUND_ROBIN, active_port=5)))
    for frame, tags, pair, size in product(frames, TAGGED, pairs, BOUNDARIES):
        assert_alike(pair, with_tags(frame, tags)[:size])


def test_twins_choose_alike_for_every_table():
    frame = next(iter(next(iter(FAMILIES.values())).values()))
    igmp = bytes(12) + b"\x08\x00" + bytes(9) + b"\x02" + bytes(10)
    for table in TABLES:
        pair = twins(table)
        for each, queue in product((frame, igmp, frame), (0, 3, 4, 5, 99)):
            assert_alike(pair, each, queue)


@settings(max_examples=150, deadline=None)
@given(
    family=st.sampled_from(list(FAMILIES)),
    table=st.sampled_from(TABLES),
    steps=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), min_size=1, max_size=8),
    which=st.integers(0, 1000),
    tags=st.sampled_from(TAGGED),
)
def test_twins_choose_alike_for_a_frame_with_one_octet_damaged(family, table, steps, which, tags):
    frames = list(FAMILIES[family].values())
    frame = with_tags(frames[which % len(frames)], tags)
    pair = twins(table)
    for place, octet in steps:
        damaged = bytearray(frame)
        damaged[place % len(frame)] = octet
        assert_alike(pair, bytes(damaged))


def test_twins_classify_alike():
    pure, compiled = twins(table_of("ubd", Spread.EVERY))
    for ifindex, size in product(range(2, 7), (0, 13, 14, 60)):
        assert compiled.from_port(ifindex, bytes(size)) is pure.from_port(ifindex, bytes(size))


def test_the_round_counter_wraps_at_32_bits_in_both():
    pure, compiled = twins(table_of("uuu", Spread.ROUND_ROBIN))
    pure.round = 0xFFFF_FFFF
    compiled.set_round(0xFFFF_FFFF)
    for each in (pure, compiled):
        assert [each.from_host(bytes(14)) for _ in range(3)] == [(3,), (4,), (5,)]


# -- a tag that the kernel took out

PLAIN_VNET = bytes(10)
CHECKSUM_VNET = bytes.fromhex("01013600b40522001000")
READY, VALID, TYPE_VALID = 1 << 0, 1 << 4, 1 << 6
FRAME = bytes(range(64))


def auxdata(status, tci=0x2345, tag_type=0x88A8):
    return pump_port._AUXDATA.pack(status, 64, 64, 0, 14, tci, tag_type)


TAG_BACK = [
    pytest.param(PLAIN_VNET, VALID, bytes(10), "81002345", id="no type known"),
    pytest.param(PLAIN_VNET, VALID | TYPE_VALID, bytes(10), "88a82345", id="service tag"),
    pytest.param(PLAIN_VNET, READY | VALID, bytes(10), "81002345", id="ready, no type known"),
    pytest.param(PLAIN_VNET, TYPE_VALID, bytes(10), "", id="no tag"),
    pytest.param(PLAIN_VNET, READY | TYPE_VALID, bytes(10), "", id="ready, no tag"),
    pytest.param(
        CHECKSUM_VNET, VALID, bytes.fromhex("01013a00b40526001000"), "81002345", id="offsets"
    ),
    pytest.param(
        b"\0" + CHECKSUM_VNET[1:],
        VALID,
        bytes.fromhex("00013a00b40522001000"),
        "81002345",
        id="no checksum to finish",
    ),
]


@pytest.mark.parametrize("with_tag", [pump_port.with_tag, _fast and _fast.with_tag])
@pytest.mark.parametrize(("vnet", "status", "vnet_after", "tag"), TAG_BACK)
def test_a_tag_comes_back_and_the_offsets_move_behind_it(with_tag, vnet, status, vnet_after, tag):
    expected = vnet_after + FRAME[:12] + bytes.fromhex(tag) + FRAME[12:]
    assert with_tag(vnet + FRAME, auxdata(status)) == expected


@pytest.mark.parametrize("with_tag", [pump_port.with_tag, _fast and _fast.with_tag])
def test_a_packet_that_ends_in_its_addresses_gets_no_tag(with_tag):
    assert with_tag(PLAIN_VNET + FRAME[:11], auxdata(VALID)) == PLAIN_VNET + FRAME[:11]
    whole = with_tag(PLAIN_VNET + FRAME[:12], auxdata(VALID))
    assert whole == PLAIN_VNET + FRAME[:12] + bytes.fromhex("81002345")


@pytest.mark.parametrize("with_tag", [pump_port.with_tag, _fast and _fast.with_tag])
def test_every_bit_of_a_tag_type_comes_back(with_tag):
    for tag_type in (0x9100, 0x00FF, 0xFF01):
        packet = with_tag(PLAIN_VNET + FRAME, auxdata(VALID | TYPE_VALID, 0x1001, tag_type))
        assert packet[22:26].hex() == f"{tag_type:04x}1001"


def test_auxiliary_words_that_are_cut_off_or_of_another_kind_are_no_tag():
    packet = PLAIN_VNET + FRAME
    assert _fast.with_tag(packet, auxdata(VALID)[:-1]) == packet
    assert _fast.with_tag(packet, auxdata(VALID), level=1) == packet
    assert _fast.with_tag(packet, auxdata(VALID), kind=1) == packet


# -- why a port refuses


def test_twins_give_the_same_reason_for_every_error_of_linux():
    for number in range(1, 134):
        pure = pump_port.reason_of_refusal(OSError(number, ""))
        assert _fast.reason_of(number) is pure, errno.errorcode.get(number)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EAGAIN, Reason.PORT_BUSY),
        (errno.ENOBUFS, Reason.PORT_BUSY),
        (errno.ENETDOWN, Reason.PORT_DOWN),
        (errno.ENXIO, Reason.PORT_DOWN),
        (errno.EMSGSIZE, Reason.TOO_LONG),
        (errno.EPERM, Reason.PORT_REFUSED),
    ],
)
def test_an_error_of_the_kernel_has_its_reason(number, reason):
    assert pump_port.reason_of_refusal(OSError(number, "")) is reason
