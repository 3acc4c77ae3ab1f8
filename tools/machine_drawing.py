"""Draws a state table as the standard does: boxes, what is done on entry, arcs with conditions.

The boxes stand one below the other in the table's order. An arc to the next box goes straight
down; any other leaves by the side, right if it leads down and left if it leads up. Its condition
stands where it leaves. An arc that starts nowhere holds in every box.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pybondd.lab.canvas import Canvas
from pybondd.lacp.boxes import Box
from pybondd.lacp.machine import Action, Arc, Machine, Unless

MARGIN, HEADER, GAP, LANE, SLOT, LINE = 24, 74, 46, 16, 22, 17
DOWN = 30
"""How far from a box's left edge an arc goes straight down."""
NAME_SIZE, TEXT_SIZE = 14, 12
INDENT = "    "
CHARACTER, CAPITAL = 0.6, 0.75
"""Width of a character in its own size: a little more than the fonts of most viewers need."""
DIFFERS, ORDINARY = "port2", "ink"


@dataclass
class Placed:
    """A box on the paper, and the next free places for arcs at its sides."""

    box: Box
    lines: list[str]
    top: float = 0
    height: float = 0
    used: dict[str, int] = field(default_factory=lambda: {"left": 0, "right": 0})

    def next_y(self, side: str) -> float:
        """Where the next arc leaves or arrives at this side."""
        self.used[side] += 1
        return self.top + self.used[side] * SLOT


def name_of(action: Action) -> str:
    return getattr(action, "__name__", type(action).__name__)


def lines_of(actions: tuple[Action, ...]) -> Iterator[str]:
    """One line for each action; those that a condition leaves out are set in."""
    for action in actions:
        if isinstance(action, Unless):
            yield f"unless {name_of(action.condition)}:"
            yield from (INDENT + name_of(each) for each in action.actions)
        else:
            yield name_of(action)


def label_of(arc: Arc) -> str:
    name = "UCT" if arc.condition.__name__ == "always" else arc.condition.__name__
    return f"{name}, at once" if arc.at_once else name


class Drawing:
    """One machine on its paper."""

    def __init__(self, machine: Machine, *, title: str) -> None:
        self.machine = machine
        self.title = title
        self.remarks = list(dict.fromkeys(arc.linux for arc in machine.arcs if arc.linux))
        self.places = {box: Placed(box, self._lines(box)) for box in machine.boxes}
        self.sides = {arc: self._side(arc) for arc in machine.arcs}
        self.lanes = self._in_lanes()
        self._measure()
        height = self.bottom + LINE * len(self.remarks) + MARGIN
        self.canvas = Canvas(int(self.width), int(height), title=title, description=machine.source)

    def _lines(self, box: Box) -> list[str]:
        stays = list(lines_of(self.machine.during[box]))
        during = ["while it stays:", *(INDENT + line for line in stays)] if stays else []
        return [*lines_of(self.machine.entry[box]), *during]

    def _side(self, arc: Arc) -> str:
        if arc.source is None:
            return "left"
        order = self.machine.boxes.index
        step = order(arc.target) - order(arc.source)
        straight = [
            a for a in self.machine.arcs if (a.source, a.target) == (arc.source, arc.target)
        ]
        if step == 1 and straight[0] == arc:
            return "down"
        return "right" if step >= 0 else "left"

    # Where everything goes.

    def _measure(self) -> None:
        widths = [len(box.name) * NAME_SIZE * CAPITAL for box in self.places]
        widths += [
            len(line) * TEXT_SIZE * CHARACTER
            for place in self.places.values()
            for line in place.lines
        ]
        self.box_width = max(widths) + 24
        room = {side: self._room(side) for side in ("left", "right")}
        self.left = MARGIN + room["left"]
        self.right = self.left + self.box_width
        titles = max(len(self.title) * 20, len(self.machine.source) * 13) * CHARACTER
        notes = max((len(self._note(n)) for n in range(len(self.remarks))), default=0)
        wide = max(titles, notes * TEXT_SIZE * CHARACTER) + 2 * MARGIN
        down = self.left + DOWN + self._label_room("down")
        self.width = max(self.right + room["right"], down, wide) + MARGIN
        self._stack()

    def _room(self, side: str) -> float:
        arcs = [arc for arc in self.machine.arcs if self.sides[arc] == side]
        lanes = [self.lanes[arc] for arc in arcs if arc.source]
        return self._label_room(side) + LANE * (max(lanes, default=0) + 1) if arcs else LANE

    def _label_room(self, side: str) -> float:
        labels = [self._label(arc) for arc in self.machine.arcs if self.sides[arc] == side]
        return max((len(label) for label in labels), default=0) * TEXT_SIZE * CHARACTER + 20

    def _stack(self) -> None:
        top: float = HEADER
        for place in self.places.values():
            ends = {"left": 0, "right": 0, "down": 0}
            for arc, side in self.sides.items():
                ends[side] += (arc.source is place.box) + (arc.target is place.box)
            content = 30 + LINE * len(place.lines)
            place.top = top
            place.height = max(content, (max(ends["left"], ends["right"]) + 0.6) * SLOT)
            top += place.height + GAP
        self.bottom = top - GAP + MARGIN

    def _label(self, arc: Arc) -> str:
        mark = f" [{self.remarks.index(arc.linux) + 1}]" if arc.linux else ""
        return label_of(arc) + mark

    def _note(self, number: int) -> str:
        return f"[{number + 1}] Linux differs: {self.remarks[number]}"

    # The drawing.

    def render(self) -> str:
        """The text of an SVG file."""
        self.canvas.text(MARGIN, 36, self.title, size=20, is_bold=True)
        self.canvas.text(MARGIN, 56, self.machine.source, size=13, tone="quiet")
        for place in self.places.values():
            self._draw_box(place)
        for arc in sorted(self.machine.arcs, key=self._length):
            self._draw_arc(arc)
        for number in range(len(self.remarks)):
            y = self.bottom + LINE * (number + 0.6)
            self.canvas.text(MARGIN, y, self._note(number), size=TEXT_SIZE, tone=DIFFERS)
        return self.canvas.render()

    def _span(self, arc: Arc) -> range:
        """The boxes beside which an arc runs, its ends included."""
        order = self.machine.boxes.index
        ends = [order(box) for box in (arc.source, arc.target) if box]
        return range(min(ends), max(ends) + 1)

    def _length(self, arc: Arc) -> int:
        return len(self._span(arc)) if arc.source else 0

    def _in_lanes(self) -> dict[Arc, int]:
        """Short arcs near the boxes; two share a lane if no box lies beside both."""
        lanes: dict[Arc, int] = {}
        for arc in sorted(self.machine.arcs, key=self._length):
            beside = [
                lane
                for other, lane in lanes.items()
                if self.sides[other] == self.sides[arc]
                and set(self._span(other)) & set(self._span(arc))
            ]
            lanes[arc] = next(lane for lane in range(1, 99) if lane not in beside)
        return lanes

    def _draw_box(self, place: Placed) -> None:
        frame = {"width": self.box_width, "height": place.height}
        self.canvas.rectangle(
            self.left - 1, place.top - 1, tone="quiet", round_by=6,
            width=self.box_width + 2, height=place.height + 2,
        )  # fmt: skip
        self.canvas.rectangle(self.left, place.top, tone="lane", round_by=5, **frame)
        x = self.left + 12
        self.canvas.text(x, place.top + 19, place.box.name, size=NAME_SIZE, is_bold=True)
        for number, line in enumerate(place.lines):
            y = place.top + 38 + LINE * number
            tone = "quiet" if line.endswith(":") else "ink"
            inset = CHARACTER * TEXT_SIZE * (len(line) - len(line.lstrip()))
            self.canvas.text(x + inset, y, line.lstrip(), size=TEXT_SIZE, tone=tone)

    def _draw_arc(self, arc: Arc) -> None:
        side, tone = self.sides[arc], DIFFERS if arc.linux else ORDINARY
        target = self.places[arc.target]
        if arc.source is None:
            self._draw_global(arc, target, tone)
        elif side == "down":
            self._draw_straight(arc, self.places[arc.source], target, tone)
        else:
            self._draw_by_the_side(arc, target, tone)

    def _draw_global(self, arc: Arc, target: Placed, tone: str) -> None:
        y = target.next_y("left")
        start = self.left - len(self._label(arc)) * TEXT_SIZE * CHARACTER - 2 * MARGIN
        self.canvas.dot(start, y, radius=3, tone=tone)
        self.canvas.line((start, y), (self.left, y), tone=tone)
        self._arrow(self.left, y, (1, 0), tone)
        self._write(arc, self.left - 12, y - 4, "end", tone)

    def _draw_straight(self, arc: Arc, source: Placed, target: Placed, tone: str) -> None:
        x = self.left + DOWN
        self.canvas.line((x, source.top + source.height), (x, target.top), tone=tone)
        self._arrow(x, target.top, (0, 1), tone)
        self._write(arc, x + 10, target.top - GAP / 2 + 4, "start", tone)

    def _draw_by_the_side(self, arc: Arc, target: Placed, tone: str) -> None:
        assert arc.source is not None
        side, source = self.sides[arc], self.places[arc.source]
        away = 1 if side == "right" else -1
        edge = self.right if side == "right" else self.left
        lane_x = edge + away * (self._label_room(side) + LANE * self.lanes[arc])
        leaves, arrives = source.next_y(side), target.next_y(side)
        self.canvas.line((edge, leaves), (lane_x, leaves), tone=tone)
        self.canvas.line((lane_x, leaves), (lane_x, arrives), tone=tone)
        self.canvas.line((lane_x, arrives), (edge, arrives), tone=tone)
        self._arrow(edge, arrives, (-away, 0), tone)
        anchor = "start" if side == "right" else "end"
        self._write(arc, edge + away * 10, leaves - 4, anchor, tone)

    def _write(self, arc: Arc, x: float, y: float, anchor: str, tone: str) -> None:
        self.canvas.text(x, y, self._label(arc), size=TEXT_SIZE, tone=tone, anchor=anchor)

    def _arrow(self, x: float, y: float, heading: tuple[int, int], tone: str) -> None:
        along, across = heading
        for sign in (1, -1):
            back = (x - 8 * along - sign * 4 * across, y - 8 * across - sign * 4 * along)
            self.canvas.line((x, y), back, tone=tone, width=1.5)


def draw_machine(machine: Machine, *, title: str) -> str:
    """The picture of this table, as the text of an SVG file."""
    return Drawing(machine, title=title).render()
