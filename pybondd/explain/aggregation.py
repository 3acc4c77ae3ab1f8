"""Is the port's aggregator the one in use, and has the port got through to carrying traffic?"""

from pybondd.explain.answer import Reason, Unmet
from pybondd.explain.ranking import why_it_won
from pybondd.explain.situation import Check, Situation, seconds
from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.boxes import ChurnBox, MuxBox
from pybondd.wire.slow import PortState

MAX_NAMES = 3
"""Ports that are named of an aggregator: one is enough to look at, and a line has an end."""
_SPEED_AND_DUPLEX = 0x3F
"""The part of a key that is not the user's (lacp/key.py)."""


def aggregator_is_in_use(asked: Situation) -> str | Unmet:
    """Of several aggregators a bond uses one."""
    ours, active = asked.negotiated.aggregator, asked.lacp.active_aggregator
    assert ours is not None
    if ours is active:
        return f"its aggregator {ours.id} is in use"
    if active is None:
        return Unmet(
            Reason.NOT_CHOSEN,
            "no aggregator is chosen yet",
            "the choice is made when a port joins an aggregator, or a link comes or goes",
            "ask again in a moment",
        )
    won = why_it_won(asked.lacp, active, ours)
    if active.key != ours.key:
        return _other_key(asked, active, ours, won)
    if _system(active) != _system(ours):
        return _other_system(asked, active, ours, won)
    return _other_partner_key(asked, active, ours, won)


def _other_key(asked: Situation, active: Aggregator, ours: Aggregator, won: str) -> Unmet:
    others = _names(active)
    cause, remedy = "ports of another speed or duplex do not join", "give all ports the same speed"
    if not (active.key ^ ours.key) & _SPEED_AND_DUPLEX:
        cause = "ad_user_port_key was changed after the first of them joined"
        remedy = f"pybondd remove {asked.bond} {asked.name}, then add it again"
    return Unmet(
        Reason.OTHER_KEY,
        f"its key is {ours.key}, that of {others} is {active.key}",
        f"{cause}; {won}",
        f"{remedy}; see ethtool {asked.name}",
    )


def _other_system(asked: Situation, active: Aggregator, ours: Aggregator, won: str) -> Unmet:
    others = _names(active)
    return Unmet(
        Reason.OTHER_SYSTEM,
        f"it leads to partner {_system(ours)}, {others} to {_system(active)}",
        won,
        f"connect {asked.name} to the same switch as {others}, or join the switches (MLAG, stack)",
    )


def _other_partner_key(asked: Situation, active: Aggregator, ours: Aggregator, won: str) -> Unmet:
    others = _names(active)
    return Unmet(
        Reason.OTHER_PARTNER_KEY,
        f"its partner has key {ours.partner_key} for it, {active.partner_key} for {others}",
        won,
        f"put the switch ports of {asked.name} and {others} into one port channel; "
        "ports of different speed have different keys there too",
    )


def _names(aggregator: Aggregator) -> str:
    names = [port.name for port in reversed(aggregator.ports)]
    shown, more = names[:MAX_NAMES], len(names) - MAX_NAMES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _system(aggregator: Aggregator) -> str:
    return f"{aggregator.partner_system_priority},{aggregator.partner_system.hex(':')}"


def nobody_waits(asked: Situation) -> str | Unmet:
    """The times for other ports to appear are over."""
    port, hold = asked.negotiated, asked.lacp.selection_hold
    if port.mux_box is MuxBox.WAITING and port.wait_while:
        return Unmet(
            Reason.AGGREGATE_WAIT,
            f"it waits {seconds(port.wait_while)} more",
            "two seconds are given to other ports, so that all of them join at once",
            "wait",
        )
    if port.mux_box is MuxBox.WAITING and (late := _late(asked)):
        return Unmet(
            Reason.OTHERS_WAIT,
            f"it waits for {late}",
            "the ports of an aggregator start together, and these have not waited long enough",
            f"wait; if it lasts: pybondd explain port {asked.bond} {late.split(',')[0]}",
        )
    if hold:
        return Unmet(
            Reason.PORTS_AWAITED,
            f"{asked.bond} waits {seconds(hold)} more for ports to appear",
            "the bond is new, and the best aggregator is known when all ports are there",
            "wait",
        )
    return ""


def _late(asked: Situation) -> str:
    aggregator = asked.negotiated.aggregator
    assert aggregator is not None
    return ", ".join(port.name for port in aggregator.ports if not port.ready_n)


def partner_is_in_sync(asked: Situation) -> str | Unmet:
    """The partner has put its side into the aggregate as well."""
    port = asked.negotiated
    if port.partner_has(PortState.SYNCHRONIZATION):
        return "partner in sync"
    churned = ", and has not been for a minute"
    churned = churned if port.partner_churn_box is ChurnBox.CHURN else ""
    return Unmet(
        Reason.PARTNER_OUT_OF_SYNC,
        "its partner has not put its end into the aggregate",
        f"its LACPDUs say that it is not in sync{churned}",
        f"ask the switch why port {port.partner.port_number} of {port.partner.system.hex(':')} "
        "is not bundled: another speed, another port channel, its limit of links",
    )


def partner_collects(asked: Situation) -> str | Unmet:
    """With independent control a port sends only to a partner who takes."""
    port = asked.negotiated
    if port.system.settings.is_coupled or port.partner_has(PortState.COLLECTING):
        return ""
    return Unmet(
        Reason.PARTNER_NOT_COLLECTING,
        "its partner does not collect yet",
        "coupled_control=off: this side sends when the partner says that it takes",
        "the switch must enable its port; coupled_control=on does not wait for it",
    )


def mux_has_arrived(asked: Situation) -> str | Unmet:
    """LACP's last machine lets frames through."""
    port = asked.negotiated
    if port.actor_has(PortState.DISTRIBUTING):
        return "both sides collect and distribute"
    return Unmet(
        Reason.NEXT_PASS,
        "it is about to be used",
        "every condition is met; the machines take one step every 100 ms",
        "ask again in a moment",
    )


AGGREGATION_CHECKS: tuple[Check, ...] = (
    aggregator_is_in_use,
    nobody_waits,
    partner_is_in_sync,
    partner_collects,
    mux_has_arrived,
)
