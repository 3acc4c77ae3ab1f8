"""LACP with the real driver: the same end of every story, and both sides of one mind about it.

Each story is played kernel to kernel ("kk"), pybondd as system a ("pk") and as system b ("kp"), all
in one guest; c is always the kernel's.
"""

import dataclasses

import pytest
from uml_lacp_beliefs import beliefs, comparable, distributing

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(420),
]

KINDS = {"k": "kernel", "p": "pybondd"}
AT_ONCE_COUNT = 12
LIMIT_S = 400
FAST, SLOW, PASSIVE = {"lacp_rate": "fast"}, {"lacp_rate": "slow"}, {"lacp_active": "off"}
ONE_SYSTEM = {"ad_actor_system": "02:00:00:00:0d:00"}


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """What happens, and how many ports of a then carry traffic."""

    happenings: dict[str, int]
    a: dict[str, object] = dataclasses.field(default_factory=dict)
    b: dict[str, object] = dataclasses.field(default_factory=dict)
    c: dict[str, object] = dataclasses.field(default_factory=dict)
    cables: str = "a0-b0 a1-b1"
    ways: str = "pk kp"

    def told_to(self, way: str) -> dict[str, object]:
        """As the guest wants it."""
        kinds = {"a": KINDS[way[0]], "b": KINDS[way[1]], "c": "kernel"}
        cables = [cable.split("-") for cable in self.cables.split()]
        options = {"a": FAST | self.a, "b": FAST | self.b, "c": FAST | self.c}
        return {
            "kinds": kinds,
            "port_count": len(cables),
            "cables": cables,
            "options": options,
            "happenings": list(self.happenings),
        }


STORIES = {
    "both fast": Story({"up b;up a": 2}, ways="pk"),
    "both slow": Story({"up b;up a": 2}, a=SLOW, b=SLOW, ways="pk"),
    "a fast, b slow": Story({"up b;up a": 2}, b=SLOW),
    "b passive and slow": Story({"up b;up a": 2}, b=PASSIVE | SLOW),
    "b starts anew": Story({"up b;up a": 2, "restart b": 2}),
    "b closed and opened": Story({"up b;up a": 2, "close b": 0, "open b": 2}),
    "a port moves from b to c and back": Story(
        {"up b;up a": 2, "up c": 2, "patch a1 c0": 1, "patch a1 b1": 2}, ways="pk"
    ),
    "one partner with two keys": Story(
        {"up b;up a": 1, "up c": 1, "patch a1 b1": 2},
        a={"ad_user_port_key": 1023},
        b={"ad_user_port_key": 5, **ONE_SYSTEM},
        c={"ad_user_port_key": 6, **ONE_SYSTEM},
        cables="a0-b0 a1-c0",
    ),
    "half the ports miswired": Story(
        {"up b;up a": 2, "up c": 2, "patch a2 b2;patch a3 b3": 4}, cables="a0-b0 a1-b1 a2-c0 a3-c1"
    ),
    "min_links": Story(
        {"up b;up a": 2, "cut a1": 1, "mend a1": 2, "write a min_links 3": 2}, a={"min_links": 2}
    ),
    "a cable cut and repaired": Story({"up b;up a": 2, "cut a0": 1, "mend a0": 2}),
    "a cable loses everything": Story({"up b;up a": 2, "silence a0": 1}),
    "b's own port down and up": Story({"up b;up a": 2, "port b0 down": 1, "port b0 up": 2}),
    "a's port removed and added": Story({"up b;up a": 2, "remove a a0": 1, "add a a0": 2}),
    # 3, as the port of the aggregator that lost goes on saying that it distributes.
    "the larger aggregator wins": Story(
        {"up b;up a": 1, "up c": 3}, a={"ad_select": "count"}, cables="a0-b0 a1-c1 a2-c2", ways="pk"
    ),
    "b becomes another system": Story(
        {"up b;up a": 2, "write b ad_actor_system 02:00:00:00:0d:01": 2}
    ),
    "b changes its priority": Story(
        {"up b;up a": 2, "write b ad_actor_sys_prio 100": 2}, ways="kp"
    ),
}
OURS = [(name, way) for name, story in STORIES.items() for way in story.ways.split()]
each_of_ours = pytest.mark.parametrize(("name", "way"), OURS, ids=[f"{n}-{w}" for n, w in OURS])


@pytest.fixture(scope="session")
def told(guest):
    """The status texts of every story, and how long the kernel's ports are dead after silence."""
    stories = {
        f"{name} {way}": ["uml_lacp.tell", story.told_to(way)]
        for name, story in STORIES.items()
        for way in ["kk", *story.ways.split()]
    }
    acts = {"healing": ["uml_lacp_shows.time_to_heal", {"kind": "kernel"}], **stories}
    return guest.call("uml_lacp.play", timeout_s=LIMIT_S, acts=acts, at_once_count=AT_ONCE_COUNT)


@each_of_ours
def test_every_system_says_what_it_says_when_all_are_the_kernels(told, name, way):
    kernels, ours = told[f"{name} kk"], told[f"{name} {way}"]
    for happening in kernels:
        for system, status in kernels[happening].items():
            assert comparable(ours[happening][system]) == comparable(status)


@each_of_ours
def test_both_ends_of_a_cable_that_carries_traffic_believe_the_same(told, name, way):
    for statuses in told[f"{name} {way}"].values():
        others = [belief for system in statuses for belief in beliefs(statuses[system]).values()]
        mutual = {belief.of_itself: belief.of_the_partner for belief in others}
        for belief in distributing(statuses["a"]).values():
            assert mutual.get(belief.of_the_partner) == belief.of_itself


@each_of_ours
def test_as_many_ports_carry_traffic_as_the_story_says(told, name, way):
    statuses = told[f"{name} {way}"].values()
    counts = [len(distributing(each["a"])) for each in statuses]
    assert counts == list(STORIES[name].happenings.values())


def test_between_two_kernels_a_port_stays_dead_for_half_a_minute_after_seven_silent_seconds(told):
    """The fault that we mend: test_uml_lacp_shows."""
    assert told["healing"] > 20
