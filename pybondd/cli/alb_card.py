"""What does a person see of modes 5 and 6? Both tables: who carries what, and who sends to whom."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pybondd.balance.capacity import MEBIBIT_SHIFT
from pybondd.cli.card import (
    SYMBOLS,
    UNKNOWN,
    active_name,
    aligned,
    headline,
    share_columns,
    size,
    span,
    speed,
)
from pybondd.cli.palette import Tone, paint
from pybondd.daemon.shapes import PortJson, StatusJson
from pybondd.status.alb_shapes import (
    AlbBondJson,
    ClientJson,
    ReceiveJson,
    StandInJson,
    TransmitJson,
)

LEGEND: Final = ("* the active port: it has the bond's address, and sends what is not balanced",)
CLIENT_LEGEND: Final = ("● was told   ◐ an update waits   · was asked for its MAC   ○ no port",)
GAP: Final = "  "
"""Narrower than in other tables, for two MAC addresses in a row."""
MEGABIT: Final = 1 << MEBIBIT_SHIFT
"""Linux's, so that the room of an idle port is its speed."""
VLAN_ID_MASK: Final = 0x0FFF
NOBODY: Final = "00:00:00:00:00:00"


def alb_card(status: StatusJson, alb: AlbBondJson) -> list[str]:
    """The lines: the ports, the buckets of what is sent, the clients that send to us."""
    active = active_name(status)
    lines = [headline(status), f"  {_learning(status, alb)}", ""]
    if status["ports"]:
        lines += _headed(_port_rows(status, alb, active))
    lines += ["", *_sending(alb["transmit"], active), "", *_receiving(alb["receive"], active)]
    legend = LEGEND + CLIENT_LEGEND if alb["receive"] else LEGEND
    return [*lines, "", *(paint(f"  {line}", Tone.DIM) for line in legend)]


def _headed(rows: Sequence[Sequence[str]], symbols: Iterable[str] = ()) -> list[str]:
    """A table whose first row is its head; `symbols` go before the others."""
    head, *others = (line.rstrip() for line in aligned(rows, GAP))
    marks = list(symbols)
    if not marks:
        return [paint(f"  {head}", Tone.DIM), *(f"  {line}" for line in others)]
    marked = zip(marks, others, strict=True)
    return [paint(f"    {head}", Tone.DIM), *(f"  {mark} {line}" for mark, line in marked)]


def _learning(status: StatusJson, alb: AlbBondJson) -> str:
    next_s = alb["transmit"]["next_learning_s"]
    told = "no learning frames"
    if next_s is not None:
        interval_s = status["linkinfo"]["info_data"]["lp_interval"]
        told = f"learning frames every {interval_s} s, the next in {next_s:.1f} s"
    return f"alb_follows {alb['follows']}   {told}"


def _port_rows(status: StatusJson, alb: AlbBondJson, active: str) -> list[list[str]]:
    measured = ("LOAD", "ROOM") if alb["transmit"]["is_dynamic"] else ()
    columns = ("PORT", "ADDRESS", "SPEED", *measured, *share_columns(alb))
    cells = (_port_cells(port, active) for port in status["ports"])
    return [list(columns), *([each[column] for column in columns] for each in cells)]


def _port_cells(port: PortJson, active: str) -> dict[str, str]:
    shown = port["pybondd"]["alb"]
    assert shown is not None, "the bond has tables and its port has none"
    room = shown["room_bits_per_s"]
    return {
        "PORT": f"{port['ifname']} *" if port["ifname"] == active else port["ifname"],
        "ADDRESS": port["address"],
        "SPEED": speed(shown["speed_mbps"], None),
        "LOAD": f"{size(shown['load_octets_per_s'])}/s",
        "ROOM": "-" if room is None else f"{room / MEGABIT:.1f} Mbit/s",
        "BUCKETS": str(shown["buckets"]),
        "CLIENTS": str(shown["clients"]),
    }


# -- what the host sends


def _sending(transmit: TransmitJson, active: str) -> list[str]:
    title = paint("  SENDS", Tone.BOLD)
    policy = transmit["hash_policy"]
    lost = [f"  lost: {transmit['lost_frames']} frames"] if transmit["lost_frames"] else []
    if not transmit["is_dynamic"]:
        ports = ", ".join(transmit["usable"]) or "no port"
        return [f"{title}   tlb_dynamic_lb=0: by xmit_hash_policy {policy} over {ports}", *lost]
    key = f"{policy} hash" if policy else "destination IP address"
    next_s = transmit["next_rebalancing_s"]
    when = "" if next_s is None else f"   every bucket chooses anew in {next_s:.1f} s"
    by = f" by {active}" if active else ""
    unbalanced = f"  without a bucket: {size(transmit['unbalanced_octets'])}{by}{when}"
    lines = [f"{title}   by load, in buckets of the {key}", unbalanced, *lost]
    if not transmit["buckets"]:
        return [*lines, "  no bucket was used yet"]
    return lines + _headed(list(_bucket_rows(transmit)))


def _bucket_rows(transmit: TransmitJson) -> Iterator[tuple[str, ...]]:
    yield "BUCKET", "PORT", "SENT", "MEASURED"
    for bucket in transmit["buckets"]:
        measured = f"{size(bucket['load_octets_per_s'])}/s"
        yield str(bucket["number"]), bucket["port"] or "-", size(bucket["octets"]), measured


# -- who sends to us


def _receiving(receive: ReceiveJson | None, active: str) -> list[str]:
    title = paint("  RECEIVES", Tone.BOLD)
    if receive is None:
        return [f"{title}   everything by {active or 'no port'}"]
    lines = [f"{title}   the next new client is given to {receive['next_port'] or 'no port'}"]
    lines.append(f"  {_updates(receive)}")
    if receive["stand_in"]:
        lines.append(f"  {_stand_in(receive['stand_in'])}")
    lines += [f"  {line}" for line in _tally(receive)]
    for our_ip in dict.fromkeys(client["our_ip"] for client in receive["clients"]):
        mine = [client for client in receive["clients"] if client["our_ip"] == our_ip]
        lines += [f"  who sends to {our_ip}:", *_clients(mine)]
    return lines if receive["clients"] else [*lines, "  no client is known yet"]


def _updates(receive: ReceiveJson) -> str:
    if receive["next_round_s"] is None:
        return "every client is told"
    rounds = f"{receive['rounds_left']} round{'s' if receive['rounds_left'] > 1 else ''}"
    return f"{rounds} of updates to come, the next in {receive['next_round_s']:.1f} s"


def _stand_in(stand_in: StandInJson) -> str:
    shown = [f"{name}'s {mac}" for name, mac in stand_in["addresses"].items()]
    whose = ", ".join(shown) or "the address of a port that left"
    return f"{stand_in['port']} stands in for {whose}, {stand_in['ends_in_s']:.1f} s more"


def _tally(receive: ReceiveJson) -> list[str]:
    count = receive["tally"]
    return [
        f"ARP sent: {count['replies']} replies, {count['requests']} requests, "
        f"{count['untouched']} untouched, {count['malformed_from_host']} malformed",
        f"ARP heard: {count['received']}, {count['malformed_from_port']} malformed, "
        f"{count['lost']} too many",
        f"clients: {count['updates']} updates, {count['purged']} purged, "
        f"{count['replaced']} replaced",
    ]


def _clients(clients: list[ClientJson]) -> list[str]:
    head = ("CLIENT", "MAC", "PORT", "ITS ADDRESS", "VLAN", "MET", "ARP")
    rows = [head, *(_client_row(client) for client in clients)]
    if not any(client["tci"] for client in clients):
        rows = [row[:4] + row[5:] for row in rows]
    return _headed(rows, (paint(*_symbol(client)) for client in clients))


def _client_row(client: ClientJson) -> tuple[str, ...]:
    return (
        client["ip"],
        client["mac"],
        client["port"] or "-",
        client["port_mac"] or "-",
        str(client["tci"] & VLAN_ID_MASK) if client["tci"] else "-",
        _age(client["age_s"]),
        _age(client["last_arp_s"]),
    )


def _symbol(client: ClientJson) -> tuple[str, Tone]:
    if client["port"] is None:
        return SYMBOLS["DOWN"]
    if client["needs_update"]:
        return SYMBOLS["GOING_BACK"]
    return UNKNOWN if client["mac"] == NOBODY else SYMBOLS["UP"]


def _age(seconds: float | None) -> str:
    """The largest unit is enough in a narrow column."""
    return "-" if seconds is None else " ".join(span(seconds).split()[:2])
