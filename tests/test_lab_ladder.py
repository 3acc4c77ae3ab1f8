"""Does the ladder show what was said on a cable? Recordings written by hand."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from pybondd.lab import negotiation
from pybondd.lab.ladder import Done, Moved, Said, rungs
from pybondd.lab.ladder_drawing import ROWS_MAX, draw_ladders
from pybondd.lab.ladder_text import ladder_lines
from pybondd.lab.liar import SOMEBODY_ELSE, lie
from pybondd.lab.recording import (
    Action,
    BondWord,
    Direction,
    Incident,
    Probe,
    Recording,
    SeenFrame,
    Setup,
    Sighting,
)
from pybondd.units import MILLISECOND_NS as MS
from pybondd.wire.slow import Lacpdu, Participant, PortState, build_lacpdu, parse_slow

HERE, FAR = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
THERE, BACK = Direction.THERE, Direction.BACK
FIRST = PortState.ACTIVITY | PortState.SHORT_TIMEOUT | PortState.AGGREGATION
CARRIES = FIRST | PortState.SYNCHRONIZATION | PortState.COLLECTING | PortState.DISTRIBUTING


def pdu(
    ms: int, way: Direction, state: PortState, picture: PortState, *, cable: str = "eth0"
) -> SeenFrame:
    """An LACPDU of an end that knows the other's system."""
    speaker, hearer = (HERE, FAR) if way is THERE else (FAR, HERE)
    actor = Participant(0xFFFF, speaker, 15, 255, 1, int(state))
    partner = Participant(0xFFFF, hearer, 15, 255, 1, int(picture))
    frame = build_lacpdu(Lacpdu(actor, partner), source=speaker)
    return SeenFrame(ms * MS, cable, way, frame)


def recording(
    frames: tuple[SeenFrame, ...] = (),
    *,
    words: tuple[BondWord, ...] = (),
    far_words: tuple[BondWord, ...] = (),
    incidents: tuple[Incident, ...] = (),
) -> Recording:
    setup = Setup("lacp", "802.3ad", 100, ("eth0", "eth1", "eth2"), 1, MS)
    return Recording(setup, 0, 1000 * MS, (), (), (), incidents, words, frames, far_words)


def test_what_is_said_again_unchanged_is_counted_and_not_shown_again() -> None:
    said = recording(
        (
            pdu(1, THERE, CARRIES, CARRIES),
            pdu(2, BACK, CARRIES, CARRIES),
            pdu(3, THERE, CARRIES, CARRIES),
            pdu(4, THERE, CARRIES, CARRIES),
        )
    )
    first, second = rungs(said, "eth0")
    assert isinstance(first, Said)
    assert isinstance(second, Said)
    assert (first.again, second.again) == (2, 0)


def test_a_repetition_after_a_move_is_shown() -> None:
    said = recording(
        (pdu(1, THERE, FIRST, FIRST), pdu(3, THERE, FIRST, FIRST)),
        words=(BondWord(2 * MS, "eth0", "mux machine: WAITING to ATTACHED"),),
    )
    assert [type(rung) for rung in rungs(said, "eth0")] == [Said, Moved, Said]


def test_a_ladder_holds_its_own_cable_only() -> None:
    said = recording(
        (pdu(1, THERE, FIRST, FIRST, cable="eth1"),),
        words=(BondWord(2 * MS, "eth1", "mux machine: WAITING to ATTACHED"),),
        incidents=(Incident(3 * MS, Action.CUT, "eth1"),),
    )
    assert rungs(said, "eth0") == []


def test_moves_of_both_ends_and_deeds_stand_in_the_order_of_time() -> None:
    story = recording(
        words=(BondWord(3 * MS, "eth0", "receive machine: CURRENT to EXPIRED"),),
        far_words=(
            BondWord(2 * MS, "eth0", "link status definitely down"),
            BondWord(1 * MS, "eth0", "mux machine: WAITING to ATTACHED"),
        ),
        incidents=(Incident(2 * MS, Action.CUT, "eth0"),),
    )
    assert rungs(story, "eth0") == [
        Moved(1 * MS, BACK, "mux: WAITING to ATTACHED"),
        Done(2 * MS, Action.CUT),
        Moved(3 * MS, THERE, "receive: CURRENT to EXPIRED"),
    ]


def test_the_liar_claims_to_carry_and_means_somebody_else() -> None:
    told = parse_slow(lie(FAR, 15))
    assert isinstance(told, Lacpdu)
    assert told.actor.system == FAR
    assert told.partner.system == SOMEBODY_ELSE
    assert PortState(told.actor.state) & negotiation.CARRYING == negotiation.CARRYING


def test_a_lie_is_told_apart_from_a_true_word() -> None:
    liar = SeenFrame(2 * MS, "eth2", BACK, lie(FAR, 15))
    story = recording((pdu(1, THERE, FIRST, PortState(0), cable="eth2"), liar))
    true_word, false_word = rungs(story, "eth2")
    assert isinstance(false_word, Said)
    assert false_word.means_another
    lines = ladder_lines([true_word, false_word], title="eth2", origin_ns=0)
    assert "(of another system)" not in lines[1]
    assert "(of another system)" in lines[2]


@pytest.mark.parametrize("width", [72, 80, 100])
def test_every_line_of_a_ladder_ends_at_the_same_column(width: int) -> None:
    story = recording(
        (pdu(1, THERE, CARRIES, FIRST), pdu(2, BACK, CARRIES, CARRIES)),
        words=(BondWord(3 * MS, "eth0", "mux machine: WAITING to ATTACHED"),),
        far_words=(BondWord(4 * MS, "eth0", "mux machine: WAITING to ATTACHED"),),
        incidents=(Incident(5 * MS, Action.CUT, "eth0"), Incident(6 * MS, Action.REPAIR, "eth0")),
    )
    lines = ladder_lines(rungs(story, "eth0"), title="eth0", origin_ns=0, width=width)
    assert len(lines) == 7
    assert {len(line) for line in lines[1:]} == {width}


def test_a_long_ladder_is_cut_off_in_the_picture_and_says_so() -> None:
    steps = [Moved(n * MS, THERE, f"move {n}") for n in range(ROWS_MAX + 3)]
    picture = draw_ladders([("eth0", steps)], headline="h", subtitle="s", origin_ns=0)
    assert "… 3 more" in picture
    assert f"move {ROWS_MAX - 1}" in picture
    assert f"move {ROWS_MAX}<" not in picture
    ElementTree.fromstring(picture)


# -- the judgement

GOOD = recording(
    (
        pdu(1, THERE, FIRST, PortState(0)),
        SeenFrame(2 * MS, "eth2", BACK, lie(FAR, 15)),
        pdu(600, THERE, CARRIES, CARRIES),
        pdu(800, BACK, CARRIES, CARRIES),
    ),
    incidents=(Incident(10 * MS, Action.CUT, "eth0"), Incident(20 * MS, Action.REPAIR, "eth0")),
)


def with_probes(story: Recording, cables: list[str], *, lost: frozenset[int]) -> Recording:
    probes = tuple(
        Probe(n, 0, n * MS, () if n in lost else (n * MS + 1,)) for n in range(len(cables))
    )
    sightings = tuple(Sighting(n * MS, cable, THERE, n) for n, cable in enumerate(cables))
    return replace(story, probes=probes, sightings=sightings)


GOOD_CABLES = ["eth0", "eth1"] * 15


def test_two_cables_shared_and_the_liar_left_out_is_the_story() -> None:
    assert negotiation.judge(with_probes(GOOD, GOOD_CABLES, lost=frozenset())) == ()


@pytest.mark.parametrize(
    ("cables", "lost", "complaint"),
    [
        (["eth0"] * 30, {}, "eth1 never carried a probe"),
        ([*GOOD_CABLES, "eth2"], {}, "1 probes went to the partner that lies"),
        (GOOD_CABLES, {5}, "1 probes were lost before the cut"),
        (GOOD_CABLES, {25}, "1 probes were lost at the repair"),
        (["eth0"] * 5 + ["eth1"] * 25, {}, "the repaired cable did not carry probes again"),
    ],
)
def test_what_went_wrong_is_named(cables, lost, complaint) -> None:
    assert negotiation.judge(with_probes(GOOD, cables, lost=frozenset(lost))) == (complaint,)


def test_a_liar_that_was_not_heard_is_named() -> None:
    story = replace(GOOD, frames=tuple(f for f in GOOD.frames if f.cable == "eth0"))
    told = negotiation.judge(with_probes(story, GOOD_CABLES, lost=frozenset()))
    assert told == ("the liar was not heard",)


def test_the_negotiation_lasts_until_both_ends_distribute() -> None:
    assert negotiation.negotiation_ns(GOOD, "eth0") == 799 * MS
    silent = recording((pdu(1, THERE, CARRIES, CARRIES),))
    assert negotiation.negotiation_ns(silent, "eth0") is None
