"""Keys: which ports may aggregate. The table was measured on Linux 6.1 and 6.12."""

import pytest
from lacp_ports import (
    changes,
    interface,
    join,
    link,
    port_distributing,
    port_joined,
    run,
    system_with,
)

from pybondd.lacp.joining import bind
from pybondd.lacp.key import SPEED_CODES, key_of, speed_now_mbps
from pybondd.lacp.passes import speed_changed
from pybondd.lacp.system import Follows
from pybondd.port import Duplex

KEYS_OF_FULL_DUPLEX = {
    10: 5,
    100: 7,
    1000: 9,
    2500: 11,
    5000: 13,
    10_000: 15,
    14_000: 17,
    20_000: 19,
    25_000: 21,
    40_000: 23,
    50_000: 25,
    56_000: 27,
    100_000: 29,
    200_000: 31,
    400_000: 33,
    800_000: 35,
    80_000: 1,
    1234: 1,
    None: 1,
}


@pytest.mark.parametrize(("mbps", "key"), KEYS_OF_FULL_DUPLEX.items(), ids=str)
def test_full_duplex_is_one_more_than_half(mbps, key):
    system = system_with()
    assert join(system, 1, mbps=mbps).actor.key == key
    assert join(system, 2, mbps=mbps, duplex=Duplex.HALF).actor.key == key - 1
    assert join(system, 3, mbps=mbps, duplex=None).actor.key == key - 1


@pytest.mark.parametrize(("mbps", "key"), [(400_000, 33), (800_000, 1)])
def test_linux_6_1_has_no_code_for_800_gigabit(mbps, key):
    assert join(system_with(follows=Follows.LINUX_6_1), mbps=mbps).actor.key == key


def test_one_megabit_has_a_code_as_in_linux():
    assert SPEED_CODES[1] == 1


def test_without_a_link_there_is_no_speed_and_no_duplex():
    port = join(system_with(), up=False)
    assert (port.actor.key, speed_now_mbps(port)) == (0, 0)


@pytest.mark.parametrize(("user", "key"), [(0, 15), (1, 79), (5, 335), (1023, 65487)])
def test_the_users_part_stands_above_the_speed(user, key):
    assert join(system_with(user_key=user)).actor.key == key


def test_a_new_user_key_is_for_ports_that_join_afterwards():
    system = system_with(user_key=5)
    first = join(system, 1)
    system.settings.user_key = 6
    second = bind(system, interface(2), address=system.address)
    speed_changed(first)
    assert (first.actor.key, second.actor.key) == (335, 399)
    assert key_of(first) == 399


def with_speed(port, mbps, duplex=Duplex.FULL):
    """The interface reports another speed now."""

    def change(port):
        port.member.speed_mbps, port.member.duplex = mbps, duplex
        speed_changed(port)

    return changes(port, change)


def test_the_same_speed_again_changes_nothing():
    assert with_speed(port_distributing(), 10_000) == {}


def test_another_speed_starts_the_port_anew():
    port = port_distributing()
    changed = with_speed(port, 1000)
    assert (changed.pop("actor").key, changed) == (9, {"begin": True})
    assert port.selected, "it leaves its aggregator in the next pass"


def test_half_duplex_only_makes_the_port_mute():
    port = port_distributing()
    changed = with_speed(port, 10_000, Duplex.HALF)
    assert (changed.pop("actor").key, changed) == (14, {"lacp_enabled": False})


def test_full_duplex_after_half_at_the_same_speed_does_not_start_anew():
    port = port_distributing()
    with_speed(port, 10_000, Duplex.HALF)
    changed = with_speed(port, 10_000)
    assert (changed.pop("actor").key, changed) == (15, {"lacp_enabled": True})


def test_a_speed_without_a_code_is_told_and_does_not_start_anew():
    port = port_distributing()
    changed = with_speed(port, 80_000)
    assert changed.pop("actor").key == 1
    assert changed == {"told": ["speed 80000 has no LACP key"]}


def test_a_lost_link_takes_speed_and_duplex_away_and_mutes_the_port():
    port = port_distributing(user_key=5)
    link(port, up=False)
    assert (port.actor.key, port.lacp_enabled, port.begin) == (320, False, False)


def test_a_link_that_is_back_starts_the_port_anew():
    port = port_distributing()
    link(port, up=False)
    run(port)
    link(port, up=True)
    assert (port.actor.key, port.lacp_enabled, port.begin) == (15, True, True)


def test_a_half_duplex_port_never_says_a_word():
    port = port_joined()
    with_speed(port, 10_000, Duplex.HALF)
    run(port, 100)
    assert port.counters.lacpdu_tx == 0
    assert port.aggregator is not None
    assert port.aggregator.is_individual
