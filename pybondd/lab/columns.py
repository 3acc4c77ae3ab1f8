"""Which host goes with which port, before and after? Columns side by side, one for each part.

            before             cable of eth1 cut    repaired
10.77.0.11  ──▶ eth0 …:e0      ──▶ eth0 …:e0        ━━▶ eth1 …:e1
10.77.0.12  ──▶ eth1 …:e1      ━━▶ eth0 …:e0        ──▶ eth0 …:e0
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pybondd.lab.parts import Part

WIDTH_MIN, WIDTH_MAX = 72, 120
GAP = 2


@dataclass(frozen=True, slots=True)
class PortBox:
    """A port in a column, with the MAC address (6 octets) that it has in this part."""

    name: str
    mac: bytes
    note: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a host to a port, or the other way round, and the MAC address (6 octets) that is used.

    `is_new` says that it is not where it was before; `share` (0 to 1) is of all that goes this way.
    The SVG shows `note` beside the address.
    """

    host: int
    port: str
    mac: bytes
    is_outward: bool = False
    is_new: bool = False
    share: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One part: its title, ports, arrows, the losses of each host, and lines beneath.

    `answers_by` is the port by which all hosts answer, where that is not what the arrows show.
    """

    title: str
    ports: tuple[PortBox, ...]
    arrows: tuple[Arrow, ...]
    lost: tuple[int, ...]
    lines: tuple[str, ...]
    answers_by: str = ""


def port_boxes(part: Part) -> tuple[PortBox, ...]:
    """The ports as they were when this part ended."""
    return tuple(
        PortBox(name, mac, _role(part, name), is_cut=name in part.cut_ports)
        for name, mac in part.sight.port_macs.items()
    )


def _role(part: Part, port: str) -> str:
    if port in part.cut_ports:
        return "cut"
    return "active" if port == part.sight.active_port else ""


def short_mac(mac: bytes) -> str:
    """A MAC address by its last octet, which differs in the labs."""
    return f"…:{mac[-1]:02x}"


def column_lines(hosts: Sequence[str], columns: Sequence[Column], *, width: int = 80) -> list[str]:
    """The columns in a terminal of `width` columns (bounded to WIDTH_MIN and WIDTH_MAX)."""
    label_width = max(map(len, hosts)) + GAP
    room = (max(WIDTH_MIN, min(WIDTH_MAX, width)) - label_width) // len(columns)
    rows = [("", [column.title for column in columns])]
    rows += [(host, [_cell(each, n) for each in columns]) for n, host in enumerate(hosts)]
    rows += [(" ", [_ports(column, n) for column in columns]) for n in range(_port_count(columns))]
    return [
        (f"{label:<{label_width}}" + "".join(f"{cell:<{room}}" for cell in cells)).rstrip()
        for label, cells in rows
    ]


def _port_count(columns: Sequence[Column]) -> int:
    return max(len(column.ports) for column in columns)


def _cell(column: Column, host: int) -> str:
    lost = f" {column.lost[host]} lost" if column.lost[host] else ""
    arrows = [arrow for arrow in column.arrows if arrow.host == host]
    return ", ".join(f"{_sign(a)} {a.port} {short_mac(a.mac)}" for a in arrows) + lost


def _sign(arrow: Arrow) -> str:
    shaft = "━━" if arrow.is_new else "──"
    return f"◀{shaft}" if arrow.is_outward else f"{shaft}▶"


def _ports(column: Column, number: int) -> str:
    port = column.ports[number]
    return f"{port.name} {short_mac(port.mac)} {port.note}".rstrip()
