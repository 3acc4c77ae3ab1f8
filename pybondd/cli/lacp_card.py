"""What does a person see of LACP? Everything, port by port, under the machines' own names."""

from pybondd.cli.card import headline, speed
from pybondd.cli.palette import Tone, paint
from pybondd.daemon.shapes import PortJson, StatusJson
from pybondd.status.lacp_shapes import AggregatorJson, LacpBondJson, LacpPortJson, ParticipantJson

LEGEND = (
    "A active, T short timeout, G aggregatable, S in sync, C collecting,",
    "D distributing, F defaulted, E expired; * carries the traffic of the bond",
)
NOBODY = "00:00:00:00:00:00"
INDENT = " " * 10
"""Below the first word of a row."""
BOX_WIDTH = 26
"""The longest box is COLLECTING_DISTRIBUTING."""


def lacp_card(status: StatusJson, lacp: LacpBondJson) -> list[str]:
    """The lines: the system, its aggregators, then each port."""
    lines = [headline(status), *(f"  {row}" for row in _system(status, lacp))]
    if lacp["selection_hold_s"]:
        lines.append(f"  waiting for ports to appear, {lacp['selection_hold_s']:.1f} s more")
    lines += [f"  {_aggregator(each)}" for each in lacp["aggregators"]]
    for port in status["ports"]:
        if port["pybondd"]["lacp"] is not None:
            lines += ["", *_port(port, port["pybondd"]["lacp"], lacp["active_aggregator"])]
    return [*lines, "", *(paint(f"  {line}", Tone.DIM) for line in LEGEND)]


def _system(status: StatusJson, lacp: LacpBondJson) -> list[str]:
    shown = status["linkinfo"]["info_data"]
    manner = "active" if shown["ad_lacp_active"] == "on" else "passive"
    return [
        f"system {lacp['system_priority']},{lacp['system']}   LACP {manner}, "
        f"asks for {shown['ad_lacp_rate']} answers",
        f"ad_select {shown['ad_select']}   lacp_follows {lacp['follows']}",
    ]


def _aggregator(one: AggregatorJson) -> str:
    star = "*" if one["is_active"] else " "
    alone = "   individual" if one["is_individual"] else ""
    up = f"{one['ports_up']} of {len(one['ports'])} up"
    text = (
        f"aggregator {one['id']}{star} key {one['key']}   {up}   "
        f"{speed(one['bandwidth_mbps'] or None, None)}   with {_partner(one)}{alone}"
    )
    return paint(text, Tone.GOOD) if one["is_active"] else text


def _partner(one: AggregatorJson) -> str:
    if one["partner_system"] == NOBODY:
        return "nobody who speaks LACP"
    return f"{one['partner_system_priority']},{one['partner_system']} key {one['partner_key']}"


def _port(port: PortJson, lacp: LacpPortJson, active: int | None) -> list[str]:
    ident = lacp["aggregator"]
    star = "*" if ident is not None and ident == active else ""
    place = "no aggregator yet" if ident is None else f"aggregator {ident}{star}"
    rows = [*_side("actor", lacp["actor"]), *_side("partner", lacp["partner"])]
    rows += [*_machines(lacp), _ages(lacp), *_counted(lacp)]
    return [f"  {paint(port['ifname'], Tone.BOLD)}   {place}", *(f"    {row}" for row in rows)]


def _side(name: str, side: ParticipantJson) -> list[str]:
    return [
        f"{name:<10}{side['letters']}   {' '.join(side['state_str'])}".rstrip(),
        f"{INDENT}system {side['system_priority']},{side['system']}   key {side['key']}   "
        f"port {side['port_priority']},{side['port_number']}",
    ]


def _machines(lacp: LacpPortJson) -> list[str]:
    timers = lacp["timers_s"]
    periods = ("actor_churn", "partner_churn")
    counts = (lacp["actor_churn_count"], lacp["partner_churn_count"])
    churn = zip(periods, counts, strict=True)
    return [
        _box("receive", lacp, f"current_while {_left(timers['current_while'])}"),
        _box("periodic", lacp, f"periodic_timer {_left(timers['periodic'])}"),
        _box("mux", lacp, f"wait_while {_left(timers['wait_while'])}"),
        _box("transmit", lacp, f"window {_left(timers['transmit_window'])}"),
        *(
            _box(name, lacp, f"{_left(timers[name])}, churned {count} times")
            for name, count in churn
        ),
        _box("marker", lacp, ""),
        f"{'variables':<14}{_variables(lacp)}".rstrip(),
    ]


def _box(name: str, lacp: LacpPortJson, rest: str) -> str:
    box = lacp["machines"][name] or "has not run yet"
    # The names of the churn machines are longer than the column.
    return f"{name.replace('_', ' '):<14}{box:<{BOX_WIDTH}}{rest}".rstrip()


def _left(seconds: float | None) -> str:
    return "not running" if seconds is None else f"{seconds:.1f} s"


def _variables(lacp: LacpPortJson) -> str:
    return " ".join(name for name, holds in lacp["variables"].items() if holds)


def _ages(lacp: LacpPortJson) -> str:
    return f"heard {_ago(lacp['last_heard_s'])}, spoke {_ago(lacp['last_spoken_s'])}"


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s ago"


def _counted(lacp: LacpPortJson) -> list[str]:
    count = lacp["counters"]
    bad = count["lacpdu_unknown_rx"] + count["marker_unknown_rx"]
    lines = [
        f"LACPDUs {count['lacpdu_rx']} in, {count['lacpdu_tx']} out   markers "
        f"{count['marker_rx']} in, {count['marker_tx']} out   responses "
        f"{count['marker_resp_rx']} in, {count['marker_resp_tx']} out",
        f"unknown {bad}   too short {count['lacpdu_illegal_rx']}   too many {count['over_limit']}"
        f"   not sent {count['not_sent']}   our own {count['looped']}",
    ]
    return lines + [f"odd: {text}, {number} times" for text, number in lacp["oddities"].items()]
