"""The log of one bond: bounded, in order, and never held up by a reader."""

from dataclasses import replace

import pytest

from pybondd.daemon import recorder
from pybondd.daemon.recorder import (
    FOLLOWER_ENTRIES,
    FRAME_ENTRIES,
    LOG_ENTRIES,
    STUDY_ENTRIES,
    Recorder,
    effect_text,
)
from pybondd.effects import PublishTable, Report, SendFrame, SetCarrier, Severity
from pybondd.forwarding import (
    BUCKET_COUNT,
    NOBODY,
    Balances,
    ForwardingTable,
    PortEntry,
    Receive,
    Spread,
)
from pybondd.lacp.port import NO_PARTNER
from pybondd.wire.arp import Arp, build_arp
from pybondd.wire.ethernet import BROADCAST, EthernetHeader, build_header
from pybondd.wire.ethertypes import ARP
from pybondd.wire.learning import learning_frame
from pybondd.wire.slow import (
    PDU_OCTETS,
    Lacpdu,
    Marker,
    Participant,
    build_lacpdu,
    build_marker_response,
)

REPORT = Report(Severity.WARNING, "eth0", "something")


def record(log: Recorder, cause: str = "cause") -> recorder.Entry:
    return log.record(cause, [REPORT, SetCarrier(is_up=True)], wall_ns=2_000_000_000, now=5)


def test_an_entry_holds_cause_reports_and_effects_apart():
    assert record(Recorder()).json() == {
        "sequence": 1,
        "time": 2.0,
        "monotonic_ns": 5,
        "cause": "cause",
        "reports": [{"severity": "warning", "port": "eth0", "text": "something"}],
        "effects": ["SetCarrier(is_up=True)"],
        "lost": 0,
    }


def test_the_log_keeps_the_newest_entries_only():
    log = Recorder()
    for _ in range(LOG_ENTRIES + 3):
        record(log)
    assert len(log.recent(LOG_ENTRIES + 3)) == LOG_ENTRIES
    assert log.recent(1)[0].sequence == LOG_ENTRIES + 3


def test_no_entries_are_recent_when_none_are_asked_for():
    log = Recorder()
    record(log)
    assert log.recent(0) == []


async def test_a_follower_gets_what_happens_after_it_came():
    log = Recorder()
    record(log, "before")
    follower = log.follow()
    record(log, "after")
    assert [entry["cause"] for entry in await follower.take()] == ["after"]


async def test_a_slow_follower_loses_the_oldest_and_is_told_how_many():
    log = Recorder()
    follower = log.follow()
    for _ in range(FOLLOWER_ENTRIES + 7):
        record(log)
    taken = list(await follower.take())
    assert len(taken) == FOLLOWER_ENTRIES
    assert [entry["lost"] for entry in taken[:2]] == [7, 0]
    assert taken[0]["sequence"] == 8


async def test_the_end_wakes_a_waiting_follower():
    log = Recorder()
    follower = log.follow()
    log.end()
    assert list(await follower.take()) == []
    assert follower.is_ended


def test_a_follower_that_left_gets_nothing_more():
    log = Recorder()
    follower = log.follow()
    log.forget(follower)
    record(log)
    assert not follower.waiting


def test_tables_are_logged_by_size_not_by_content():
    table = ForwardingTable(generation=4)
    assert effect_text(PublishTable(table)) == "PublishTable(generation=4, spread=NONE)"


MAC = bytes.fromhex("020000000001")
LACPDU = build_lacpdu(Lacpdu(Participant(1, MAC, 15, 255, 1, 0x3F), NO_PARTNER), source=MAC)
RESPONSE = build_marker_response(
    Marker(is_response=False, octets=bytes((2, 1, 1)).ljust(PDU_OCTETS, b"\0")), source=MAC
)
MARKER = RESPONSE[:16] + b"\1" + RESPONSE[17:]


def arp(operation: int) -> bytes:
    ours, theirs = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 9))
    header = build_header(EthernetHeader(BROADCAST, MAC, ARP))
    return header + build_arp(Arp(operation, MAC, ours, bytes(6), theirs))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (bytes(60), "frame of 60 octets"),
        (LACPDU, "LACPDU ATGSCD-- to --------"),
        (LACPDU[:100], "slow protocol frame shorter than 110 octets"),
        (MARKER, "Marker"),
        (RESPONSE, "Marker Response"),
        (arp(1), "ARP request: 10.0.0.1 at 02:00:00:00:00:01 asks for 10.0.0.9"),
        (arp(2), "ARP reply: 10.0.0.1 is at 02:00:00:00:00:01, to 10.0.0.9"),
        (arp(9), "ARP operation 9: 10.0.0.1 is at 02:00:00:00:00:01, to 10.0.0.9"),
        (arp(2)[:30], "ARP: 16 octets, 28 needed"),
        (learning_frame(MAC), "learning frame: 02:00:00:00:00:01 is here"),
        (
            learning_frame(MAC, ((0x8100, 10),)),
            "learning frame: 02:00:00:00:00:01 is here in VLAN 10",
        ),
    ],
    ids=[
        *("other", "LACPDU", "short", "Marker", "Marker Response", "ARP request", "ARP reply"),
        *("ARP operation", "short ARP", "learning", "learning in a VLAN"),
    ],
)
def test_a_frame_is_logged_by_what_it_says(frame, words):
    assert effect_text(SendFrame(3, frame)) == f"SendFrame(ifindex=3, {words})"


# -- LACP sends frames all the time


def send(log: Recorder) -> recorder.Entry:
    return log.record("deadline ad", [SendFrame(3, LACPDU)], wall_ns=0, now=5)


def test_entries_that_only_sent_frames_are_shown_on_request_and_in_order():
    log = Recorder()
    entries = [record(log), send(log), record(log), send(log)]
    assert log.recent() == entries[0::2]
    assert log.recent(with_frames=True) == entries
    assert log.recent(1, with_frames=True) == entries[3:]


def test_frames_never_push_out_what_was_reported():
    log = Recorder()
    first = record(log)
    for _ in range(LOG_ENTRIES):
        send(log)
    assert log.recent() == [first]
    assert len(log.recent(with_frames=True)) == 1 + FRAME_ENTRIES


def test_moves_of_machines_never_push_out_what_was_reported():
    log = Recorder()
    first = record(log)
    move = Report(Severity.DEBUG, "eth0", "mux machine: DETACHED to WAITING")
    for _ in range(LOG_ENTRIES):
        log.record("deadline ad", [move, SendFrame(3, LACPDU)], wall_ns=0, now=5)
    last = record(log)
    kept = log.recent()
    assert (kept[0], kept[-1]) == (first, last)
    assert len(kept) == 2 + STUDY_ENTRIES
    assert [entry.sequence for entry in kept] == sorted(entry.sequence for entry in kept)


@pytest.mark.parametrize(
    ("change", "only_frames"),
    [
        ({"buckets": (4,) * BUCKET_COUNT}, True),
        ({"active_port": 4}, False),
        ({"buckets": (4,) * BUCKET_COUNT, "active_port": 4}, False),
    ],
    ids=["buckets", "active port", "both"],
)
def test_buckets_that_are_dealt_out_are_no_more_news_than_their_frames(change, only_frames):
    log = Recorder()
    ports = tuple(PortEntry(each, True, True, Receive.DELIVER, mac=MAC) for each in (3, 4))
    table = ForwardingTable(
        spread=Spread.BUCKETS,
        ports=ports,
        active_port=3,
        balances=Balances.IP,
        buckets=(NOBODY,) * BUCKET_COUNT,
    )
    publish(log, table)
    assert publish(log, replace(table, generation=1, **change)).only_frames is only_frames


def publish(log: Recorder, table: ForwardingTable) -> recorder.Entry:
    effects = [SendFrame(3, bytes(60)), PublishTable(table)]
    return log.record("2 frames of the host were left to the bond", effects, wall_ns=0, now=5)


async def test_a_follower_hears_of_frames_only_if_it_wants_to():
    log = Recorder()
    quiet, curious = log.follow(), log.follow(with_frames=True)
    send(log)
    record(log)
    assert [entry["sequence"] for entry in await quiet.take()] == [2]
    assert [entry["sequence"] for entry in await curious.take()] == [1, 2]
