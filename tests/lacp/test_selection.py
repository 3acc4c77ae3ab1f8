"""Selection: which aggregator a port joins, and which one the bond uses.

Linux 6.12 bond_3ad.c ad_port_selection_logic, ad_agg_selection_logic, ad_agg_selection_test.
"""

from dataclasses import dataclass, replace

import pytest
from lacp_ports import (
    KEY_10G,
    OURS,
    STRANGER,
    THEIRS,
    all_of,
    changes,
    everything,
    hear,
    join,
    link,
    moves,
    open_system,
    partner,
    port_distributing,
    run,
    state,
    system_with,
    told,
)

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.port import NO_PARTNER, AggregationPort
from pybondd.lacp.selection import choose_active, has_carrier, leave_aggregator, select_port
from pybondd.lacp.system import SelectPolicy, System
from pybondd.port import Duplex, LinkFacts
from pybondd.wire.ethernet import NO_ADDRESS

POLICIES = list(SelectPolicy)


# A port joins.


def two_ports(**about):
    """Two ports whose partner is the same, none of them selected."""
    system = system_with()
    for number in (1, 2):
        join(system, number, **about).partner = partner("ATG", number=number)
    return system.ports


def test_the_first_port_founds_an_aggregator():
    first, _ = two_ports()
    select_port(first)
    assert all_of(first.own) == (1, False, KEY_10G, 0xFFFF, THEIRS, KEY_10G, True, ["eth1"])
    assert (first.aggregator, first.selected) == (first.own, True)


def test_a_port_with_the_same_partner_joins_in_front():
    first, second = two_ports()
    select_port(first)
    select_port(second)
    assert all_of(first.own)[-1] == ["eth2", "eth1"]
    assert (second.aggregator, second.selected) == (first.own, True)
    assert all_of(second.own) == (2, False, 0, 0, NO_ADDRESS, 0, False, [])


def test_a_selected_port_stays():
    first, _ = two_ports()
    select_port(first)
    assert changes(first, select_port) == {}


def _another_key(port: AggregationPort) -> None:
    port.actor = replace(port.actor, key=9)


def _another_partner(**of_the_partner):
    def change(port: AggregationPort) -> None:
        port.partner = replace(port.partner, **of_the_partner)

    return change


STRANGERS = {
    "another key of ours": _another_key,
    "another system": _another_partner(system=STRANGER),
    "another system priority": _another_partner(system_priority=1),
    "another key of the partner": _another_partner(key=33),
}


@pytest.mark.parametrize("change", STRANGERS.values(), ids=STRANGERS)
def test_what_differs_does_not_aggregate(change):
    first, second = two_ports()
    select_port(first)
    change(second)
    select_port(second)
    assert second.aggregator is second.own


SAME = {
    "port priority": {"port_priority": 1},
    "port number": {"port_number": 99},
    "the partner's wish not to aggregate": {"state": 0},
}


@pytest.mark.parametrize("values", SAME.values(), ids=SAME)
def test_linux_does_not_ask_for(values):
    first, second = two_ports()
    select_port(first)
    second.partner = replace(second.partner, **values)
    select_port(second)
    assert second.aggregator is first.own


def test_ports_without_a_partner_are_alone_each():
    first, second = two_ports()
    first.partner = second.partner = NO_PARTNER
    select_port(first)
    select_port(second)
    assert (first.aggregator, second.aggregator) == (first.own, second.own)


def test_a_half_duplex_port_is_alone_for_good():
    first, second = two_ports(duplex=Duplex.HALF)
    select_port(first)
    select_port(second)
    assert second.aggregator is second.own
    assert first.own.is_individual


def test_a_port_takes_the_first_free_aggregator_whoever_brought_it():
    system = open_system(ports=3)
    for port in system.ports[1:]:
        port.partner = partner("ATG", number=port.actor.port_number)
    select_port(system.ports[1])
    assert system.ports[1].aggregator is system.ports[0].own


def test_a_port_that_leaves_as_the_last_clears_the_aggregator():
    first, _ = two_ports()
    select_port(first)
    leave_aggregator(first)
    assert all_of(first.own) == (1, False, 0, 0, NO_ADDRESS, 0, False, [])
    assert first.aggregator is None


def test_a_port_that_leaves_others_behind_clears_nothing():
    first, second = two_ports()
    select_port(first)
    select_port(second)
    leave_aggregator(first)
    assert all_of(first.own)[-2:] == (True, ["eth2"])


def test_a_port_in_none_has_none_to_leave():
    first, _ = two_ports()
    assert changes(first, leave_aggregator) == {}


def test_a_new_partner_moves_the_port_before_mux_sees_that_it_was_unselected():
    """Linux differs: the standard detaches such a port, which costs two seconds."""
    port = port_distributing()
    port.system.outbox.clear()
    hear(port, "ATGSCD", by=partner("", system=STRANGER))
    run(port)
    assert (port.selected, moves(port.system, "mux")) == (True, [])
    assert port.own.partner_system == STRANGER


def test_a_port_for_which_no_aggregator_is_free_stays_unselected_and_says_so():
    first, second = two_ports()
    select_port(first)
    first.own.ports.append(second)  # One aggregator is held by a port that is listed elsewhere.
    second.own.ports.append(second)
    second.partner = NO_PARTNER
    select_port(second)
    assert (second.selected, second.aggregator) == (False, None)
    assert told(second.system) == ["no aggregator is free for this port"]


def test_joining_an_aggregator_that_is_not_used_takes_a_port_out_of_sync():
    system = system_with()
    for number, who in ((1, THEIRS), (2, STRANGER)):
        port = join(system, number)
        port.partner = partner("ATG", number=number, system=who)
        port.actor = replace(port.actor, state=port.actor.state | 8)
        select_port(port)
    first, second = (everything(port)["actor_state"] for port in system.ports)
    assert (first, second) == ("ATGS----", "ATG-----")


# The bond chooses.


@dataclass(frozen=True)
class Candidate:
    """An aggregator: its ports, and whether somebody answers there."""

    ports: int = 1
    partner: bytes = THEIRS
    mbps: int = 10_000
    is_individual: bool = False
    is_active: bool = False
    enabled: int | None = None
    running: int | None = None
    priority: int = 255
    key: int = KEY_10G


def contest(policy: SelectPolicy, *candidates: Candidate) -> System:
    """A system with these aggregators, each brought by its own first port."""
    system = system_with(select_policy=policy)
    for candidate in candidates:
        ports = [
            join(system, len(system.ports) + 1, mbps=candidate.mbps) for _ in range(candidate.ports)
        ]
        own = ports[0].own
        own.ports, own.is_active = ports[::-1], candidate.is_active
        own.is_individual, own.key = candidate.is_individual, candidate.key
        own.partner_system = candidate.partner
        for index, port in enumerate(ports):
            _set_port(port, own, index, candidate)
    return system


def _set_port(port: AggregationPort, own: Aggregator, index: int, candidate: Candidate) -> None:
    port.aggregator = own
    port.actor = replace(port.actor, port_priority=candidate.priority)
    port.port_enabled = candidate.enabled is None or index < candidate.enabled
    if candidate.running is not None and index >= candidate.running:
        port.member.facts = LinkFacts(is_up=True, has_carrier=False)
    if candidate.is_active:
        port.member.is_backup = port.member.is_inactive = False


def chosen(system: System) -> list[int]:
    """Which candidates are active now?"""
    choose_active(system)
    used = [each for each in system.aggregators if each.ports]
    return [number for number, each in enumerate(used) if each.is_active]


C = Candidate
ALL = SelectPolicy.STABLE, SelectPolicy.BANDWIDTH, SelectPolicy.COUNT, SelectPolicy.ACTOR_PORT_PRIO
STABLE, BANDWIDTH, COUNT, PRIO = ALL
ALONE = C(is_individual=True)
LONELY = C(partner=NO_ADDRESS)

BETTER = [
    ("the first of equals", ALL, [C(), C()], 0),
    ("the active one of equals", ALL, [C(), C(is_active=True)], 1),
    ("one that may aggregate", ALL, [ALONE, C()], 1),
    ("one that may aggregate, first", ALL, [C(), ALONE], 0),
    ("one that may aggregate, though nobody answers", ALL, [ALONE, LONELY], 1),
    ("one that may aggregate, though smaller", ALL, [C(ports=3, is_individual=True), C()], 1),
    ("one with a partner", ALL, [LONELY, C()], 1),
    ("one with a partner, first", ALL, [C(), LONELY], 0),
    ("one with a partner, though smaller", ALL, [C(ports=3, partner=NO_ADDRESS), C()], 1),
    ("the broader", ALL, [C(), C(mbps=25_000)], 1),
    ("the broader, though fewer", [STABLE, BANDWIDTH], [C(ports=2), C(mbps=25_000)], 1),
    ("more ports, though narrower", [COUNT, PRIO], [C(mbps=25_000), C(ports=2)], 1),
    ("more ports, first", [COUNT, PRIO], [C(ports=2), C(mbps=25_000)], 0),
    ("the higher priority", [PRIO], [C(ports=3), C(priority=1000)], 1),
    ("the higher sum of priorities", [PRIO], [C(priority=300), C(ports=2, priority=200)], 1),
    (
        "a priority that others do not look at",
        [STABLE, BANDWIDTH, COUNT],
        [C(), C(priority=999)],
        0,
    ),
    ("one whose ports are enabled", ALL, [C(enabled=0), C()], 1),
    ("one that runs", ALL, [C(running=0), C()], 1),
    ("more enabled ports, not more ports", [COUNT], [C(ports=3, enabled=1), C(ports=2)], 1),
]
BETTER_ROWS = [
    pytest.param(policy, candidates, best, id=f"{policy.name}: {what}")
    for what, policies, candidates, best in BETTER
    for policy in policies
]


@pytest.mark.parametrize(("policy", "candidates", "best"), BETTER_ROWS)
def test_the_bond_uses(policy, candidates, best):
    assert chosen(contest(policy, *candidates)) == [best]


ACTIVE = C(is_active=True)
KEPT = [
    ("a narrower one", [STABLE], [ACTIVE, C(ports=2)], 0),
    ("a narrower one not", [BANDWIDTH, COUNT, PRIO], [ACTIVE, C(ports=2)], 1),
    ("one that nobody answers not, if somebody does elsewhere", ALL,
     [C(is_active=True, partner=NO_ADDRESS), C()], 1),
    ("one that nobody answers if nobody does elsewhere", [STABLE],
     [C(is_active=True, partner=NO_ADDRESS), C(ports=2, partner=NO_ADDRESS)], 0),
    ("one without an enabled port not", ALL, [C(is_active=True, enabled=0), C()], 1),
    ("an individual one though another could grow", [STABLE],
     [C(is_active=True, is_individual=True), C()], 0),
    ("one of key 0 not", [STABLE], [C(is_active=True, is_individual=True, key=0), C()], 1),
    ("one of key 0 if the other has it too", [STABLE],
     [C(is_active=True, key=0), C(ports=2, key=0)], 0),
    ("one that stopped running if the monitor has not seen it", [STABLE],
     [C(is_active=True, running=0), C()], 0),
    ("one that stopped running not, by other policies", [BANDWIDTH, COUNT, PRIO],
     [C(is_active=True, running=0), C()], 1),
]  # fmt: skip
KEPT_ROWS = [
    pytest.param(policy, candidates, kept, id=f"{policy.name}: {what}")
    for what, policies, candidates, kept in KEPT
    for policy in policies
]


@pytest.mark.parametrize(("policy", "candidates", "kept"), KEPT_ROWS)
def test_the_bond_keeps(policy, candidates, kept):
    assert chosen(contest(policy, *candidates)) == [kept]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_if_none_is_of_use_none_is_active_and_nothing_else_happens(policy):
    system = contest(policy, C(is_active=True, enabled=0, running=0), C(enabled=0))
    port = system.ports[0]
    assert chosen(system) == []
    assert not port.member.is_backup, "Linux leaves the ports as they were"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_an_active_one_without_enabled_ports_that_runs_stays_if_there_is_no_other(policy):
    assert chosen(contest(policy, C(is_active=True, enabled=0), C(enabled=0))) == [0]


@pytest.mark.parametrize("policy", [BANDWIDTH, COUNT, PRIO], ids=lambda policy: policy.name)
def test_ports_of_the_one_that_lost_are_put_off(policy):
    system = contest(policy, ACTIVE, C(ports=2))
    port = system.ports[0]
    off = {"is_backup": True, "is_inactive": True, "aggregator": all_of(port.own)}
    changed = changes(port, lambda port: choose_active(port.system))
    assert {name: changed[name] for name in off if name in changed} == off | {
        "aggregator": all_of(port.own)
    }
    assert not port.own.is_active


def test_ports_of_the_winner_are_put_on_by_their_mux_machine_alone():
    system = contest(COUNT, ACTIVE, C(ports=2))
    choose_active(system)
    assert [port.member.is_backup for port in system.ports] == [True, True, True]


def test_ports_without_a_partner_are_put_on_at_once():
    system = contest(STABLE, LONELY, LONELY)
    choose_active(system)
    assert [port.member.is_backup for port in system.ports] == [False, True]


def test_a_system_without_ports_has_nothing_to_choose():
    system = system_with()
    choose_active(system)
    assert system.active_aggregator is None


# The carrier.

CARRIERS = [
    ("no aggregator in use", [C()], 0, False, False),
    ("one port", [ACTIVE], 0, False, True),
    ("one port is enough for 1", [ACTIVE], 1, False, True),
    ("one port is too few for 2", [ACTIVE], 2, False, False),
    ("two ports", [C(ports=2, is_active=True)], 2, False, True),
    ("ports count when enabled", [C(ports=2, enabled=1, is_active=True)], 2, False, False),
    ("nobody answers", [C(is_active=True, partner=NO_ADDRESS)], 0, False, True),
]


@pytest.mark.parametrize(
    ("candidates", "min_links", "is_strict", "expected"),
    [row[1:] for row in CARRIERS],
    ids=[row[0] for row in CARRIERS],
)
def test_the_bond_has_a_carrier(candidates, min_links, is_strict, expected):
    system = contest(STABLE, *candidates)
    assert has_carrier(system, min_links=min_links, is_strict=is_strict) is expected


STRICT_CARRIERS = [
    ("one port collects and distributes", "SCD", "", 0, True),
    ("no port does", "S", "S", 0, False),
    ("a port that only collects does not count", "SC", "SC", 0, False),
    ("one of two is enough for 1", "SCD", "S", 1, True),
    ("one of two is too few for 2", "SCD", "SC", 2, False),
    ("two are enough for 2", "SCD", "SCD", 2, True),
]


@pytest.mark.parametrize(
    ("first", "second", "min_links", "expected"),
    [row[1:] for row in STRICT_CARRIERS],
    ids=[row[0] for row in STRICT_CARRIERS],
)
def test_a_strict_bond_has_a_carrier_when_enough_ports_carry(first, second, min_links, expected):
    system = contest(STABLE, C(ports=2, is_active=True))
    for port, letters in zip(system.ports, (first, second), strict=True):
        port.actor = replace(port.actor, state=state("ATG" + letters))
    assert has_carrier(system, min_links=min_links, is_strict=True) is expected


def test_a_strict_bond_does_not_count_ports_without_a_link():
    system = contest(STABLE, C(ports=2, enabled=1, is_active=True))
    for port in system.ports:
        port.actor = replace(port.actor, state=state("ATGSCD"))
    assert not has_carrier(system, min_links=2, is_strict=True)


def test_a_strict_bond_without_an_aggregator_has_no_carrier():
    assert not has_carrier(contest(STABLE, C()), min_links=0, is_strict=True)


# With time: a port to one system, two to another; the lone one is first.


def three_ports(policy: SelectPolicy) -> System:
    system = open_system(ports=3, select_policy=policy)
    run(system.ports[0], 2)
    _hear_for(system, 40)
    return system


def _hear_for(system: System, passes: int) -> None:
    for _ in range(passes):
        for port in system.ports:
            who = THEIRS if port is system.ports[0] else STRANGER
            if port.member.is_running:
                hear(port, "ATGSCD", by=partner("", number=port.actor.port_number, system=who))
        run(system.ports[0])


@pytest.mark.parametrize(
    ("policy", "used"),
    [(STABLE, ["eth1"]), (BANDWIDTH, ["eth2", "eth3"]), (COUNT, ["eth2", "eth3"]),
     (PRIO, ["eth2", "eth3"])],
    ids=lambda value: getattr(value, "name", None),
)  # fmt: skip
def test_the_policy_decides_between_two_partners(policy, used):
    system = three_ports(policy)
    carrying = [port.name for port in system.ports if not port.member.is_backup]
    assert carrying == used


@pytest.mark.parametrize("policy", [BANDWIDTH, COUNT], ids=lambda policy: policy.name)
def test_the_loss_of_one_of_two_links_does_not_switch_back(policy):
    system = three_ports(policy)
    head = system.active_aggregator.ports[0]
    other = next(port for port in system.active_aggregator.ports if port is not head)
    link(other, up=False)
    assert head.is_in_active_aggregator


def test_with_bandwidth_the_loss_of_the_newest_link_does_switch():
    system = three_ports(BANDWIDTH)
    link(system.active_aggregator.ports[0], up=False)
    assert system.ports[0].is_in_active_aggregator


def test_a_port_whose_aggregator_loses_goes_on_saying_that_it_carries():
    """Linux differs: its partner goes on sending into nothing (a black hole)."""
    system = three_ports(STABLE)
    system.settings.select_policy = COUNT
    choose_active(system)
    _hear_for(system, 30)
    first = system.ports[0]
    assert everything(first)["actor_state"] == "ATGSCD--"
    assert (first.member.is_backup, first.member.is_inactive) == (True, True)


def test_our_own_address_is_a_partner_like_any_other_to_selection():
    first, second = two_ports()
    for port in (first, second):
        port.partner = replace(port.partner, system=OURS)
        select_port(port)
    assert second.aggregator is first.own
