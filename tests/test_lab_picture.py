"""The lab's numbers and pictures, from recordings written by hand."""

import dataclasses
import re
from xml.etree import ElementTree

import pytest

from pybondd.lab.drawing import draw_story
from pybondd.lab.failover import Losses, judge, losses, tell
from pybondd.lab.measures import (
    copies,
    duplicates,
    lateness,
    lost,
    outage_ns,
    reordered,
    share_of_cables,
    silence_ns,
)
from pybondd.lab.picture import bars, draw
from pybondd.lab.recording import (
    Action,
    BondWord,
    Direction,
    Incident,
    Probe,
    Recording,
    Setup,
    Sighting,
)
from pybondd.lab.timeline import outages, slices
from pybondd.units import MILLISECOND_NS as MS
from pybondd.units import Instant

START = 5_000 * MS
CUT = START + 1_000 * MS
REPAIR = START + 2_000 * MS
END = START + 3_000 * MS
SETUP = Setup("failover", "active-backup", 100, ("eth0", "eth1"), 1, MS)
WORDS = (
    BondWord(CUT + MS // 2, "eth0", "link status definitely down, disabling slave"),
    BondWord(CUT + MS, "", "making <eth1> & nobody else the active one"),
)


def answered(sequence: int, sent_ns: Instant) -> Probe:
    return Probe(sequence, 0, sent_ns, (sent_ns + MS // 10,))


def failover(*, lost_ms: int = 20, moves: bool = True) -> Recording:
    """Three seconds at 1000 probes a second; the first `lost_ms` after the cut are lost."""
    probes, sightings = [], []
    for sequence in range(3000):
        sent_ns = START + sequence * MS
        if CUT <= sent_ns < CUT + lost_ms * MS or (sent_ns >= CUT and not moves):
            probes.append(Probe(sequence, 0, sent_ns, ()))
            continue
        cable = "eth0" if sent_ns < CUT else "eth1"
        probes.append(answered(sequence, sent_ns))
        sightings.append(Sighting(sent_ns + 1, cable, Direction.THERE, sequence))
        sightings.append(Sighting(sent_ns + 2, cable, Direction.BACK, sequence))
    incidents = (Incident(CUT, Action.CUT, "eth0"), Incident(REPAIR, Action.REPAIR, "eth0"))
    arrivals = tuple(s.sequence for s in sightings if s.direction is Direction.THERE)
    return Recording(SETUP, START, END, tuple(probes), arrivals, tuple(sightings), incidents, WORDS)


# -- measures


def test_the_outage_lasts_from_the_answer_before_a_loss_to_the_one_after() -> None:
    probes = [answered(0, 0), Probe(1, 0, MS, ()), Probe(2, 0, 2 * MS, ()), answered(3, 3 * MS)]
    assert outage_ns(probes) == 3 * MS


def test_a_pause_in_which_nothing_was_lost_is_silence_and_no_outage() -> None:
    probes = [answered(0, 0), answered(1, 30 * MS)]
    assert (outage_ns(probes), silence_ns(probes)) == (0, 30 * MS)


def test_a_loss_that_no_answer_follows_has_no_measured_end() -> None:
    assert outage_ns([answered(0, 0), Probe(1, 0, MS, ())]) == 0


def test_without_two_answers_there_is_no_silence_to_measure() -> None:
    assert silence_ns([answered(0, 0)]) == 0


def test_a_probe_without_an_answer_is_lost() -> None:
    assert lost([answered(0, 0), Probe(1, 0, MS, ())]) == 1


def test_every_answer_but_the_first_is_a_duplicate() -> None:
    assert duplicates([Probe(0, 0, 0, (1, 2, 3)), answered(1, 0)]) == 2


@pytest.mark.parametrize(
    ("arrivals", "extents"),
    [
        pytest.param([0, 1, 2], [0, 0, 0], id="in order"),
        pytest.param([1, 0, 2], [0, 1, 0], id="one overtaken once"),
        pytest.param([1, 2, 3, 0], [0, 0, 0, 3], id="one overtaken by three"),
        pytest.param([0, 0, 1, 1], [0, 0], id="copies do not count"),
        pytest.param([0, 2, 3], [0, 0, 0], id="a gap is a loss and no reordering"),
    ],
)
def test_lateness_counts_the_later_probes_that_came_first(
    arrivals: list[int], extents: list[int]
) -> None:
    assert lateness(arrivals) == extents
    assert reordered(arrivals) == sum(extent > 0 for extent in extents)


def test_copies_tells_how_many_probes_arrived_how_often() -> None:
    assert copies([0, 0, 1, 2, 2]) == {2: 2, 1: 1}


def test_shares_count_only_the_way_there() -> None:
    assert share_of_cables(failover(lost_ms=20)) == {"eth0": 1000, "eth1": 1980}


# -- the course of time


def test_a_cable_is_out_from_its_cut_to_its_repair() -> None:
    assert outages(failover(), "eth0") == [(CUT, REPAIR)]
    assert outages(failover(), "eth1") == []


def test_slices_count_every_probe_once() -> None:
    parts = slices(failover(lost_ms=20), 72)
    assert sum(part.sent for part in parts) == 3000
    assert sum(part.lost for part in parts) == 20
    assert sum(part.carried["eth1"] for part in parts) == 1980


# -- the terminal's picture

GOLDEN = """\
eth0   ████████████████████████✂                       │·······················
eth1   ························████████████████████████████████████████████████
probes ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇✗▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
       ╵0.0 s      ╵0.5 s      ╵1.0 s      ╵1.5 s      ╵2.0 s      ╵2.5 s
█ carries probes  · ready  ✂ cut  │ repaired  ▇ answered  ✗ lost"""


def test_a_failover_looks_in_a_terminal_as_drawn_here() -> None:
    assert "\n".join(draw(failover(lost_ms=20), width=80)) == GOLDEN


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_the_picture_stays_within_the_width(width: int) -> None:
    assert max(len(line) for line in draw(failover(), width=width)[:-1]) <= width


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in "".join(draw(failover()))


def test_colours_change_nothing_but_the_escape_sequences() -> None:
    coloured = "\n".join(draw(failover(lost_ms=20), is_coloured=True))
    assert "\x1b[0;31m✂" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == GOLDEN


def test_bars_show_counts_and_shares_in_proportion() -> None:
    assert bars([("eth0", 75), ("eth1", 25)], width=41) == [
        "eth0 " + "█" * 20 + "     75  75.0%",
        "eth1 " + "█" * 7 + " " * 13 + "     25  25.0%",
    ]


# -- the SVG


def test_the_svg_is_well_formed_and_has_words_for_who_cannot_see_it() -> None:
    svg = draw_story(failover(), headline="a < b & c", subtitle="s")
    root = ElementTree.fromstring(svg.encode())
    space = {"svg": "http://www.w3.org/2000/svg"}
    title, description = root.find("svg:title", space), root.find("svg:desc", space)
    assert title is not None
    assert title.text == "a < b & c"
    assert description is not None
    assert "20 lost" in (description.text or "")


def test_the_svg_repeats_what_the_bond_said_after_the_cut() -> None:
    words = "".join(
        ElementTree.fromstring(draw_story(failover(), headline="", subtitle="")).itertext()
    )
    assert "(slave eth0): link status definitely down, disabling slave" in words
    assert "making <eth1> & nobody else the active one" in words


def test_the_svg_is_drawn_though_the_bond_was_silent_and_nothing_was_cut() -> None:
    quiet = Recording(SETUP, START, END, failover().probes, (), (), (), ())
    ElementTree.fromstring(draw_story(quiet, headline="", subtitle=""))


# -- the verdict


def test_a_failover_with_few_losses_is_one() -> None:
    assert judge(failover(lost_ms=3)) == ()


def test_a_bond_that_does_not_move_is_no_failover() -> None:
    complaints = judge(failover(moves=False))
    assert "no probe took another cable after the cut" in complaints
    assert tell(failover(moves=False), 80, False).failures == complaints


def test_more_losses_than_miimon_explains_are_no_failover() -> None:
    assert judge(failover(lost_ms=151)) == ("151 probes were lost at the cut, more than 150",)


@pytest.mark.parametrize(
    ("first_lost_ms", "count", "expected"),
    [
        pytest.param(1000, 3, Losses(0, 3, 0), id="after the cut"),
        pytest.param(990, 20, Losses(0, 20, 0), id="from before the cut to after it"),
        pytest.param(500, 3, Losses(3, 0, 0), id="long before the cut"),
        pytest.param(2000, 3, Losses(0, 0, 3), id="after the repair"),
    ],
)
def test_each_loss_is_put_down_to_its_cause(
    first_lost_ms: int, count: int, expected: Losses
) -> None:
    probes = tuple(
        Probe(n, 0, START + n * MS, ())
        if first_lost_ms <= n < first_lost_ms + count
        else answered(n, START + n * MS)
        for n in range(3000)
    )
    recording = dataclasses.replace(failover(lost_ms=0), probes=probes)
    assert losses(recording, CUT, REPAIR) == expected


def test_a_probe_that_waited_and_took_the_other_cable_does_not_excuse_the_cut() -> None:
    """The machine paused: 20 frames waited in the cut port, one behind them in the bond."""
    waiting = {n: Probe(n, 0, START + n * MS, ()) for n in range(970, 990)}
    waiting[990] = Probe(990, 0, START + 990 * MS, (CUT + 5 * MS,))
    probes = tuple(waiting.get(n, answered(n, START + n * MS)) for n in range(991))
    recording = dataclasses.replace(failover(lost_ms=0), probes=probes)
    assert losses(recording, CUT, REPAIR) == Losses(0, 20, 0)
