"""How does a run look in a terminal? One row per port over time, one row for the probes.

    eth0   ████████████████✂               │·················
    eth1   ················██████████████████████████████████
    probes ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇✗▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇

Each sign differs in shape, so the picture is whole without colour.
"""

from collections.abc import Sequence

from pybondd.lab.recording import Action, Recording
from pybondd.lab.timeline import Slice, slices
from pybondd.units import MILLISECOND_NS, SECOND_NS

CARRYING, READY, UNPLUGGED = "█", "·", " "
CUT, REPAIRED = "✂", "│"
ANSWERED, LOST, SILENT = "▇", "✗", " "
WIDTH_MIN, WIDTH_MAX = 40, 120
"""Columns: fewer cannot show a cut, more make slices of fewer probes than tell anything."""
LEGEND = (
    f"{CARRYING} carries probes  {READY} ready  {CUT} cut  {REPAIRED} repaired  "
    f"{ANSWERED} answered  {LOST} lost"
)
SHADES = {CARRYING: "32", READY: "2", CUT: "31", REPAIRED: "33", ANSWERED: "36", LOST: "1;31"}
"""Colour of each sign, as the number in the terminal's escape sequence (ECMA-48 SGR)."""


def draw(recording: Recording, *, width: int = 80, is_coloured: bool = False) -> list[str]:
    """The picture as lines of at most `width` columns (bounded to WIDTH_MIN and WIDTH_MAX)."""
    labels = [*recording.setup.ports, "probes"]
    label_width = max(map(len, labels)) + 1
    columns = max(WIDTH_MIN, min(WIDTH_MAX, width)) - label_width - 1
    parts = slices(recording, columns)
    rows = [(port, _port_row(recording, parts, port)) for port in recording.setup.ports]
    rows.append(("probes", "".join(map(_probe_sign, parts))))
    lines = [f"{label:<{label_width}}{_shaded(row, is_coloured)}" for label, row in rows]
    return [*lines, " " * label_width + _axis(recording, columns).rstrip(), LEGEND]


def bars(shares: Sequence[tuple[str, int]], *, width: int = 80) -> list[str]:
    """A bar for each (label, count), the counts and their shares beside it."""
    total = sum(count for _, count in shares)
    label_width = max((len(label) for label, _ in shares), default=0) + 1
    room = max(10, min(WIDTH_MAX, width) - label_width - 16)
    most = max((count for _, count in shares), default=0) or 1
    return [
        f"{label:<{label_width}}{'█' * round(room * count / most):<{room}}"
        f" {count:>6} {count / (total or 1):>6.1%}"
        for label, count in shares
    ]


def _port_row(recording: Recording, parts: Sequence[Slice], port: str) -> str:
    signs = [_port_sign(part, port) for part in parts]
    for incident in recording.incidents:
        if incident.cable == port:
            signs[_column(recording, incident.moment_ns, len(parts))] = (
                CUT if incident.action is Action.CUT else REPAIRED
            )
    return "".join(signs)


def _port_sign(part: Slice, port: str) -> str:
    if part.carried[port]:
        return CARRYING
    return READY if port in part.plugged else UNPLUGGED


def _probe_sign(part: Slice) -> str:
    if part.lost:
        return LOST
    return ANSWERED if part.sent else SILENT


def _column(recording: Recording, moment_ns: int, columns: int) -> int:
    length_ns = recording.ended_ns - recording.started_ns
    return min(columns - 1, max(0, (moment_ns - recording.started_ns) * columns // length_ns))


def _axis(recording: Recording, columns: int) -> str:
    """A mark each half second, its text from its own column on; texts that overlap are left out."""
    signs = [" "] * (columns + 8)
    free_from = 0
    step_ns = 500 * MILLISECOND_NS
    length_ns = recording.ended_ns - recording.started_ns
    for moment_ns in range(0, length_ns, step_ns):
        column = moment_ns * columns // length_ns
        text = f"╵{moment_ns / SECOND_NS:.1f} s"
        if column >= free_from and column + len(text) <= columns:
            signs[column : column + len(text)] = text
            free_from = column + len(text) + 1
    return "".join(signs)[:columns]


def _shaded(row: str, is_coloured: bool) -> str:
    if not is_coloured:
        return row
    shaded, current = "", ""
    for sign in row:
        shade = SHADES.get(sign, "")
        if shade != current:
            shaded += f"\x1b[0{';' if shade else ''}{shade}m"
            current = shade
        shaded += sign
    return shaded + "\x1b[0m" if current else shaded
