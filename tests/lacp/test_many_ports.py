"""255 ports in one bond, the most that pybondd has room for. How fast it is: tools/bench."""

from collections import Counter

import pytest
from lacp_ports import THEIRS, hear, open_system, partner, run, said
from pairs import aggregated

from pybondd.events import PortFrame
from pybondd.forwarding import MAX_PORTS
from pybondd.lacp import selection
from pybondd.lacp.passes import run_pass
from pybondd.lacp.system import System
from pybondd.modes import ieee8023ad
from pybondd.status.lacp import lacp_bond
from pybondd.status.proc import proc_text
from pybondd.wire.slow import build_lacpdu

PORTS = 60
"""Enough for a square to show."""


@pytest.fixture
def compared(monkeypatch) -> Counter:
    """How often an aggregator was ranked."""
    count = Counter()
    rank = selection._rank

    def counting(*args):
        count["ranked"] += 1
        return rank(*args)

    monkeypatch.setattr(selection, "_rank", counting)
    return count


def test_a_bond_of_255_ports_aggregates_with_another_and_tells_of_it():
    _, bond = aggregated(MAX_PORTS, lacp_rate="fast")
    assert bond.table.tx_ports == tuple(range(1, MAX_PORTS + 1))
    assert bond.mode.lacp is not None
    shown = lacp_bond(bond.mode.lacp)
    (used,) = (each for each in shown["aggregators"] if each["is_active"])
    assert len(used["ports"]) == MAX_PORTS
    text = proc_text(bond.state, bond.mode, version="test")
    assert text.count("Slave Interface:") == MAX_PORTS
    assert f"Number of ports: {MAX_PORTS}\n" in text


def hear_all(system: System) -> None:
    for port in system.ports:
        hear(port, "ATGSCD", by=partner("", number=port.actor.port_number))


def test_ports_that_join_in_one_pass_are_not_all_compared_with_all(compared):
    system = open_system(ports=PORTS)
    run_pass(system)
    assert compared["ranked"] < 5 * PORTS
    run_pass(system)
    hear_all(system)
    compared.clear()
    run_pass(system)
    assert compared["ranked"] < 5 * PORTS
    assert [len(each.ports) for each in system.aggregators] == [PORTS, *[0] * (PORTS - 1)]


def test_a_pass_in_which_nothing_changes_compares_nothing(compared):
    system = open_system(ports=PORTS)
    run_pass(system)
    compared.clear()
    run(system.ports[0], 50)
    assert compared["ranked"] == 0


def test_an_lacpdu_does_not_build_the_forwarding_table(monkeypatch):
    _, bond = aggregated(2, lacp_rate="fast")
    assert bond.mode.lacp is not None
    port = bond.mode.lacp.ports[0]
    before = port.counters.lacpdu_rx
    monkeypatch.setattr(ieee8023ad, "build_table", None)
    frame = build_lacpdu(said(port, "ATG"), source=THEIRS)
    bond.handle(PortFrame(1, frame), now=0)
    assert port.counters.lacpdu_rx == before + 1
