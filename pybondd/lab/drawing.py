"""The SVG of a lab that is told over time: the whole run, and the moment of the cut, magnified."""

from pybondd.lab.canvas import Canvas
from pybondd.lab.lanes import (
    LANE_GAP,
    LANE_HEIGHT,
    LEFT,
    RIGHT,
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


def draw_story(recording: Recording, *, headline: str, subtitle: str) -> str:
    """The picture of a run in which a cable was cut, as the text of an SVG file."""
    rows = len(recording.setup.ports) + 1
    panel = PANEL_TITLE + lanes_height(rows) + AXIS_HEIGHT + 30
    words = _told(recording)
    height = HEADER_HEIGHT + 2 * panel + WORD_HEIGHT * (len(words) + 1) + 16
    canvas = Canvas(WIDTH, int(height), title=headline, description=_description(recording))
    canvas.text(32, 44, headline, size=23, is_bold=True)
    canvas.text(32, 70, subtitle, size=14, tone="quiet")
    _whole_run(canvas, recording, HEADER_HEIGHT)
    cut_ns = recording.moment_of(Action.CUT)
    if cut_ns is not None:
        _magnified(canvas, recording, cut_ns, words, HEADER_HEIGHT + panel)
        _list_words(canvas, words, cut_ns, HEADER_HEIGHT + 2 * panel)
    return canvas.render()


def zoom_around(recording: Recording, cut_ns: Instant) -> Scale:
    """The span worth magnifying: the silence after the cut and about as much around it."""
    reach = max(ZOOM_MIN_NS, min(ZOOM_MAX_NS, 2 * outage_ns(recording.probes)))
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
        32, top, "The moment of the cut, magnified: every dot is one probe", size=14, is_bold=True
    )
    draw_bands(canvas, recording, scale, lanes)
    _shade_silence(canvas, recording, scale, lane_y(lanes, count))
    draw_probes(canvas, recording, scale, lanes)
    draw_answers(canvas, recording, scale, lane_y(lanes, count))
    draw_marks(canvas, recording, scale, (lanes, bottom))
    for number, word in enumerate(words, 1):
        if scale.holds(word.moment_ns):
            _flag(canvas, scale.x(word.moment_ns), bottom + 2, number)
    draw_axis(canvas, scale, bottom + LANE_GAP + 8, origin_ns=cut_ns, is_relative=True)


def _shade_silence(canvas: Canvas, recording: Recording, scale: Scale, y: float) -> None:
    """Colour the time in which probes were lost, from the first lost to the next answered one."""
    lost = [p.sent_ns for p in recording.probes if p.is_lost and scale.holds(p.sent_ns)]
    if lost:
        first, last = scale.x(lost[0]), scale.x(lost[-1] + recording.setup.interval_ns)
        canvas.rectangle(first, y, width=last - first, height=LANE_HEIGHT, tone="warm", round_by=3)


def _flag(canvas: Canvas, x: float, y: float, number: int) -> None:
    canvas.line((x, y - 4), (x, y + 4), tone="ink", width=1.5)
    canvas.dot(x, y + 4, radius=3, tone="ink", hint=f"line {number} below")


def _list_words(canvas: Canvas, words: list[BondWord], cut_ns: Instant, top: float) -> None:
    canvas.text(32, top, "What the bond said, in ms after the cut", size=14, is_bold=True)
    for number, word in enumerate(words, 1):
        y = top + number * WORD_HEIGHT + 2
        after_ms = (word.moment_ns - cut_ns) / MILLISECOND_NS
        canvas.text(LEFT + 28, y, f"{after_ms:+.2f}", size=12, tone="quiet", anchor="end")
        canvas.text(LEFT + 44, y, sentence(word)[:WORD_LENGTH_MAX], size=12)
    assert RIGHT < WIDTH


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
