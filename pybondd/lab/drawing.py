"""The SVG of a lab that is told over time: the whole run, and the moment of the cut, magnified."""

from pybondd.lab.canvas import Canvas
from pybondd.lab.lanes import (
    LANE_GAP,
    LANE_HEIGHT,
    LEFT,
    Scale,
    draw_answers,
    draw_axis,
    draw_bands,
    draw_marks,
    draw_probes,
    draw_traffic,
    lane_y,
    lanes_height,
)
from pybondd.lab.measures import outage_ns
from pybondd.lab.recording import Action, BondWord, Recording
from pybondd.units import MILLISECOND_NS, Duration, Instant

WIDTH = 960
HEADER_HEIGHT, PANEL_TITLE, AXIS_HEIGHT, WORD_HEIGHT = 104, 34, 34, 21
ZOOM_MIN_NS: Duration = 8 * MILLISECOND_NS
ZOOM_MAX_NS: Duration = 400 * MILLISECOND_NS
WORDS_MAX = 8
"""Lines of the bond's log below the picture: a failover says four or five."""
WORD_LENGTH_MAX = 110
BADGE_RADIUS = 8
LOG_ROW_HEIGHT = 36


def draw_story(recording: Recording, *, headline: str, subtitle: str) -> str:
    """The picture of a run in which a cable was cut, as the text of an SVG file."""
    rows = len(recording.setup.ports) + 1
    panel = PANEL_TITLE + lanes_height(rows) + AXIS_HEIGHT + 30
    magnified = panel + LOG_ROW_HEIGHT - LANE_GAP
    words = _told(recording)
    height = HEADER_HEIGHT + panel + magnified + WORD_HEIGHT * (len(words) + 1) + 16
    canvas = Canvas(WIDTH, int(height), title=headline, description=_description(recording))
    canvas.text(32, 44, headline, size=23, is_bold=True)
    canvas.text(32, 70, subtitle, size=14, tone="quiet")
    _whole_run(canvas, recording, HEADER_HEIGHT)
    cut_ns = recording.moment_of(Action.CUT)
    if cut_ns is not None:
        _magnified(canvas, recording, cut_ns, words, HEADER_HEIGHT + panel)
        _list_words(canvas, words, cut_ns, HEADER_HEIGHT + panel + magnified)
    return canvas.render()


def zoom_around(recording: Recording, cut_ns: Instant) -> Scale:
    """The span worth magnifying: until the bond has spoken and answers come, and some more."""
    first_word_ns = next((word.moment_ns for word in recording.words_after(cut_ns)), cut_ns)
    worth = max(2 * outage_ns(recording.probes), first_word_ns - cut_ns)
    reach = max(ZOOM_MIN_NS, min(ZOOM_MAX_NS, worth))
    return Scale(cut_ns - reach // 2, cut_ns + reach + reach // 2)


def _whole_run(canvas: Canvas, recording: Recording, top: float) -> None:
    scale = Scale(recording.started_ns, recording.ended_ns)
    count = len(recording.setup.ports)
    lanes = top + PANEL_TITLE
    bottom = lanes + lanes_height(count + 1)
    canvas.text(32, top, "The whole run: which cable carried the probes", size=14, is_bold=True)
    draw_bands(canvas, recording, scale, lanes)
    draw_traffic(canvas, recording, scale, lanes)
    draw_answers(canvas, recording, scale, lane_y(lanes, count))
    draw_marks(canvas, recording, scale, (lanes, bottom))
    draw_axis(canvas, scale, bottom + LANE_GAP, origin_ns=recording.started_ns)


def _magnified(
    canvas: Canvas, recording: Recording, cut_ns: Instant, words: list[BondWord], top: float
) -> None:
    scale = zoom_around(recording, cut_ns)
    count = len(recording.setup.ports)
    lanes = top + PANEL_TITLE
    bottom = lanes + lanes_height(count + 1)
    canvas.text(
        32,
        top,
        "The moment of the cut, magnified: every dot is one probe, at the time it was sent",
        size=14,
        is_bold=True,
    )
    draw_bands(canvas, recording, scale, lanes)
    _shade_silence(canvas, recording, scale, lane_y(lanes, count))
    draw_probes(canvas, recording, scale, lanes)
    draw_answers(canvas, recording, scale, lane_y(lanes, count))
    draw_marks(canvas, recording, scale, (lanes, bottom))
    _log_row(canvas, words, scale, bottom + LANE_GAP)
    draw_axis(canvas, scale, bottom + LOG_ROW_HEIGHT, origin_ns=cut_ns, is_relative=True)


def _shade_silence(canvas: Canvas, recording: Recording, scale: Scale, y: float) -> None:
    """Colour the time in which probes were lost, from the first lost to the next answered one."""
    lost = [p.sent_ns for p in recording.probes if p.is_lost and scale.holds(p.sent_ns)]
    if lost:
        first, last = scale.x(lost[0]), scale.x(lost[-1] + recording.setup.interval_ns)
        canvas.rectangle(first, y, width=last - first, height=LANE_HEIGHT, tone="warm", round_by=3)


def _log_row(canvas: Canvas, words: list[BondWord], scale: Scale, y: float) -> None:
    """A row with the number of each line of the log, at its time; close ones stand side by side."""
    canvas.text(LEFT - 12, y + 14, "bond says", anchor="end", is_bold=True)
    free_from = 0.0
    for number, word in enumerate(words, 1):
        if not scale.holds(word.moment_ns):
            continue
        x = scale.x(word.moment_ns)
        place = max(x, free_from)
        canvas.line((x, y - LANE_GAP), (place, y + 9), tone="quiet")
        _badge(canvas, place, y + 9, number)
        free_from = place + 2 * BADGE_RADIUS + 2


def _badge(canvas: Canvas, x: float, y: float, number: int) -> None:
    canvas.dot(x, y, radius=BADGE_RADIUS, tone="ink")
    canvas.text(x, y + 4, str(number), size=11, tone="paper", anchor="middle", is_bold=True)


def _list_words(canvas: Canvas, words: list[BondWord], cut_ns: Instant, top: float) -> None:
    canvas.text(32, top, "What the bond said, in ms after the cut", size=14, is_bold=True)
    for number, word in enumerate(words, 1):
        y = top + number * WORD_HEIGHT + 2
        after_ms = (word.moment_ns - cut_ns) / MILLISECOND_NS
        _badge(canvas, 42, y - 4, number)
        canvas.text(LEFT + 28, y, f"{after_ms:+.2f}", size=12, tone="quiet", anchor="end")
        canvas.text(LEFT + 44, y, sentence(word)[:WORD_LENGTH_MAX], size=12)


def sentence(word: BondWord) -> str:
    """A line of the log with its port, in the driver's way of writing."""
    return f"(slave {word.port}): {word.text}" if word.port else word.text


def _told(recording: Recording) -> list[BondWord]:
    cut_ns = recording.moment_of(Action.CUT)
    return [] if cut_ns is None else list(recording.words_after(cut_ns))[:WORDS_MAX]


def _description(recording: Recording) -> str:
    setup = recording.setup
    deeds = "; ".join(
        f"{i.cable} {i.action.value} at "
        f"{(i.moment_ns - recording.started_ns) / MILLISECOND_NS:.0f} ms"
        for i in recording.incidents
    )
    lost = sum(probe.is_lost for probe in recording.probes)
    return (
        f"A bond in mode {setup.mode} with ports {', '.join(setup.ports)}: "
        f"{len(recording.probes)} probes, {lost} lost. {deeds}."
    )
