"""Aggregators: what is reckoned from the ports that are in one, and how one is handed on."""

from dataclasses import replace

from lacp_ports import THEIRS, all_of, join, link, system_with

from pybondd.lacp.aggregator import Aggregator
from pybondd.wire.ethernet import NO_ADDRESS

NOBODY = (7, False, 0, 0, NO_ADDRESS, 0, False, [])


def full(*speeds):
    """Aggregator 7 with a port for each speed, the newest first."""
    system = system_with()
    ports = [join(system, number, mbps=mbps) for number, mbps in enumerate(speeds, start=1)]
    return Aggregator(7, False, 15, 100, THEIRS, 33, True, ports)


def test_a_new_one_is_empty():
    assert all_of(Aggregator(7)) == NOBODY
    assert not Aggregator(7).has_partner


def test_its_bandwidth_is_the_newest_ports_speed_times_enabled_ports():
    assert full(10_000, 1000, 1000).bandwidth_mbps == 30_000
    assert full(1000, 10_000).bandwidth_mbps == 2000
    assert Aggregator(7).bandwidth_mbps == 0


def test_a_newest_port_without_a_link_makes_the_bandwidth_zero():
    aggregator = full(10_000, 10_000)
    link(aggregator.ports[1], up=False)
    assert aggregator.bandwidth_mbps == 10_000
    link(aggregator.ports[0], up=False)
    link(aggregator.ports[1], up=True)
    assert aggregator.bandwidth_mbps == 0


def test_ports_count_when_they_are_enabled_whatever_their_carrier():
    aggregator = full(10_000, 10_000)
    aggregator.ports[0].port_enabled = False
    aggregator.ports[0].actor = replace(aggregator.ports[0].actor, port_priority=1000)
    assert (aggregator.enabled_port_count, aggregator.priority_sum) == (1, 255)


def test_it_runs_while_any_port_has_a_carrier_whatever_the_monitor_thinks():
    aggregator = full(10_000, 10_000)
    aggregator.ports[0].port_enabled = aggregator.ports[1].port_enabled = False
    assert aggregator.has_running_port
    for port in aggregator.ports:
        link(port, up=False)
    assert not aggregator.has_running_port


def test_a_cleared_one_keeps_its_number_only():
    aggregator = full(10_000)
    aggregator.is_individual = True
    aggregator.clear()
    assert all_of(aggregator) == NOBODY


def test_an_heir_becomes_what_the_other_was_and_the_ports_follow():
    aggregator, heir = full(10_000, 10_000), Aggregator(8)
    was = all_of(aggregator)
    heir.take_over(aggregator)
    assert all_of(heir) == (8, *was[1:])
    assert all_of(aggregator) == NOBODY
    assert [port.aggregator for port in heir.ports] == [heir, heir]
