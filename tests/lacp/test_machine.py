"""The tables as such: for every box and every input at most one way out, and an end to each way.

`INPUTS` names all that a machine's conditions read. That nothing is missing there is tested too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from lacp_ports import OURS, STRANGER, join, partner, port_joined, port_with, said

from pybondd.lacp.boxes import Box, MuxBox, PeriodicBox
from pybondd.lacp.churn import ACTOR_CHURN, PARTNER_CHURN
from pybondd.lacp.machine import Arc, Machine, always
from pybondd.lacp.marker import MARKER
from pybondd.lacp.mux import COUPLED_MUX, INDEPENDENT_MUX
from pybondd.lacp.periodic import PERIODIC
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.receive import RECEIVE
from pybondd.lacp.system import Follows
from pybondd.lacp.transmit import TRANSMIT
from pybondd.wire.slow import Marker

BOTH = (False, True)
"""For a variable that is set or not."""


@dataclass(frozen=True)
class Inputs:
    """The values of each variable; `reads` are the attributes of a port behind them.

    A name that begins with `the_` is no attribute of the port itself: make() sets what it means.
    """

    reads: frozenset[str]
    values: Mapping[str, tuple[Any, ...]]

    def all(self) -> Iterator[dict[str, Any]]:
        for combination in product(*self.values.values()):
            yield dict(zip(self.values, combination, strict=True))


def inputs(*also_read: str, **values: tuple[Any, ...]) -> Inputs:
    own = {name.removesuffix("_state") for name in values if not name.startswith("the_")}
    return Inputs(frozenset(own | set(also_read)), values)


PDUS = ("nothing", "a partner", "a stranger", "an individual", "ourselves")
AGGREGATORS = ("none", "idle", "active", "idle with an unready port", "active with an unready port")
_MUX = inputs(
    *("aggregator", "system", "is_in_active_aggregator", "is_mended"),
    begin=BOTH,
    selected=BOTH,
    wait_while=(0, 1),
    the_readiness=BOTH,
    the_aggregator=AGGREGATORS,
    the_hold=(0, 1),
    the_follows=(Follows.LINUX, Follows.MENDED),
    is_sync_told=BOTH,
    actor_state=("", "S"),
    partner_state=("", "S", "C", "SC"),
)
INPUTS = {
    RECEIVE: inputs(
        "received",
        begin=BOTH,
        port_enabled=BOTH,
        lacp_enabled=BOTH,
        current_while_expired=BOTH,
        the_pdu=PDUS,
    ),
    PERIODIC: inputs(
        begin=BOTH,
        lacp_enabled=BOTH,
        port_enabled=BOTH,
        periodic_expired=BOTH,
        actor_state=("", "A"),
        partner_state=("", "A", "T", "AT"),
    ),
    COUPLED_MUX: _MUX,
    INDEPENDENT_MUX: _MUX,
    ACTOR_CHURN: inputs(churn_restart=BOTH, actor_churn_expired=BOTH, actor_state=("", "S")),
    PARTNER_CHURN: inputs(churn_restart=BOTH, partner_churn_expired=BOTH, partner_state=("", "S")),
    TRANSMIT: inputs(ntt=BOTH, lacp_enabled=BOTH, window_opens=BOTH),
    MARKER: inputs("received_marker", the_marker=BOTH),
}
NAMES = {machine: machine.name for machine in INPUTS} | {
    COUPLED_MUX: "coupled mux",
    INDEPENDENT_MUX: "independent mux",
}
STANDS_IN = [(machine, box) for machine in INPUTS for box in (*machine.boxes, None)]


def an_id(value: object) -> str:
    return NAMES[value] if isinstance(value, Machine) else getattr(value, "name", "not yet run")


def make(machine: Machine, box: Box | None, values: Mapping[str, Any]) -> AggregationPort:
    """A port with these inputs, whose machine stands in this box."""
    plain = {name: value for name, value in values.items() if not name.startswith("the_")}
    port = port_with(**plain)
    setattr(port, machine.attribute, box)
    port.system.selection_hold = values.get("the_hold", 0)
    port.system.settings.follows = values.get("the_follows", Follows.LINUX)
    port.ready_n = values.get("the_readiness", False)
    port.received = {
        "nothing": None,
        "a partner": said(port, "ATGSCD"),
        "a stranger": said(port, "AG", by=partner("", system=STRANGER)),
        "an individual": said(port, "AT"),
        "ourselves": said(port, "ATG", by=partner("", system=OURS)),
    }[values.get("the_pdu", "nothing")]
    port.received_marker = Marker(False, bytes(110)) if values.get("the_marker") else None
    _put_into(port, values.get("the_aggregator", "active"))
    return port


def _put_into(port: AggregationPort, aggregator: str) -> None:
    port.own.is_active = aggregator.startswith("active")
    if aggregator == "none":
        port.aggregator, port.own.ports = None, []
    if aggregator.endswith("unready port"):
        other = join(port.system, 2)
        other.aggregator = port.own
        port.own.ports.append(other)


def while_time_stands_still(machine: Machine) -> Machine:
    """The same table, whose timers do not run."""
    return Machine(
        machine.name,
        machine.source,
        machine.attribute,
        entry=machine.entry,
        arcs=machine.arcs,
        during=machine.during,
        after_pass=machine.after_pass,
    )


@pytest.mark.parametrize(("machine", "box"), STANDS_IN, ids=an_id)
def test_at_most_one_arc_is_enabled_and_a_pass_takes_it(machine, box):
    still = while_time_stands_still(machine)
    for values in INPUTS[machine].all():
        port = make(machine, box, values)
        arcs = still.enabled(port)
        assert len(arcs) <= 1, (values, arcs)
        assert still.step_once(port) == bool(arcs), values
        assert still.box_of(port) is (end_of_pass(machine, arcs[0]) if arcs else box), values


def end_of_pass(machine: Machine, arc: Arc) -> Box:
    onward = [each for each in machine.arcs if each.at_once and each.source is arc.target]
    return onward[0].target if onward else arc.target


@pytest.mark.parametrize(("machine", "box"), STANDS_IN, ids=an_id)
def test_passes_and_settling_end_in_the_same_box(machine, box):
    """BEGIN and the wish to restart are over after a pass; before that the standard settles."""
    still = while_time_stands_still(machine)
    for values in INPUTS[machine].all():
        stepped, settled = make(machine, box, values), make(machine, box, values)
        for _ in range(2 * len(machine.boxes) + 1):
            still.step_once(stepped)
            end_pass(stepped)
        still.settle(settled)
        end_pass(settled)
        still.settle(settled)
        assert machine.box_of(stepped) is machine.box_of(settled), values
        assert still.settle(settled) == 0, values


def end_pass(port: AggregationPort) -> None:
    """What several machines share ends when all have run."""
    port.begin = port.churn_restart = False


@pytest.mark.parametrize("machine", INPUTS, ids=an_id)
def test_no_arc_is_there_in_vain(machine):
    taken = {
        arc
        for box in (*machine.boxes, None)
        for values in INPUTS[machine].all()
        for arc in machine.enabled(make(machine, box, values))
    }
    assert taken == set(machine.arcs)


class Watched:
    """A port that notes which of its variables are read."""

    def __init__(self, port: AggregationPort) -> None:
        self._port = port
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> object:
        method = getattr(AggregationPort, name, None)
        if callable(method):
            return method.__get__(self)  # Its reads are noted too.
        self.read.add(name)
        return getattr(self._port, name)


@pytest.mark.parametrize("machine", INPUTS, ids=an_id)
def test_every_variable_that_a_condition_reads_is_varied_here(machine):
    read: set[str] = set()
    for values in INPUTS[machine].all():
        watched = Watched(make(machine, machine.boxes[0], values))
        for arc in machine.arcs:
            arc.condition(watched)
        read |= watched.read
    assert read == INPUTS[machine].reads


# The interpreter itself.


def a_machine(*arcs: Arc, **more: Any) -> Machine:
    boxes = (PeriodicBox.NO_PERIODIC, PeriodicBox.FAST_PERIODIC, PeriodicBox.SLOW_PERIODIC)
    entry = dict.fromkeys(boxes, ())
    return Machine("test", "none", "periodic_box", **{"entry": entry, "arcs": arcs, **more})


def test_a_table_without_rest_is_an_error():
    no, fast = PeriodicBox.NO_PERIODIC, PeriodicBox.FAST_PERIODIC
    restless = a_machine(Arc(no, fast, always), Arc(fast, no, always))
    port = port_with(periodic_box=no)
    with pytest.raises(AssertionError, match="does not come to rest"):
        restless.settle(port)


def test_two_enabled_arcs_are_told_as_two():
    no, fast, slow = PeriodicBox.NO_PERIODIC, PeriodicBox.FAST_PERIODIC, PeriodicBox.SLOW_PERIODIC
    arcs = Arc(no, fast, always), Arc(no, slow, always)
    assert a_machine(*arcs).enabled(port_with(periodic_box=no)) == arcs


def test_timers_stand_still_while_a_global_arc_holds():
    port = port_with(mux_box=MuxBox.WAITING, begin=True, wait_while=5)
    COUPLED_MUX.step_once(port)
    assert (port.mux_box, port.wait_while) == (MuxBox.DETACHED, 5)


def test_a_move_is_noted_once_and_a_box_entered_again_is_not():
    port = port_joined()
    RECEIVE.step_once(port)
    RECEIVE.step_once(port)
    noted = [
        (move.machine, move.old and move.old.name, move.new.name) for move in port.system.outbox
    ]
    begin = ("receive", None, "INITIALIZE"), ("receive", "INITIALIZE", "PORT_DISABLED")
    again = ("receive", "PORT_DISABLED", "INITIALIZE"), begin[1]
    assert noted == [*begin, *again]
