"""Does a lab judge rightly whether its story happened? Recordings written by hand."""

from collections import Counter
from xml.etree import ElementTree

import pytest

from pybondd.lab import copies, flows, round_robin
from pybondd.lab.lab import INTERVAL_NS
from pybondd.lab.looking import Look
from pybondd.lab.main import LABS, TIME_LIMIT_S
from pybondd.lab.measures import overtaken
from pybondd.lab.recording import Action, Direction, Incident, Probe, Recording, Setup, Sighting
from pybondd.lab.stage import not_before_the_last_probe
from pybondd.units import MILLISECOND_NS as MS
from pybondd.units import SECOND_NS

PORTS = ("eth0", "eth1")


def recording(
    name: str,
    cables: list[tuple[str, ...]],
    *,
    arrivals: list[int] | None = None,
    flow_count: int = 1,
    lost: frozenset[int] = frozenset(),
    incidents: tuple[Incident, ...] = (),
) -> Recording:
    """Probe n went by the cables `cables[n]` and was answered at once, unless it is in `lost`."""
    probes = tuple(
        Probe(n, n % flow_count, n * MS, () if n in lost else (n * MS + 1,))
        for n in range(len(cables))
    )
    sightings = tuple(
        Sighting(n * MS, cable, Direction.THERE, n)
        for n, taken in enumerate(cables)
        for cable in taken
    )
    order = arrivals if arrivals is not None else [s.sequence for s in sightings]
    setup = Setup(name, LABS[name].mode, 100, PORTS, flow_count, MS)
    return Recording(setup, 0, len(cables) * MS, probes, tuple(order), sightings, incidents, ())


# -- rr

ALTERNATING = [("eth0",), ("eth1",)] * 50


def test_even_shares_in_any_order_are_a_round_robin() -> None:
    shuffled = [n ^ 1 for n in range(100)]
    assert round_robin.judge(recording("rr", ALTERNATING, arrivals=shuffled)) == ()


def test_a_cable_that_carries_all_is_no_round_robin() -> None:
    assert round_robin.judge(recording("rr", [("eth0",)] * 100)) == (
        "eth0 carried 100.0% of the probes instead of 50%",
        "eth1 carried 0.0% of the probes instead of 50%",
    )


def test_a_loss_without_a_cut_is_a_complaint_in_round_robin() -> None:
    told = round_robin.judge(recording("rr", ALTERNATING, lost=frozenset({7})))
    assert told == ("1 probes were lost, though nothing was cut",)


def test_the_overtaken_probes_are_named() -> None:
    assert overtaken([1, 0, 2, 5, 3, 4, 4]) == {0, 3, 4}


def test_round_robin_tells_how_many_were_overtaken() -> None:
    telling = round_robin.tell(
        recording("rr", ALTERNATING, arrivals=[n ^ 1 for n in range(100)]), 80, False
    )
    assert telling.result == "100 probes, 0 lost; 50 (50.0%) arrived after a later one"
    ElementTree.fromstring(telling.svg)


# -- xor


def foretold(count: int = 100) -> list[tuple[str, ...]]:
    return [(flows.foretold_port(n % 10, PORTS),) for n in range(count)]


def test_flows_that_go_as_foretold_are_the_story_of_xor() -> None:
    assert flows.judge(recording("xor", foretold(), flow_count=10)) == ()


def test_the_flows_of_the_lab_use_both_ports() -> None:
    assert set(Counter(foretold(10))) == {("eth0",), ("eth1",)}


@pytest.mark.parametrize("wrong", range(10))
def test_one_flow_on_the_wrong_port_is_named(wrong: int) -> None:
    other = {"eth0": "eth1", "eth1": "eth0"}
    cables = [
        (other[taken[0]],) if n % 10 == wrong else taken for n, taken in enumerate(foretold())
    ]
    (complaint,) = flows.judge(recording("xor", cables, flow_count=10))
    assert f":{40000 + wrong} " in complaint


def test_a_flow_on_two_ports_is_named() -> None:
    cables = [("eth0", "eth1"), *foretold()[1:]]
    (complaint,) = flows.judge(recording("xor", cables, flow_count=10))
    assert "took eth0, eth1 instead of" in complaint


def test_the_flow_map_is_well_formed() -> None:
    svg = flows.tell(recording("xor", foretold(), flow_count=10), 80, False).svg
    assert "10 of 10 go where the formula says" in svg
    ElementTree.fromstring(svg)


# -- broadcast

CUT = (Incident(50 * MS, Action.CUT, "eth1"), Incident(60 * MS, Action.REPAIR, "eth1"))
ON_BOTH = [PORTS if not 50 <= n < 60 else ("eth0",) for n in range(100)]


def test_two_copies_of_all_but_the_cut_ones_are_a_broadcast() -> None:
    assert copies.judge(recording("broadcast", ON_BOTH, incidents=CUT)) == ()


def test_one_copy_of_each_is_no_broadcast() -> None:
    complaints = copies.judge(recording("broadcast", [("eth0",)] * 100, incidents=CUT))
    assert complaints == ("most probes arrived 1 times instead of 2",)


def test_a_loss_in_broadcast_is_a_complaint() -> None:
    told = copies.judge(recording("broadcast", ON_BOTH, incidents=CUT, lost=frozenset({50})))
    assert told == ("1 probes were lost, though one cable was always whole",)


def test_a_cut_that_nobody_noticed_is_no_broadcast_story() -> None:
    told = copies.judge(recording("broadcast", [PORTS] * 100, incidents=CUT))
    assert told == ("no probe arrived just once while the cable was cut",)


# -- when was the cut?


@pytest.mark.parametrize(
    ("done_ms", "moment_ms"),
    [
        pytest.param(10, 10, id="done at once"),
        pytest.param(19, 19, id="the kernel waited, probes still came through"),
        pytest.param(90, 29, id="the last probe on the cable is the last proof"),
    ],
)
def test_a_cut_is_not_before_the_last_probe_that_came_through(done_ms: int, moment_ms: int) -> None:
    seen = recording("failover", [("eth0",)] * 30 + [("eth1",)] * 70)
    asked = Incident(10 * MS, Action.CUT, "eth0")
    assert not_before_the_last_probe(asked, done_ms * MS, seen.probes, seen.sightings) == Incident(
        moment_ms * MS, Action.CUT, "eth0"
    )


# -- all


@pytest.mark.parametrize("name", LABS)
def test_every_lab_suggests_three_next_steps(name: str) -> None:
    assert len(LABS[name].try_next) == 3


LOOKING = {name for name, lab in LABS.items() if any(isinstance(s, Look) for s in lab.steps)}


@pytest.mark.parametrize("name", sorted(LABS.keys() - LOOKING))
def test_every_lab_probes_more_than_a_thousand_times_and_ends_early(name: str) -> None:
    assert 1000 < LABS[name].count <= 5000


@pytest.mark.parametrize("name", sorted(LOOKING))
def test_a_lab_that_looks_gives_up_early_enough_to_say_so(name: str) -> None:
    lab = LABS[name]
    steps_ns = sum(step.after_ns for step in lab.steps)
    assert lab.count * INTERVAL_NS + steps_ns < (TIME_LIMIT_S - 2) * SECOND_NS
