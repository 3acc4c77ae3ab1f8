"""The SVG of the labs that share load: shares, order of arrival, and which flow goes where."""

from collections.abc import Sequence
from dataclasses import dataclass

from pybondd.lab.canvas import PORT_TONES, Canvas
from pybondd.lab.lanes import LANE_HEIGHT, LEFT, RIGHT, Scale, draw_bands, lane_y, lanes_height
from pybondd.lab.measures import cable_of_probe, overtaken
from pybondd.lab.recording import Recording

WIDTH = 960
HEADER_HEIGHT = 104
BAR_HEIGHT, BAR_GAP = 24, 10
SAMPLE_COUNT = 40
"""Single probes shown: forty fill the width with dots that do not touch."""


@dataclass(frozen=True, slots=True)
class FlowFate:
    """One flow: its name, the port that the hash foretells, and the cables it was seen on."""

    name: str
    predicted: str
    seen: tuple[str, ...]

    @property
    def is_as_predicted(self) -> bool:
        """It took the foretold port and no other."""
        return self.seen == (self.predicted,)


def draw_sharing(
    recording: Recording,
    *,
    headline: str,
    subtitle: str,
    shares: Sequence[tuple[str, int]],
    histogram: Sequence[tuple[str, int]],
    histogram_title: str,
) -> str:
    """Single probes on their lanes, the share of each cable, and a histogram."""
    lanes = lanes_height(len(recording.setup.ports))
    bars = (BAR_HEIGHT + BAR_GAP) * max(len(shares), len(histogram))
    canvas = Canvas(
        WIDTH, int(HEADER_HEIGHT + lanes + bars + 130), title=headline, description=subtitle
    )
    _header(canvas, headline, subtitle)
    _sample(canvas, recording, HEADER_HEIGHT)
    top = HEADER_HEIGHT + lanes + 82
    canvas.text(32, top, "Probes by each cable", size=14, is_bold=True)
    tones = [PORT_TONES[n % len(PORT_TONES)] for n in range(len(shares))]
    _bars(canvas, shares, tones, (LEFT, 360), top + 14)
    canvas.text(500, top, histogram_title, size=14, is_bold=True)
    _bars(canvas, histogram, ["port3"] * len(histogram), (524, RIGHT - 100), top + 14)
    return canvas.render()


def draw_flows(
    ports: Sequence[str], fates: Sequence[FlowFate], *, headline: str, subtitle: str
) -> str:
    """Each flow as a line to the port that carried it."""
    row_height = 30
    height = HEADER_HEIGHT + row_height * len(fates) + 70
    canvas = Canvas(WIDTH, height, title=headline, description=subtitle)
    _header(canvas, headline, subtitle)
    area = row_height * len(fates)
    centres = {
        port: HEADER_HEIGHT + 20 + area * (number + 0.5) / len(ports)
        for number, port in enumerate(ports)
    }
    canvas.text(32, HEADER_HEIGHT, "Flow", size=14, is_bold=True)
    canvas.text(640, HEADER_HEIGHT, "Port, and what the formula foretold", size=14, is_bold=True)
    for row, fate in enumerate(fates):
        _flow(canvas, fate, ports, centres, HEADER_HEIGHT + 34 + row * row_height)
    for number, port in enumerate(ports):
        _port_box(canvas, port, PORT_TONES[number % len(PORT_TONES)], fates, centres[port])
    return canvas.render()


def _header(canvas: Canvas, headline: str, subtitle: str) -> None:
    canvas.text(32, 44, headline, size=23, is_bold=True)
    canvas.text(32, 70, subtitle, size=14, tone="quiet")


def _sample(canvas: Canvas, recording: Recording, top: float) -> None:
    """Consecutive probes by their number, from the middle of the run, when all has settled."""
    first = len(recording.probes) // 2
    scale = Scale(first - 1, first + SAMPLE_COUNT)
    canvas.text(
        32, top, f"{SAMPLE_COUNT} probes in the order of sending: which cable each one took",
        size=14, is_bold=True,
    )  # fmt: skip
    lanes = top + 16
    draw_bands(canvas, recording, scale, lanes)
    cables, late = cable_of_probe(recording), overtaken(recording.arrivals)
    for sequence in range(first, first + SAMPLE_COUNT):
        for port in cables.get(sequence, ()):
            number = recording.setup.ports.index(port)
            place = (scale.x(sequence), lane_y(lanes, number) + LANE_HEIGHT / 2)
            canvas.dot(*place, radius=6, tone=PORT_TONES[number % len(PORT_TONES)])
            if sequence in late:
                canvas.cross(*place, size=8, tone="bad")
    bottom = lanes + lanes_height(len(recording.setup.ports)) + 20
    canvas.text(RIGHT, bottom, "crossed out: a later probe arrived before it", size=12,
                tone="quiet", anchor="end")  # fmt: skip


def _bars(
    canvas: Canvas,
    rows: Sequence[tuple[str, int]],
    tones: Sequence[str],
    span: tuple[float, float],
    top: float,
) -> None:
    most = max((count for _, count in rows), default=0) or 1
    total = sum(count for _, count in rows) or 1
    for number, (label, count) in enumerate(rows):
        y = top + number * (BAR_HEIGHT + BAR_GAP)
        length = (span[1] - span[0]) * count / most
        canvas.text(span[0] - 12, y + 17, label, anchor="end", is_bold=True)
        canvas.rectangle(
            span[0], y, width=max(length, 1.5), height=BAR_HEIGHT, tone=tones[number], round_by=3
        )
        words = f"{count}  ({count / total:.1%})"
        canvas.text(span[0] + length + 8, y + 17, words, size=12, tone="quiet")


def _flow(
    canvas: Canvas, fate: FlowFate, ports: Sequence[str], centres: dict[str, float], y: float
) -> None:
    canvas.text(32, y + 4, fate.name, size=12.5)
    for port in fate.seen:
        tone = PORT_TONES[ports.index(port) % len(PORT_TONES)]
        canvas.curve((290, y), (640, centres[port]), tone=tone, width=2)
    tone = "good" if fate.is_as_predicted else "bad"
    canvas.dot(290, y, radius=4, tone=tone, hint=f"foretold: {fate.predicted}")


def _port_box(canvas: Canvas, port: str, tone: str, fates: Sequence[FlowFate], y: float) -> None:
    mine = [fate for fate in fates if port in fate.seen]
    right = sum(fate.is_as_predicted for fate in mine)
    canvas.rectangle(640, y - 24, width=96, height=48, tone=tone, round_by=8)
    canvas.text(688, y + 5, port, size=15, tone="paper", anchor="middle", is_bold=True)
    words = f"{len(mine)} flows, {right} as foretold"
    canvas.text(752, y + 5, words, size=13, tone="ink")
