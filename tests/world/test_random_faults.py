"""Hundreds of random schedules: the rules of sim/checks.py hold after every step, and once the
faults stop everything works again."""

import pytest
from faults import Careless
from scenes import one_switch

from pybondd.port import Link

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")
SEEDS_PER_MODE = 60
STEPS = 40
BATCH = 10
"""Seeds in one test, so that a failure names a short list and the report stays readable."""


def run_schedule(mode, seed, options=(("miimon", "100"),)):
    scene = one_switch(mode, 3, seed=seed, options=options)
    user = Careless(scene)
    for _ in range(STEPS):
        user.act()
    return scene, user


def assert_everything_works(scene, mode):
    state = scene.bond.bond.state
    assert [port.link for port in state.ports] == [Link.UP] * 3
    assert scene.bond.has_carrier
    before = len(scene.peer.stack.probes)
    scene.peer.stack.neighbours.clear()
    scene.ping(20)
    answers = [probe.answers for probe in scene.peer.stack.probes[before:]]
    if mode == "broadcast":
        assert answers == [3] * 20
    elif state.options.all_slaves_active and mode == "active-backup":
        # A flooded request then arrives on every port, and each copy is answered.
        assert min(answers) >= 1
    else:
        assert answers == [1] * 20


@pytest.mark.parametrize("first_seed", range(0, SEEDS_PER_MODE, BATCH))
@pytest.mark.parametrize("mode", MODES)
def test_no_rule_breaks_and_all_works_again_when_the_faults_stop(mode, first_seed):
    for seed in range(first_seed, first_seed + BATCH):
        scene, user = run_schedule(mode, seed)
        user.calm_down()
        assert_everything_works(scene, mode)


@pytest.mark.parametrize("policy", ["active", "follow"])
def test_addresses_that_move_survive_every_schedule(policy):
    options = (("miimon", "100"), ("fail_over_mac", policy))
    for seed in range(1000, 1000 + SEEDS_PER_MODE // 2):
        scene, user = run_schedule("active-backup", seed, options)
        user.calm_down()
        assert_everything_works(scene, "active-backup")


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_gives_the_same_history(mode):
    histories = []
    for _ in range(2):
        scene, user = run_schedule(mode, seed=7)
        histories.append((user.log, repr(scene.bond.effects)))
    assert histories[0] == histories[1]


@pytest.mark.parametrize("mode", MODES)
def test_another_seed_gives_another_history(mode):
    assert run_schedule(mode, seed=1)[1].log != run_schedule(mode, seed=2)[1].log
