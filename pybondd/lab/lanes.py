"""How do lanes look? Panels of an SVG with time from left to right and a lane for each port."""

from collections.abc import Sequence
from dataclasses import dataclass

from pybondd.lab.canvas import PORT_TONES, Canvas
from pybondd.lab.measures import cable_of_probe
from pybondd.lab.recording import Action, Direction, Recording
from pybondd.lab.timeline import outages
from pybondd.units import MILLISECOND_NS, Duration, Instant

LEFT, RIGHT = 92, 928
LANE_HEIGHT, LANE_GAP = 30, 8
AXIS_STEPS_MS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
"""Steps that people count in."""
TICKS_MAX = 12
JOIN_SHARE = 150
"""Probes closer than this part of the panel are one bar: a narrower gap would hardly be seen, and
comes from a busy machine that lets the sender wait rather than from a cable."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a span of time onto the panel's width."""

    start_ns: Instant
    end_ns: Instant

    def x(self, moment_ns: Instant) -> float:
        """Where this moment is; held inside the panel."""
        share = (moment_ns - self.start_ns) / (self.end_ns - self.start_ns)
        return LEFT + (RIGHT - LEFT) * max(0.0, min(1.0, share))

    def holds(self, moment_ns: Instant) -> bool:
        """Whether this moment is inside."""
        return self.start_ns <= moment_ns <= self.end_ns


def lane_y(top: float, number: int) -> float:
    """The upper edge of a lane."""
    return top + number * (LANE_HEIGHT + LANE_GAP)


def lanes_height(count: int) -> float:
    """How much room this many lanes take, without their axis."""
    return count * (LANE_HEIGHT + LANE_GAP) - LANE_GAP


def draw_bands(canvas: Canvas, recording: Recording, scale: Scale, top: float) -> None:
    """The lanes themselves: a band where a port's cable is whole, a dashed line where it is cut."""
    for number, port in enumerate(recording.setup.ports):
        y = lane_y(top, number)
        canvas.text(LEFT - 12, y + 20, port, anchor="end", is_bold=True)
        canvas.rectangle(LEFT, y, width=RIGHT - LEFT, height=LANE_HEIGHT, tone="lane", round_by=4)
        for since, until in outages(recording, port):
            if since < scale.end_ns and until > scale.start_ns:
                _cut_out(canvas, (scale.x(since), scale.x(until)), y)


def draw_traffic(canvas: Canvas, recording: Recording, scale: Scale, top: float) -> None:
    """Fill each lane where its cable carried probes; probes close together become one bar."""
    join_ns = (scale.end_ns - scale.start_ns) // JOIN_SHARE
    for number, port in enumerate(recording.setup.ports):
        moments = [
            s.moment_ns
            for s in recording.sightings
            if s.cable == port and s.direction is Direction.THERE and scale.holds(s.moment_ns)
        ]
        y = lane_y(top, number)
        for first, last in _joined(moments, join_ns):
            width = max(1.5, scale.x(last) - scale.x(first))
            canvas.rectangle(
                scale.x(first), y + 4, width=width, height=LANE_HEIGHT - 8,
                tone=PORT_TONES[number % len(PORT_TONES)], round_by=2,
            )  # fmt: skip


def draw_probes(canvas: Canvas, recording: Recording, scale: Scale, top: float) -> None:
    """Every single probe as a dot in the lane of the cable that it took."""
    cables = cable_of_probe(recording)
    for probe in recording.probes:
        if not scale.holds(probe.sent_ns):
            continue
        for port in set(cables.get(probe.sequence, ())):
            number = recording.setup.ports.index(port)
            tone = "bad" if probe.is_lost else PORT_TONES[number % len(PORT_TONES)]
            hint = f"probe {probe.sequence} by {port}{', lost' if probe.is_lost else ''}"
            y = lane_y(top, number) + LANE_HEIGHT / 2
            canvas.dot(scale.x(probe.sent_ns), y, radius=4, tone=tone, hint=hint)


def draw_answers(canvas: Canvas, recording: Recording, scale: Scale, y: float) -> None:
    """A lane of what the sender saw: a stroke for an answered probe, a cross for a lost one.

    Strokes that would touch become one bar, which keeps the file small as well.
    """
    canvas.text(LEFT - 12, y + 20, "answers", anchor="end", is_bold=True)
    probes = [probe for probe in recording.probes if scale.holds(probe.sent_ns)]
    one_unit_ns = (scale.end_ns - scale.start_ns) // (RIGHT - LEFT)
    answered = [probe.sent_ns for probe in probes if not probe.is_lost]
    for first, last in _joined(answered, one_unit_ns):
        x = scale.x(first)
        width = max(1, scale.x(last) - x)
        canvas.rectangle(x, y + 8, width=width, height=LANE_HEIGHT - 16, tone="good")
    for probe in probes:
        if probe.is_lost:
            canvas.cross(scale.x(probe.sent_ns), y + LANE_HEIGHT / 2, size=4.5, tone="bad")


def draw_marks(canvas: Canvas, recording: Recording, scale: Scale, edges: Sequence[float]) -> None:
    """A line through the panel, from edge to edge, where a cable was cut or repaired."""
    top, bottom = edges
    for incident in recording.incidents:
        if not scale.holds(incident.moment_ns):
            continue
        x = scale.x(incident.moment_ns)
        is_cut = incident.action is Action.CUT
        tone = "bad" if is_cut else "good"
        canvas.line((x, top - 6), (x, bottom), tone=tone, width=1.5, dashes="4 3")
        word = f"{incident.cable} {'cut' if is_cut else 'repaired'}"
        canvas.text(x, top - 11, word, size=12, tone=tone, anchor="middle", is_bold=True)


def draw_axis(
    canvas: Canvas, scale: Scale, y: float, *, origin_ns: Instant, is_relative: bool = False
) -> None:
    """A time axis in milliseconds from `origin_ns`; with a plus sign where it is relative."""
    step_ns = _step_ns(scale.end_ns - scale.start_ns)
    first = -(-(scale.start_ns - origin_ns) // step_ns)
    last = (scale.end_ns - origin_ns) // step_ns
    canvas.line((LEFT, y), (RIGHT, y), tone="rule")
    for number in range(first, last + 1):
        x = scale.x(origin_ns + number * step_ns)
        value = number * step_ns / MILLISECOND_NS
        words = f"{value:+g}" if is_relative and number else f"{value:g}"
        canvas.line((x, y), (x, y + 5), tone="rule")
        canvas.text(x, y + 18, words, size=11, tone="quiet", anchor="middle")
    canvas.text(LEFT - 36, y + 18, "ms", size=11, tone="quiet", anchor="end")


def _cut_out(canvas: Canvas, span: tuple[float, float], y: float) -> None:
    canvas.rectangle(span[0], y, width=span[1] - span[0], height=LANE_HEIGHT, tone="warm")
    middle = y + LANE_HEIGHT / 2
    canvas.line((span[0], middle), (span[1], middle), tone="bad", width=1, dashes="2 4")


def _joined(moments: Sequence[Instant], join_ns: Duration) -> list[tuple[Instant, Instant]]:
    spans: list[tuple[Instant, Instant]] = []
    for moment_ns in moments:
        if spans and moment_ns - spans[-1][1] <= join_ns:
            spans[-1] = (spans[-1][0], moment_ns)
        else:
            spans.append((moment_ns, moment_ns))
    return spans


def _step_ns(length_ns: Duration) -> Duration:
    for step_ms in AXIS_STEPS_MS:
        step_ns = round(step_ms * MILLISECOND_NS)
        if length_ns / step_ns <= TICKS_MAX:
            return step_ns
    return length_ns
