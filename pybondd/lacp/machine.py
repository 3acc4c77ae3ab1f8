"""How is a state table run? An arc at a time as Linux does, or until it rests as the standard does.

A machine is data: boxes, what is done on entry, and arcs with conditions. IEEE Std 802.1AX-2014
6.4.3 gives the reading: an arc that starts nowhere ("global") is looked at first, in every box.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pybondd.lacp.boxes import Box
from pybondd.lacp.port import AggregationPort

Condition: TypeAlias = Callable[[AggregationPort], bool]
Action: TypeAlias = Callable[[AggregationPort], None]


def always(port: AggregationPort) -> bool:
    """The standard's UCT: an arc without a condition."""
    return True


@dataclass(frozen=True, slots=True)
class Arc:
    """One way from a box to another.

    `source` None stands for every box. A global arc to the box that a port is in already is not
    taken, unless `again`. `at_once`: a pass that enters `source` goes on along this arc. `linux`
    says where Linux's arc is not the standard's.
    """

    source: Box | None
    target: Box
    condition: Condition
    again: bool = False
    at_once: bool = False
    linux: str = ""


@dataclass(frozen=True, slots=True)
class Unless:
    """Entry actions that are left out when the condition holds."""

    condition: Condition
    actions: tuple[Action, ...]

    def __call__(self, port: AggregationPort) -> None:
        """Do them all, or none."""
        if not self.condition(port):
            for action in self.actions:
                action(port)


class Machine:
    """One state table.

    `attribute` names the field of AggregationPort that holds the box. `every_pass` lets its timers
    run; it is not called while a global arc's condition holds. `during` is what a pass does in a
    box that it does not leave.
    """

    def __init__(
        self,
        name: str,
        source: str,
        attribute: str,
        *,
        entry: Mapping[Box, tuple[Action, ...]],
        arcs: tuple[Arc, ...],
        every_pass: Action | None = None,
        during: Mapping[Box, tuple[Action, ...]] | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self.attribute = attribute
        self.entry = entry
        self.arcs = arcs
        self.every_pass = every_pass
        self.during = during or {}
        self.boxes = tuple(entry)
        self.global_arcs = tuple(arc for arc in arcs if arc.source is None)
        self.arcs_from = {
            box: tuple(arc for arc in arcs if arc.source is box) for box in self.boxes
        }
        self._passes_on = {arc.source: arc for arc in arcs if arc.at_once}

    def box_of(self, port: AggregationPort) -> Box | None:
        """The box that this port's machine stands in; None before it was run for the first time."""
        box: Box | None = getattr(port, self.attribute)
        return box

    def step_once(self, port: AggregationPort) -> bool:
        """One pass, as Linux makes every 100 ms: at most one arc. Was one taken?"""
        box = self.box_of(port)
        for arc in self.global_arcs:
            if arc.condition(port):
                if arc.target is box and not arc.again:
                    return False
                self._enter(port, arc.target)
                return True
        if self.every_pass:
            self.every_pass(port)
        return self._take_local_arc(port, box)

    def settle(self, port: AggregationPort) -> int:
        """As the standard: take arcs until none is enabled. No time passes. How many were taken?

        Timers stand still, and a machine that has not rested after twice its number of boxes never
        will: that is an error in its table.
        """
        for taken in range(2 * len(self.boxes) + 1):
            if not self._settle_once(port):
                return taken
        raise AssertionError(f"{self.name} does not come to rest")

    def enabled(self, port: AggregationPort) -> tuple[Arc, ...]:
        """The arcs that the standard could take now. A table is right if there is at most one."""
        box = self.box_of(port)
        held = tuple(arc for arc in self.global_arcs if arc.condition(port))
        if held:
            return tuple(arc for arc in held if arc.target is not box or arc.again)
        return tuple(arc for arc in self._local_arcs(box) if arc.condition(port))

    def _settle_once(self, port: AggregationPort) -> bool:
        arcs = self.enabled(port)
        if arcs:
            self._enter(port, arcs[0].target)
        return bool(arcs)

    def _take_local_arc(self, port: AggregationPort, box: Box | None) -> bool:
        for arc in self._local_arcs(box):
            if arc.condition(port):
                self._enter(port, arc.target)
                return True
        for action in self.during.get(box, ()) if box else ():
            action(port)
        return False

    def _local_arcs(self, box: Box | None) -> tuple[Arc, ...]:
        return self.arcs_from[box] if box else ()

    def _enter(self, port: AggregationPort, box: Box) -> None:
        old = self.box_of(port)
        setattr(port, self.attribute, box)
        for action in self.entry[box]:
            action(port)
        if old is not box:
            port.system.note_move(port, self.name, old, box)
        if box in self._passes_on:
            self._enter(port, self._passes_on[box].target)
