"""What does pybondd show of LACP beyond Linux and iproute2? Everything that the machines know.

Times are seconds; an age or a timer that does not run is None.
"""

from typing import Final

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.boxes import Box
from pybondd.lacp.counters import LacpCounters
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import PASSES_PER_SECOND, System
from pybondd.options import OPTIONS
from pybondd.status.ages import age_s
from pybondd.status.lacp_shapes import AggregatorJson, LacpBondJson, LacpPortJson, ParticipantJson
from pybondd.status.proc_lacp import system_priority
from pybondd.status.report_lacp import state_words
from pybondd.units import Instant
from pybondd.wire.slow import Participant, PortState

COUNTER_NAMES: Final = (
    *("lacpdu_rx", "lacpdu_tx", "lacpdu_unknown_rx", "lacpdu_illegal_rx"),
    *("marker_rx", "marker_tx", "marker_resp_rx", "marker_resp_tx", "marker_unknown_rx"),
    *("over_limit", "not_sent", "looped"),
)
"""Linux's nine in the order of `ip stats`, then our own."""


def lacp_bond(system: System) -> LacpBondJson:
    """The whole system at this moment."""
    active = system.active_aggregator
    return {
        "system_priority": system_priority(system),
        "system": system.address.hex(":"),
        "active_aggregator": active.id if active else None,
        "selection_hold_s": _seconds(system.selection_hold) or 0.0,
        "follows": OPTIONS["lacp_follows"].name_of(system.settings.follows),
        "aggregators": [_aggregator(each) for each in system.aggregators if each.ports],
        "counters": _counted(system.counters),
    }


def _aggregator(aggregator: Aggregator) -> AggregatorJson:
    return {
        "id": aggregator.id,
        "is_active": aggregator.is_active,
        "is_individual": aggregator.is_individual,
        "key": aggregator.key,
        "partner_system_priority": aggregator.partner_system_priority,
        "partner_system": aggregator.partner_system.hex(":"),
        "partner_key": aggregator.partner_key,
        "ports": [port.name for port in reversed(aggregator.ports)],
        "ports_up": aggregator.enabled_port_count,
        "bandwidth_mbps": aggregator.bandwidth_mbps,
        "port_priority_sum": aggregator.priority_sum,
    }


def _counted(counters: LacpCounters) -> dict[str, int]:
    return {name: getattr(counters, name) for name in COUNTER_NAMES}


def lacp_port(port: AggregationPort, *, now: Instant) -> LacpPortJson:
    """One port at the moment `now`."""
    return {
        "aggregator": port.aggregator.id if port.aggregator else None,
        "actor": participant(port.actor),
        "partner": participant(port.partner),
        "machines": _machines(port),
        "timers_s": _timers(port),
        "variables": _variables(port),
        "last_heard_s": age_s(port.last_heard_ns, now=now),
        "last_spoken_s": age_s(port.last_spoken_ns, now=now),
        "actor_churn_count": port.actor_churn_count,
        "partner_churn_count": port.partner_churn_count,
        "counters": _counted(port.counters),
        "oddities": {odd.value: count for odd, count in port.counters.oddities.items()},
    }


def participant(side: Participant) -> ParticipantJson:
    """One side of a link, as an LACPDU tells of it."""
    return {
        "system_priority": side.system_priority,
        "system": side.system.hex(":"),
        "key": side.key,
        "port_priority": side.port_priority,
        "port_number": side.port_number,
        "state": side.state,
        "state_str": state_words(side.state),
        "letters": PortState(side.state).letters,
    }


def _machines(port: AggregationPort) -> dict[str, str | None]:
    boxes: dict[str, Box | None] = {
        "receive": port.receive_box,
        "periodic": port.periodic_box,
        "mux": port.mux_box,
        "transmit": port.transmit_box,
        "actor_churn": port.actor_churn_box,
        "partner_churn": port.partner_churn_box,
        "marker": port.marker_box,
    }
    return {name: box.name if box else None for name, box in boxes.items()}


def _timers(port: AggregationPort) -> dict[str, float | None]:
    passes = {
        "current_while": port.current_while,
        "periodic": port.periodic_timer,
        "wait_while": port.wait_while,
        "actor_churn": port.actor_churn_timer,
        "partner_churn": port.partner_churn_timer,
        "transmit_window": port.transmit_window,
    }
    return {name: _seconds(count) for name, count in passes.items()}


def _variables(port: AggregationPort) -> dict[str, bool]:
    return {
        "port_enabled": port.port_enabled,
        "lacp_enabled": port.lacp_enabled,
        "selected": port.selected,
        "ready_n": port.ready_n,
        "matched": port.matched,
        "ntt": port.ntt,
    }


def _seconds(passes: int) -> float | None:
    return passes / PASSES_PER_SECOND if passes else None
