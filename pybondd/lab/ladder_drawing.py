"""The SVG of ladders: one beside the other, each row one thing that was said or that happened."""

from collections.abc import Sequence

from pybondd.lab.canvas import Canvas
from pybondd.lab.ladder import Done, Moved, Rung, Said
from pybondd.lab.ladder_text import LEGEND, said_text
from pybondd.lab.recording import Action, Direction
from pybondd.units import SECOND_NS, Instant

LADDER_WIDTH, MARGIN, TIME_WIDTH = 460, 32, 62
HEADER_HEIGHT, ROW_HEIGHT, FOOT_HEIGHT = 128, 24, 76
ROWS_MAX = 60
"""A ladder longer than this is cut off, with a line that says so."""


def draw_ladders(
    ladders: Sequence[tuple[str, Sequence[Rung]]],
    *,
    headline: str,
    subtitle: str,
    origin_ns: Instant,
) -> str:
    """The picture as the text of an SVG file; each ladder is its title and its rungs."""
    rows = min(ROWS_MAX, max(len(rungs) for _, rungs in ladders))
    width = 2 * MARGIN + LADDER_WIDTH * len(ladders) + MARGIN * (len(ladders) - 1)
    height = HEADER_HEIGHT + ROW_HEIGHT * (rows + 1) + FOOT_HEIGHT
    canvas = Canvas(width, height, title=headline, description=subtitle)
    canvas.text(MARGIN, 44, headline, size=23, is_bold=True)
    canvas.text(MARGIN, 70, subtitle, size=14, tone="quiet")
    for number, (title, rungs) in enumerate(ladders):
        left = MARGIN + number * (LADDER_WIDTH + MARGIN)
        _ladder(canvas, title, rungs, left, origin_ns)
    for number, line in enumerate(LEGEND):
        canvas.text(MARGIN, height - 52 + 16 * number, line, size=12, tone="quiet")
    return canvas.render()


def _ladder(
    canvas: Canvas, title: str, rungs: Sequence[Rung], left: float, origin_ns: Instant
) -> None:
    here, far = left + TIME_WIDTH, left + LADDER_WIDTH
    shown = rungs[:ROWS_MAX]
    bottom = HEADER_HEIGHT + ROW_HEIGHT * len(shown)
    canvas.text((here + far) / 2, HEADER_HEIGHT - 32, title, anchor="middle", is_bold=True)
    for x, name in ((here, "here"), (far, "far")):
        canvas.text(x, HEADER_HEIGHT - 12, name, size=12, tone="quiet", anchor="middle")
        canvas.line((x, HEADER_HEIGHT - 6), (x, bottom), tone="rule", width=2)
    for row, rung in enumerate(shown):
        y = HEADER_HEIGHT + ROW_HEIGHT * (row + 0.6)
        seconds = (rung.moment_ns - origin_ns) / SECOND_NS
        canvas.text(here - 12, y + 4, f"{seconds:.2f} s", size=11, tone="quiet", anchor="end")
        _draw_rung(canvas, rung, (here, far), y)
    if len(rungs) > ROWS_MAX:
        canvas.text(here + 8, bottom + 16, f"… {len(rungs) - ROWS_MAX} more", size=12, tone="quiet")


def _draw_rung(canvas: Canvas, rung: Rung, lines: tuple[float, float], y: float) -> None:
    match rung:
        case Said():
            _draw_said(canvas, rung, lines, y)
        case Moved():
            _draw_move(canvas, rung, lines, y)
        case Done():
            _draw_deed(canvas, rung, lines, y)


def _draw_said(canvas: Canvas, said: Said, lines: tuple[float, float], y: float) -> None:
    goes_there = said.direction is Direction.THERE
    start, end = lines if goes_there else lines[::-1]
    tone = "bad" if said.means_another else "port0" if goes_there else "port1"
    canvas.line((start, y), (end, y), tone=tone, width=1.5)
    canvas.head((end, y), points_right=goes_there, tone=tone)
    middle = (lines[0] + lines[1]) / 2
    canvas.text(middle, y - 4, said_text(said), size=11, tone=tone, anchor="middle")


def _draw_move(canvas: Canvas, moved: Moved, lines: tuple[float, float], y: float) -> None:
    is_ours = moved.speaker is Direction.THERE
    x = lines[0] if is_ours else lines[1]
    canvas.dot(x, y, radius=4, tone="ink")
    canvas.text(
        x + (10 if is_ours else -10), y + 4, moved.text, size=11,
        anchor="start" if is_ours else "end",
    )  # fmt: skip


def _draw_deed(canvas: Canvas, done: Done, lines: tuple[float, float], y: float) -> None:
    is_cut = done.action is Action.CUT
    tone = "bad" if is_cut else "good"
    canvas.line((lines[0], y), (lines[1], y), tone=tone, width=1.5, dashes="4 3")
    word = "the cable is cut" if is_cut else "the cable is repaired"
    canvas.text((lines[0] + lines[1]) / 2, y - 4, word, size=12, tone=tone, anchor="middle")
