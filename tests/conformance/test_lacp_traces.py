"""Recorded negotiations, replayed: every LACPDU the same, in the same pass; the same end.

The kernel of a recording with a log of its passes (6.12) is compared pass by pass, and its
transitions too. One without (6.1) leaves its passes to be inferred from its LACPDUs, see
lacp_ticks.py; each LACPDU must still leave in the very pass in which the recorded one left. The
recordings' specification lets an LACPDU that equals the one before it be missing or repeated; that
leeway is not used here, because the inferred passes make it unnecessary.
"""

import pytest
from lacp_recording import recordings, scenarios
from lacp_replay import MismatchError, Replay
from lacp_rows import final_row, key_rows, keys_told, rows_in_turn, went_through, without_kind
from lacp_taps import Taps, in_turn, tap_stories
from recordings import IS_OWN_DATA, JITTER

from pybondd.status.proc import proc_text

RECORDINGS = recordings()
LATE_PASSES = 30
"""The recorder read status and counters up to 3 s after its last frame."""
LATE_LACPDUS = 2
"""Counters were read a little after the last recorded LACPDU."""
COUNTERS = (
    "lacpdu_unknown_rx",
    "lacpdu_illegal_rx",
    "marker_rx",
    "marker_tx",
    "marker_resp_rx",
    "marker_resp_tx",
    "marker_unknown_rx",
)
PLAIN_STATES = ("PORT_DISABLED", "INITIALIZE")
"""The log names the box that BEGIN leads to, we the one that is reached in the same pass."""

SIDES = [(recording, side) for recording in RECORDINGS for side in recording.sides]
_outcomes = {}


def each_side_with(has):
    """Every side of every recording of which `has(recording, side)` was recorded."""
    chosen = [
        pytest.param(recording, side, id=f"{recording.name}-{side}")
        for recording, side in SIDES
        if has(recording, side)
    ]
    return pytest.mark.parametrize(("recording", "side"), chosen)


def replayed(recording, side):
    """The bonds that sent what was recorded; run once per side."""
    if recording.name in JITTER:
        pytest.skip(f"hangs on jitter: {JITTER[recording.name]}")
    key = recording.name, side
    if key not in _outcomes:
        try:
            _outcomes[key] = Replay(recording, side).run()
        except MismatchError as mismatch:
            _outcomes[key] = mismatch
    return _outcomes[key]


def matched(recording, side):
    left = replayed(recording, side)
    if isinstance(left, MismatchError):
        pytest.skip("its LACPDUs differ already")
    return left


def any_until_read(left, is_right):
    """Is one of these bonds right, now or in one of the passes in which it was still read?"""
    for side in left:
        late = side.copy()
        for _ in range(LATE_PASSES):
            if is_right(late):
                return True
            late.pass_after()
    return False


@each_side_with(lambda recording, side: True)
def test_every_lacpdu_leaves_in_the_recorded_pass_octet_for_octet(recording, side):
    left = replayed(recording, side)
    if isinstance(left, MismatchError):
        raise left


@each_side_with(lambda recording, side: recording.final_proc(side))
def test_the_proc_text_at_the_end_is_the_recorded_one(recording, side):
    recorded = recording.final_proc(side)
    left = matched(recording, side)
    told = [text_of(each, recording) for each in left]
    assert any_until_read(left, lambda each: text_of(each, recording) == recorded), told[0]


def text_of(side, recording):
    return proc_text(side.bond.state, side.bond.mode, version=recording.release)


@each_side_with(lambda recording, side: recording.xstats(side))
def test_counters_at_the_end_are_the_recorded_ones(recording, side):
    recorded = recording.xstats(side)
    left = matched(recording, side)
    assert any(counts_agree(each, recorded) for each in left), [
        each.counters(name) for each in left[:1] for name in recorded
    ]


def counts_agree(side, recorded):
    for name, counters in recorded.items():
        ours = side.counters(name)
        if any(getattr(ours, counter) != counters[counter] for counter in COUNTERS):
            return False
        for counter in ("lacpdu_rx", "lacpdu_tx"):
            if not 0 <= counters[counter] - getattr(ours, counter) <= LATE_LACPDUS:
                return False
    return True


@each_side_with(lambda recording, side: recording.last_view(side))
def test_what_netlink_showed_last_is_shown_at_the_end(recording, side):
    recorded = recording.last_view(side)
    left = matched(recording, side)
    assert any_until_read(left, lambda each: shows(each.view(), recorded)), (
        left[0].view(),
        recorded,
    )


def shows(view, recorded):
    return all(
        name in view and all(view[name].get(key) == value for key, value in facts.items())
        for name, facts in recorded.items()
    )


@each_side_with(lambda recording, side: recording.log(side))
def test_transitions_follow_each_other_as_in_the_kernels_log(recording, side):
    left = matched(recording, side)
    recorded = logged_moves(recording.log(side))
    told = [side_moves(each, recorded) for each in left]
    assert any(agrees(recorded, each) for each in told), (recorded, told[0])


def logged_moves(log):
    """Boxes that each machine of each port went to, in order."""
    moves = {}
    for event in log["machine"]:
        if event["ev"] in ("rx", "mux", "periodic"):
            box = PLAIN_STATES[0] if event["to"] in PLAIN_STATES else event["to"]
            boxes = moves.setdefault((event["slave"], event["ev"]), [])
            if boxes[-1:] != [box]:
                boxes.append(box)
    return moves


def side_moves(side, recorded):
    return {key: side.boxes_seen(*key) for key in recorded}


def agrees(recorded, told):
    """The log may end before the capture does."""
    return all(told[key][: len(boxes)] == boxes for key, boxes in recorded.items())


@each_side_with(lambda recording, side: rows_in_turn(recording))
def test_a_session_goes_through_the_recorded_states_and_delivers_what_was_delivered(
    recording, side
):
    rows = rows_in_turn(recording)
    left = matched(recording, side)
    reached = max(went_through(each.history, rows, shows) for each in left)
    assert reached == len(rows), f"row {reached} is not reached: {rows[reached]}"


@each_side_with(lambda recording, side: final_row(recording))
def test_a_session_of_its_own_leads_to_the_recorded_result(recording, side):
    recorded = final_row(recording)
    left = matched(recording, side)
    assert any_until_read(left, lambda each: shows(each.view(), recorded)), left[0].view()


@pytest.mark.parametrize(("row", "follows"), list(key_rows()))
def test_the_key_of_a_speed_and_duplex_is_the_recorded_one(row, follows):
    key, aggregator_key, link = keys_told(row["speed"], row["duplex"], follows)
    assert [str(key)] == row["port key"]
    assert [str(aggregator_key)] == row["actor key"]
    assert {link} == set(row["mii"])


TAPS = [pytest.param(story, id=name) for name, story in tap_stories()]


@pytest.mark.parametrize("story", TAPS)
def test_ports_of_unlike_speed_and_duplex_show_and_send_what_was_recorded(story):
    taps = Taps(story)
    for row, views in taps.views():
        recorded = {name: without_kind(facts) for name, facts in row["links"].items()}
        assert any(shows(view, recorded) for view in views), (row["label"], views[0])
        assert taps.proc_text(story["kernel"]) == row["proc"], row["label"]
    recorded = [(frame["port"], bytes.fromhex(frame["hex"])) for frame in story["frames"]]
    assert in_turn(taps.frames) == in_turn(recorded)


def test_every_file_is_replayed():
    replayed_files = {recording.story["scenario"] for recording in RECORDINGS}
    told = replayed_files | {story["scenario"] for _, story in tap_stories()} | {"speedkeys"}
    unknown = scenarios() - told
    if unknown and not IS_OWN_DATA:
        pytest.skip(f"of a shape that is not known here: {sorted(unknown)}")
    assert not unknown


def test_there_are_negotiations_to_compare_with():
    assert RECORDINGS or not IS_OWN_DATA
