"""What does a person see of a bond at one glance?"""

from collections.abc import Sequence
from typing import Literal

from pybondd.cli.palette import Tone, paint
from pybondd.daemon.shapes import PortJson, StatusJson
from pybondd.status.alb_shapes import AlbBondJson
from pybondd.wire.slow import PortState

SYMBOLS = {
    "UP": ("●", Tone.GOOD),
    "GOING_DOWN": ("◐", Tone.CHANGING),
    "GOING_BACK": ("◐", Tone.CHANGING),
    "DOWN": ("○", Tone.BAD),
}
"""mii_status of iproute2 -> symbol and colour; each symbol differs without its colour too."""
UNKNOWN = ("·", Tone.DIM)
SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
LACP_MODE = "802.3ad"
ALB_MODES = ("balance-tlb", "balance-alb")
NOBODY = "00:00:00:00:00:00"
NOT_COMPILED = "the packet path is the slow readable one"


def card(status: StatusJson) -> list[str]:
    """The lines of the card: the bond, its ports as a table, what happened last."""
    lines = [headline(status)]
    if status["ports"]:
        lines += [f"  {row}" for row in _table(status)]
        lines += [f"  {line}" for line in _who_receives(status)]
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
    if _speaks_lacp(status):
        parts.append(f"{_aggregated_count(status)} aggregated")
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
    lines = aligned(_rows_of_mode(status))
    head = paint(f"  {lines[0]}".rstrip(), Tone.DIM)
    marked = zip(status["ports"], lines[1:], strict=True)
    return [head, *(f"{paint(*_symbol(port))} {line}".rstrip() for port, line in marked)]


def aligned(rows: Sequence[Sequence[str]], gap: str = "   ") -> list[str]:
    """Each row as one line, its cells below those of the row before."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]


def _rows_of_mode(status: StatusJson) -> list[tuple[str, ...]]:
    if _speaks_lacp(status):
        return _lacp_rows(status)
    alb = status["pybondd"]["alb"]
    return _alb_rows(status, alb) if alb else _rows(status)


def _rows(status: StatusJson) -> list[tuple[str, ...]]:
    active = active_name(status)
    head = ("PORT", "LINK", "STATE", "RX", "TX", "FAILURES")
    return [head, *(_row(port, _state(port, active)) for port in status["ports"])]


def _state(port: PortJson, active: str) -> str:
    state = str(port["info_slave_data"]["state"]).lower()
    return f"{state} *" if port["ifname"] == active else state


def _row(port: PortJson, *role: str) -> tuple[str, ...]:
    slave, extra = port["info_slave_data"], port["pybondd"]
    link = speed(extra["speed_mbps"], extra["duplex"])
    if _mii(port) != "UP":
        link = extra["link"]
    traffic = size(extra["received_octets"]), size(extra["sent_octets"])
    return port["ifname"], link, *role, *traffic, str(slave["link_failure_count"])


def _alb_rows(status: StatusJson, alb: AlbBondJson) -> list[tuple[str, ...]]:
    """As the others, with the buckets and the clients of each port where there are any."""
    head = share_columns(alb)
    active = active_name(status)
    rows = [("PORT", "LINK", "STATE", *head, "RX", "TX", "FAILURES")]
    for port in status["ports"]:
        shares = port["pybondd"]["alb"]
        shown = [str(shares[column]) if shares else "-" for column in head.values()]
        rows.append(_row(port, _state(port, active), *shown))
    return rows


def share_columns(alb: AlbBondJson) -> dict[str, Literal["buckets", "clients"]]:
    """Heads and keys of what falls to a port: buckets if load is measured, clients if there are."""
    columns: dict[str, Literal["buckets", "clients"]] = {}
    if alb["transmit"]["is_dynamic"]:
        columns["BUCKETS"] = "buckets"
    if alb["receive"]:
        columns["CLIENTS"] = "clients"
    return columns


def _who_receives(status: StatusJson) -> list[str]:
    """Where what is sent and what comes in do not take the same way."""
    alb, active = status["pybondd"]["alb"], active_name(status)
    if alb is None or not active:
        return []
    if alb["receive"] is None:
        return [f"every port with a link sends; {active} receives for all"]
    return [f"every port with a link sends and hears its own clients; {active} hears the rest"]


def active_name(status: StatusJson) -> str:
    """The active port, in the modes that have one; else ""."""
    return str(status["linkinfo"]["info_data"].get("active_slave") or "")


def _lacp_rows(status: StatusJson) -> list[tuple[str, ...]]:
    head = ("PORT", "LINK", "LACP", "AGG", "PARTNER", "RX", "TX", "FAILURES")
    active = _active_aggregator(status)
    return [head, *(_row(port, *_negotiated(port, active)) for port in status["ports"])]


def _negotiated(port: PortJson, active: object) -> tuple[str, str, str]:
    """Our own flags, the aggregator with a star if it is in use, and who is at the other end."""
    slave, lacp = port["info_slave_data"], port["pybondd"]["lacp"]
    aggregator, state = slave.get("ad_aggregator_id"), slave.get("ad_actor_oper_port_state")
    if aggregator is None or not isinstance(state, int):
        return "-", "-", "-"
    star = "*" if aggregator == active else ""
    partner = "hidden"
    if lacp is not None:
        partner = f"{lacp['partner']['system']}/{lacp['partner']['port_number']}"
        if lacp["partner"]["system"] == NOBODY:
            partner = "nobody"
    return PortState(state).letters, f"{aggregator}{star}", partner


def _speaks_lacp(status: StatusJson) -> bool:
    return status["linkinfo"]["info_data"]["mode"] == LACP_MODE


def _active_aggregator(status: StatusJson) -> object:
    ad_info = status["linkinfo"]["info_data"].get("ad_info")
    return ad_info["aggregator"] if isinstance(ad_info, dict) else None


def _aggregated_count(status: StatusJson) -> int:
    """Ports that carry traffic together with a partner who agrees."""
    states = (port["info_slave_data"].get("ad_actor_oper_port_state") for port in status["ports"])
    flag = PortState.DISTRIBUTING
    return sum(isinstance(state, int) and bool(state & flag) for state in states)


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
