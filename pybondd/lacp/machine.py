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


def nothing(port: AggregationPort) -> None:
    """Some machines have nothing to do between their arcs."""


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
    box that it does not leave. `after_pass` forgets what was true for one pass only: a frame that
    came, a timer that ran out.
    """

    def __init__(
        self,
        name: str,
        source: str,
        attribute: str,
        *,
        entry: Mapping[Box, tuple[Action, ...]],
        arcs: tuple[Arc, ...],
        every_pass: Action = nothing,
        during: Mapping[Box, tuple[Action, ...]] | None = None,
        after_pass: Action = nothing,
    ) -> None:
        self.name = name
        self.source = source
        self.attribute = attribute
        self.entry = entry
        self.arcs = arcs
        self.every_pass = every_pass
        self.after_pass = after_pass
        self.boxes = tuple(entry)
        self.during = {box: (during or {}).get(box, ()) for box in entry}
        self.global_arcs = tuple(arc for arc in arcs if arc.source is None)
        self.arcs_from = {box: tuple(arc for arc in arcs if arc.source is box) for box in entry}
        self._passes_on = {arc.source: arc for arc in arcs if arc.at_once}

    def box_of(self, port: AggregationPort) -> Box | None:
        """The box that this port's machine stands in; None before it was run for the first time."""
        box: Box | None = getattr(port, self.attribute)
        return box

    def step_once(self, port: AggregationPort) -> bool:
        """One pass, as Linux makes every 100 ms: at most one arc. Was one taken?"""
        is_taken = self._step(port)
        self.after_pass(port)
        return is_taken

    def _step(self, port: AggregationPort) -> bool:
        box = self.box_of(port)
        for arc in self.global_arcs:
            if arc.condition(port):
                if arc.target is box and not arc.again:
                    return False
                self._enter_and_pass_on(port, arc.target)
                return True
        self.every_pass(port)
        if box is None:
            return False
        for arc in self.arcs_from[box]:
            if arc.condition(port):
                self._enter_and_pass_on(port, arc.target)
                return True
        for action in self.during[box]:
            action(port)
        return False

    def settle(self, port: AggregationPort) -> int:
        """As the standard: take arcs until none is enabled. No time passes. How many were taken?

        What was true for a moment is so for the first arc only, and an arc back into its own box
        answers such a moment. A machine that has not rested after twice its number of boxes never
        will: that is an error in its table.
        """
        taken = self._take_one(port)
        self.after_pass(port)
        while self._take_one(port, may_repeat=False):
            taken += 1
            assert taken <= 2 * len(self.boxes), f"{self.name} does not come to rest"
        return taken

    def enabled(self, port: AggregationPort) -> tuple[Arc, ...]:
        """The arcs that the standard could take now. A table is right if there is at most one."""
        box = self.box_of(port)
        held = tuple(arc for arc in self.global_arcs if arc.condition(port))
        if held:
            return tuple(arc for arc in held if arc.target is not box or arc.again)
        return tuple(arc for arc in self.arcs_from[box] if arc.condition(port)) if box else ()

    def _take_one(self, port: AggregationPort, *, may_repeat: bool = True) -> int:
        box = self.box_of(port)
        arcs = [arc for arc in self.enabled(port) if may_repeat or arc.target is not box]
        if arcs:
            self._enter(port, arcs[0].target)
        return len(arcs[:1])

    def _enter_and_pass_on(self, port: AggregationPort, box: Box) -> None:
        self._enter(port, box)
        if box in self._passes_on:
            self._enter_and_pass_on(port, self._passes_on[box].target)

    def _enter(self, port: AggregationPort, box: Box) -> None:
        old = self.box_of(port)
        setattr(port, self.attribute, box)
        for action in self.entry[box]:
            action(port)
        if old is not box:
            port.system.note_move(port, self.name, old, box)
