"""Two thousand random schedules of two or three LACP systems.

The rules of sim/checks_lacp.py and sim/watch_lacp.py hold after every step; once the faults stop,
all agree within the bound that the machines give, and frames pass. `make soak` runs more of them.
"""

import pytest
from lacp_schedule import random_scene, run_schedule

SCHEDULES = 2000
MIXED_SCHEDULES = 200
BATCH = 50
"""Seeds in one test, so that a failure names its seed and the report stays readable."""


@pytest.mark.parametrize("first_seed", range(0, SCHEDULES, BATCH))
def test_no_rule_breaks_and_all_agree_in_time_when_the_faults_stop(first_seed):
    for seed in range(first_seed, first_seed + BATCH):
        run_schedule(seed)


@pytest.mark.parametrize("first_seed", range(0, MIXED_SCHEDULES, BATCH))
def test_bonds_that_follow_different_drivers_agree_in_time(first_seed):
    for seed in range(first_seed, first_seed + BATCH):
        run_schedule(seed, is_mixed=True)


@pytest.mark.parametrize("seed", [3, 9])
def test_the_same_seed_gives_the_same_history(seed):
    histories = []
    for _ in range(2):
        saboteur, _ = run_schedule(seed)
        effects = [repr(site.bond.effects) for site in saboteur.scene.sites]
        histories.append((saboteur.log, effects))
    assert histories[0] == histories[1]


def test_seeds_differ_in_size_and_settings():
    scenes = [random_scene(seed) for seed in range(40)]
    assert len({tuple(len(site.interfaces) for site in scene.sites) for scene in scenes}) > 5
    assert len({repr([site.options for site in scene.sites]) for scene in scenes}) > 15


@pytest.mark.parametrize("seed", [5001, 5105, 5246, 5360])
def test_seeds_of_long_schedules_that_have_found_something_stay_good(seed):
    run_schedule(seed, deeds=25)


FOUND_BY_THE_SOAK = {
    100466: "a port whose aggregator lost goes on distributing under independent control",
    102176: "a port that is elected during its updelay",
    112057: "another whose aggregator lost",
    115481: "a port that collects and distributes out of sync for a pass",
    116374: "another elected during its updelay, with late timers",
    101343: "half duplex, and the bond is closed while the link is taken away to heal it",
    103510: "the agreement of two old pictures ends when one side has been silent for too long",
    104071: "a port that worked alone changes partners as another aggregator wins",
    113040: "a cable becomes a loop under two ports in use that speak every 30 s",
    115955: "two partners with one system address",
    117945: "two systems with one address take each other's word for their own",
    1014033: "calm with an aggregator in use whose stranger has expired and is not yet given up",
}


@pytest.mark.parametrize("seed", FOUND_BY_THE_SOAK)
def test_seeds_of_the_soak_that_have_found_something_stay_good(seed):
    run_schedule(seed)
