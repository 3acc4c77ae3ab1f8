"""How is an SVG written? A handful of shapes, as text, with nothing but the standard library.

Colours are classes, so that one picture serves light and dark pages: a viewer that knows the
reader's preference follows it, any other shows the light one.
"""

from xml.sax.saxutils import escape, quoteattr

PALETTE_LIGHT = {
    "paper": "#ffffff", "ink": "#1f2933", "quiet": "#64748b", "rule": "#cbd5e1", "lane": "#eef2f7",
    "port0": "#2563eb", "port1": "#0f9f8f", "port2": "#b45309", "port3": "#7c3aed",
    "bad": "#dc2626", "good": "#16a34a", "warm": "#fdecea",
}  # fmt: skip
PALETTE_DARK = {
    "paper": "#111827", "ink": "#e5e7eb", "quiet": "#94a3b8", "rule": "#374151", "lane": "#1f2937",
    "port0": "#60a5fa", "port1": "#2dd4bf", "port2": "#fbbf24", "port3": "#a78bfa",
    "bad": "#f87171", "good": "#4ade80", "warm": "#3b1d1f",
}  # fmt: skip
FONT = "ui-sans-serif, system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif"
ARROW = 6
PORT_TONES = ("port0", "port1", "port2", "port3")


class Canvas:
    """Collects shapes; lengths are in SVG user units, the origin is the top left corner."""

    def __init__(self, width: int, height: int, *, title: str, description: str) -> None:
        """`title` and `description` are what a screen reader says instead of the picture."""
        self.width = width
        self.height = height
        self._title = title
        self._description = description
        self._shapes: list[str] = []

    def rectangle(
        self, x: float, y: float, *, width: float, height: float, tone: str, round_by: float = 0
    ) -> None:
        """A filled box."""
        self._shapes.append(
            f'<rect class="f-{tone}" x="{x:.2f}" y="{y:.2f}" width="{max(0, width):.2f}" '
            f'height="{height:.2f}" rx="{round_by:g}"/>'
        )

    def line(
        self, start: tuple[float, float], end: tuple[float, float], *, tone: str,
        width: float = 1.0, dashes: str = "",
    ) -> None:  # fmt: skip
        """A straight line; `dashes` as in stroke-dasharray."""
        extra = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._shapes.append(
            f'<line class="s-{tone}" x1="{start[0]:.2f}" y1="{start[1]:.2f}" x2="{end[0]:.2f}" '
            f'y2="{end[1]:.2f}" stroke-width="{width:g}"{extra}/>'
        )

    def head(self, tip: tuple[float, float], *, points_right: bool, tone: str) -> None:
        """An arrow's head on a level line that ends at `tip`."""
        back = tip[0] - ARROW if points_right else tip[0] + ARROW
        for sign in (1, -1):
            self.line(tip, (back, tip[1] + sign * ARROW / 2), tone=tone, width=1.5)

    def curve(
        self, start: tuple[float, float], end: tuple[float, float], *, tone: str,
        width: float = 1.5, dashes: str = "",
    ) -> None:  # fmt: skip
        """A line that leaves and arrives level, as a cable hangs."""
        middle = (start[0] + end[0]) / 2
        extra = f'stroke-dasharray="{dashes}" ' if dashes else ""
        self._shapes.append(
            f'<path class="s-{tone}" fill="none" stroke-width="{width:g}" stroke-opacity="0.75" '
            f'{extra}d="M{start[0]:.1f} {start[1]:.1f} C{middle:.1f} {start[1]:.1f} '
            f'{middle:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"/>'
        )

    def dot(self, x: float, y: float, *, radius: float, tone: str, hint: str = "") -> None:
        """A filled circle; `hint` is shown when the reader points at it."""
        inner = f"<title>{escape(hint)}</title>" if hint else ""
        self._shapes.append(
            f'<circle class="f-{tone}" cx="{x:.2f}" cy="{y:.2f}" r="{radius:g}">{inner}</circle>'
        )

    def cross(self, x: float, y: float, *, size: float, tone: str) -> None:
        """An x, for what was lost."""
        for sign in (1, -1):
            self.line((x - size, y - sign * size), (x + size, y + sign * size), tone=tone, width=2)

    def text(
        self, x: float, y: float, words: str, *, size: float = 13, tone: str = "ink",
        anchor: str = "start", is_bold: bool = False,
    ) -> None:  # fmt: skip
        """Words with their baseline at `y`; `anchor` is start, middle or end."""
        weight = ' font-weight="600"' if is_bold else ""
        self._shapes.append(
            f'<text class="f-{tone}" x="{x:.2f}" y="{y:.2f}" font-size="{size:g}" '
            f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
        )

    def render(self) -> str:
        """The whole file."""
        dark = "".join(_rules(PALETTE_DARK))
        return "\n".join(
            [
                '<?xml version="1.0" encoding="UTF-8"?>',
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
                f'height="{self.height}" viewBox="0 0 {self.width} {self.height}" role="img" '
                f'aria-labelledby="title description" font-family={quoteattr(FONT)}>',
                f'<title id="title">{escape(self._title)}</title>',
                f'<desc id="description">{escape(self._description)}</desc>',
                f"<style>{''.join(_rules(PALETTE_LIGHT))}"
                f"@media (prefers-color-scheme: dark) {{{dark}}}</style>",
                f'<rect class="f-paper" width="{self.width}" height="{self.height}" rx="12"/>',
                *self._shapes,
                "</svg>",
                "",
            ]
        )


def _rules(palette: dict[str, str]) -> list[str]:
    return [
        f".f-{name}{{fill:{colour}}}.s-{name}{{stroke:{colour}}}"
        for name, colour in palette.items()
    ]
