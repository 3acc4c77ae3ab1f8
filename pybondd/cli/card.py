"""What does a person see of a bond at one glance?"""

from pybondd.cli.palette import Tone, paint
from pybondd.daemon.shapes import PortJson, StatusJson

SYMBOLS = {
    "UP": ("●", Tone.GOOD),
    "GOING_DOWN": ("◐", Tone.CHANGING),
    "GOING_BACK": ("◐", Tone.CHANGING),
    "DOWN": ("○", Tone.BAD),
}
"""mii_status of iproute2 -> symbol and colour; each symbol differs without its colour too."""
UNKNOWN = ("·", Tone.DIM)
SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
NOT_COMPILED = "the packet path is the slow readable one"


def card(status: StatusJson) -> list[str]:
    """The lines of the card: the bond, its ports as a table, what happened last."""
    lines = [headline(status)]
    if status["ports"]:
        lines += [f"  {row}" for row in _table(status)]
    else:
        lines.append(f"  no ports yet   (pybondd add {status['ifname']} eth0)")
    datapath = status["pybondd"]["datapath"]
    if datapath["kind"] != "compiled":
        lines.append(f"  {NOT_COMPILED}: {datapath['why']}")
    if status["pybondd"]["last_report"]:
        lines.append(f"  last: {status['pybondd']['last_report']}")
    return lines


def headline(status: StatusJson) -> str:
    """One line on the bond; what `--oneline` prints, ports in brackets left out."""
    info, extra = status["linkinfo"]["info_data"], status["pybondd"]
    up = [port for port in status["ports"] if _mii(port) == "UP"]
    symbol, tone = _bond_symbol(status, len(up))
    parts = [
        f"{paint(symbol, tone)} {paint(status['ifname'], Tone.BOLD)}",
        str(info["mode"]),
        f"{_word(status)} {len(up)} of {len(status['ports'])} ports",
    ]
    if extra["speed_mbps"] is not None:
        parts.append(speed(extra["speed_mbps"], None))
    parts.append(f"for {span(extra['uptime_s'])}")
    if extra["failovers"]:
        parts.append(f"{extra['failovers']} failover{'s' if extra['failovers'] > 1 else ''}")
    return "   ".join(parts)


def oneline(status: StatusJson) -> str:
    """The bond and its ports in one line, for grep and for many bonds."""
    ports = " ".join(
        f"{_symbol(port)[0]}{port['ifname']}({port['info_slave_data']['state']})"
        for port in status["ports"]
    )
    return f"{headline(status)}   {ports}".rstrip()


def speed(mbps: int | None, duplex: str | None) -> str:
    """10000, full -> `10G full`; `speed unknown` where the driver does not say."""
    if mbps is None:
        return "speed unknown"
    size = f"{mbps / 1000:g}G" if mbps >= 1000 else f"{mbps}M"
    return f"{size} {duplex or ''}".rstrip()


def size(octets: int) -> str:
    """An amount of octets in three digits and a decimal prefix: `1.2 MB`."""
    amount, unit = float(octets), 0
    while amount >= 999.5 and unit < len(SIZE_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    digits = 0 if unit == 0 or amount >= 9.95 else 1
    return f"{amount:.{digits}f} {SIZE_UNITS[unit]}"


def span(seconds: float) -> str:
    """A length of time in its two largest units: `3 h 12 m`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} m"
    return f"{minutes} m {rest} s" if minutes else f"{rest} s"


def _table(status: StatusJson) -> list[str]:
    active = status["linkinfo"]["info_data"].get("active_slave")
    rows: list[tuple[str, ...]] = [("PORT", "LINK", "STATE", "RX", "TX", "FAILURES")]
    rows += [_row(port, str(active or "")) for port in status["ports"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    head = paint(f"  {lines[0]}".rstrip(), Tone.DIM)
    marked = zip(status["ports"], lines[1:], strict=True)
    return [head, *(f"{paint(*_symbol(port))} {line}".rstrip() for port, line in marked)]


def _row(port: PortJson, active: str) -> tuple[str, ...]:
    slave, extra = port["info_slave_data"], port["pybondd"]
    link = speed(extra["speed_mbps"], extra["duplex"])
    if _mii(port) != "UP":
        link = extra["link"]
    state = str(slave["state"]).lower() + (" *" if port["ifname"] == active else "")
    traffic = size(extra["received_octets"]), size(extra["sent_octets"])
    return port["ifname"], link, state, *traffic, str(slave["link_failure_count"])


def _mii(port: PortJson) -> str:
    return str(port["info_slave_data"]["mii_status"])


def _symbol(port: PortJson) -> tuple[str, Tone]:
    return SYMBOLS.get(_mii(port), UNKNOWN)


def _bond_symbol(status: StatusJson, up_count: int) -> tuple[str, Tone]:
    if _word(status) == "down":
        return SYMBOLS["DOWN"]
    return SYMBOLS["UP"] if up_count == len(status["ports"]) else SYMBOLS["GOING_DOWN"]


def _word(status: StatusJson) -> str:
    return "down" if status["operstate"] == "DOWN" else "up"
