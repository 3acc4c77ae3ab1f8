"""One random schedule, by a seed: a scene, a saboteur in it, agreement in time, and traffic."""

from random import Random

from lacp_agreement import assert_traffic_passes, bound_ms, wait_for_agreement
from lacp_saboteur import Saboteur
from lacp_scenes import lacp_scene

from pybondd.units import milliseconds

SIZES = (
    *((1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (2, 2), (2, 2), (2, 3), (3, 2), (3, 3), (4, 4)),
    *((2, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 2)),
)
BIG_SIZE, BIG_SHARE = (8, 8), 0.02
"""How many ports each system has. Small ones come more often: they find more in less time."""
DEEDS = (4, 6, 6, 8, 8, 12, 16)
"""How many deeds a schedule has."""
FOLLOWS = ("mended", "mended", "linux", "linux-6.1")


def random_scene(seed, *, is_mixed=False):
    """A scene whose size and settings follow from the seed.

    `is_mixed`: each site follows a driver of its own choice.
    """
    chance = Random(seed)
    sizes = BIG_SIZE if chance.random() < BIG_SHARE else chance.choice(SIZES)
    rates = chance.choice((("fast", "fast"),) * 8 + (("slow", "fast"), ("slow", "slow")))
    options = (
        ("miimon", "100"),
        ("ad_select", chance.choice(("stable", "bandwidth", "count"))),
        ("coupled_control", chance.choice(("1", "1", "0"))),
        ("lacp_follows", chance.choice(FOLLOWS)),
    )
    each = {place: (("lacp_rate", rates[min(place, 1)]),) for place in range(len(sizes))}
    jiffy_ns = chance.choice((0, 0, 0, milliseconds(4), milliseconds(10)))
    if is_mixed:
        each = {p: (*own, ("lacp_follows", chance.choice(FOLLOWS))) for p, own in each.items()}
    return lacp_scene(*sizes, seed=seed, options=options, each=each, jiffy_ns=jiffy_ns)


def run_schedule(seed, deeds=None, *, is_mixed=False):
    """A random scene, random deeds, calm, agreement within its bound, and traffic.

    The answer is the saboteur and how long the agreement took.
    """
    scene = random_scene(seed, is_mixed=is_mixed)
    saboteur = Saboteur(scene)
    for _ in range(deeds or saboteur.random.choice(DEEDS)):
        saboteur.act()
    saboteur.calm_down()
    waited_ms = wait_for_agreement(scene, bound_ms(scene))
    assert_traffic_passes(scene)
    return saboteur, waited_ms
