"""The log of one bond: bounded, in order, and never held up by a reader."""

from pybondd.daemon import recorder
from pybondd.daemon.recorder import FOLLOWER_ENTRIES, LOG_ENTRIES, Recorder, effect_text
from pybondd.effects import PublishTable, Report, SendFrame, SetCarrier, Severity
from pybondd.forwarding import ForwardingTable

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


def test_frames_and_tables_are_logged_by_size_not_by_content():
    assert effect_text(SendFrame(3, bytes(60))) == "SendFrame(ifindex=3, size_octets=60)"
    table = ForwardingTable(generation=4)
    assert effect_text(PublishTable(table)) == "PublishTable(generation=4, spread=NONE)"
