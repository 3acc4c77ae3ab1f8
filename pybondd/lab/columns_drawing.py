"""The SVG of columns: in each the hosts on the left, the ports on the right, and who goes where."""

from collections.abc import Sequence

from pybondd.lab.canvas import PORT_TONES, Canvas
from pybondd.lab.columns import Arrow, Column, PortBox, short_mac

WIDTH, MARGIN, GUTTER = 960, 32, 26
HEADER_HEIGHT, HOST_HEIGHT, PORT_HEIGHT, LINE_HEIGHT = 128, 50, 96, 17
HOST_WIDTH, BOX_WIDTH, BOX_HEIGHT = 70, 100, 40
SHARE_WIDTH = 9.0
"""How thick an arrow is that stands for everything."""


def draw_columns(
    hosts: Sequence[str], columns: Sequence[Column], *, headline: str, subtitle: str, legend: str
) -> str:
    """The picture as the text of an SVG file."""
    lines = max(len(column.lines) for column in columns)
    area = max(HOST_HEIGHT * len(hosts), PORT_HEIGHT * max(len(each.ports) for each in columns))
    height = HEADER_HEIGHT + area + LINE_HEIGHT * lines + 56
    canvas = Canvas(WIDTH, height, title=headline, description=subtitle)
    canvas.text(MARGIN, 44, headline, size=23, is_bold=True)
    canvas.text(MARGIN, 70, subtitle, size=14, tone="quiet")
    room = (WIDTH - 2 * MARGIN - GUTTER * (len(columns) - 1)) / len(columns)
    for number, column in enumerate(columns):
        left = MARGIN + number * (room + GUTTER)
        canvas.rectangle(
            left - 10,
            HEADER_HEIGHT - 30,
            width=room + 20,
            height=area + 34,
            tone="lane",
            round_by=8,
        )
        canvas.text(left, HEADER_HEIGHT - 8, column.title, size=14, is_bold=True)
        _Panel(canvas, column, hosts, (left, left + room), (HEADER_HEIGHT, area)).draw()
        for row, line in enumerate(column.lines):
            y = HEADER_HEIGHT + area + 26 + row * LINE_HEIGHT
            canvas.text(left - 6, y, line, size=11)
    canvas.text(MARGIN - 6, height - 16, legend, size=12, tone="quiet")
    return canvas.render()


class _Panel:
    """One column's place on the canvas: `edges` from left to right, `top` and its height."""

    def __init__(
        self,
        canvas: Canvas,
        column: Column,
        hosts: Sequence[str],
        edges: tuple[float, float],
        span: tuple[float, float],
    ) -> None:
        self._canvas = canvas
        self._column = column
        self._hosts = hosts
        self._host_x = edges[0] + HOST_WIDTH
        self._box_x = edges[1] - BOX_WIDTH
        self._left = edges[0]
        top, height = span
        self._host_y = [top + height * (n + 0.5) / len(hosts) for n in range(len(hosts))]
        self._port_y = {
            port.name: top + height * (n + 0.5) / len(column.ports) - 16
            for n, port in enumerate(column.ports)
        }

    def draw(self) -> None:
        """Arrows first, so that names stand on them."""
        if self._column.answers_by:
            self._answers(self._port_y[self._column.answers_by] + BOX_HEIGHT / 2 - 6)
        for arrow in self._column.arrows:
            self._arrow(arrow)
        for host, y in zip(self._hosts, self._host_y, strict=True):
            self._canvas.text(self._left, y + 4, host, size=12.5)
        for number, lost in enumerate(self._column.lost):
            if lost:
                y = self._host_y[number] - 10
                self._canvas.text(self._left, y, f"{lost} lost", size=11, tone="bad")
        for port in self._column.ports:
            self._port(port)

    def _arrow(self, arrow: Arrow) -> None:
        tone = self._tone(arrow.port)
        if arrow.share is None:
            width = 3.0 if arrow.is_new else 1.5
        else:
            width = max(1.5, SHARE_WIDTH * arrow.share)
        host = (self._host_x + 6, self._host_y[arrow.host])
        box = (self._box_x, self._port_y[arrow.port])
        self._canvas.curve(host, box, tone=tone, width=width)
        tip = host if arrow.is_outward else box
        self._canvas.head(tip, points_right=not arrow.is_outward, tone=tone)
        words = f"{short_mac(arrow.mac)} {arrow.note}"
        self._canvas.text(self._left, host[1] + 18, words, size=11, tone=tone, is_bold=True)

    def _answers(self, y: float) -> None:
        for host_y in self._host_y:
            start, end = (self._host_x + 6, host_y + 8), (self._box_x, y)
            self._canvas.curve(start, end, tone="quiet", width=1, dashes="3 4")
        self._canvas.head((self._box_x, y), points_right=True, tone="quiet")

    def _port(self, port: PortBox) -> None:
        y = self._port_y[port.name]
        middle = self._box_x + BOX_WIDTH / 2
        self._canvas.rectangle(
            self._box_x, y - BOX_HEIGHT / 2, width=BOX_WIDTH, height=BOX_HEIGHT,
            tone="warm" if port.is_cut else self._tone(port.name), round_by=8,
        )  # fmt: skip
        tone = "bad" if port.is_cut else "paper"
        name = f"{port.name} ✂" if port.is_cut else port.name
        self._canvas.text(middle, y + 5, name, size=15, tone=tone, anchor="middle", is_bold=True)
        beneath = y + BOX_HEIGHT / 2 + 14
        self._canvas.text(middle, beneath, port.mac.hex(":"), size=11, anchor="middle")
        self._canvas.text(middle, beneath + 14, port.note, size=11, tone="quiet", anchor="middle")

    def _tone(self, port: str) -> str:
        number = [each.name for each in self._column.ports].index(port)
        return PORT_TONES[number % len(PORT_TONES)]
