"""How does a ladder look in a terminal?

eth0    here                                     far
0.31 s    ├── ATG---FE / -T------ ───────────────▶ │
0.35 s    │ ◀─────────────── ATG----- / ATG---FE ──┤
          ● receive: EXPIRED to CURRENT            │
4.02 s    ╳────────────────────────────── cut ─────╳
"""

from collections.abc import Sequence

from pybondd.lab.ladder import Done, Moved, Rung, Said
from pybondd.lab.recording import Action, Direction
from pybondd.units import SECOND_NS, Instant

WIDTH_MIN, WIDTH_MAX = 72, 100
TIME_WIDTH = 10
LEGEND = (
    "A active  T short timeout  G aggregatable  S in sync",
    "C collecting  D distributing  F defaulted  E expired",
    "speaker's own state / what it believes of the other",
)


def ladder_lines(
    rungs: Sequence[Rung], *, title: str, origin_ns: Instant, width: int = 80
) -> list[str]:
    """The ladder of one cable as lines of at most `width` columns."""
    room = max(WIDTH_MIN, min(WIDTH_MAX, width)) - TIME_WIDTH - 2
    head = f"{title:<{TIME_WIDTH}}" + "here" + "far".rjust(room - 2)
    return [head, *(_line(rung, origin_ns, room) for rung in rungs)]


def _line(rung: Rung, origin_ns: Instant, room: int) -> str:
    moment = f"{(rung.moment_ns - origin_ns) / SECOND_NS:.2f} s"
    match rung:
        case Said():
            return f"{moment:<{TIME_WIDTH}}{_arrow(rung, room)}"
        case Moved():
            return f"{moment:<{TIME_WIDTH}}{_move(rung, room)}"
        case Done():
            word = "cut" if rung.action is Action.CUT else "repaired"
            sign = "╳" if rung.action is Action.CUT else "┼"
            return f"{moment:<{TIME_WIDTH}}{sign}{f' {word} '.center(room, '─')}{sign}"


def _arrow(said: Said, room: int) -> str:
    words = f" {said_text(said)} "
    if said.direction is Direction.THERE:
        return "├──" + words.ljust(room - 4, "─") + "▶ │"
    return "│ ◀" + words.rjust(room - 4, "─") + "──┤"


def said_text(said: Said) -> str:
    """The two states, a note when the speaker means somebody else, and how often it said so."""
    text = f"{said.actor.letters} / {said.partner.letters}"
    if said.means_another:
        text += " (of another system)"
    return text + (f" ×{said.again + 1}" if said.again else "")


def _move(moved: Moved, room: int) -> str:
    if moved.speaker is Direction.THERE:
        return "● " + moved.text.ljust(room - 1) + "│"
    return "│" + moved.text.rjust(room - 1) + " ●"
