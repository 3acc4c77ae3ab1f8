"""Does this port carry traffic, and if not, which is the first condition that is not met?

The answer is checked against the forwarding table, which is what the data plane obeys: whatever the
conditions say, a port that is in the table of a bond with a carrier carries traffic.
"""

from dataclasses import replace

from pybondd.explain.aggregation import AGGREGATION_CHECKS
from pybondd.explain.answer import Answer, Reason, Unmet
from pybondd.explain.hearing import HEARING_CHECKS, hears_not_itself
from pybondd.explain.link import LINK_CHECKS
from pybondd.explain.role import ROLE_CHECKS
from pybondd.explain.share import share_notes
from pybondd.explain.situation import Check, Situation
from pybondd.forwarding import Balances, Spread
from pybondd.modes.base import Mode
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.units import Instant
from pybondd.wire.slow import PortState


def explain_port(state: BondState, mode: Mode, port: Port, *, now: Instant) -> Answer:
    """The answer for one port of this bond at the moment `now`."""
    asked = Situation(state, mode, port, now)
    return replace(_answered(asked), notes=share_notes(asked))


def _answered(asked: Situation) -> Answer:
    if carries_traffic(asked):
        return _carrying(asked)
    met: list[str] = []
    for check in _checks(asked):
        said = check(asked)
        if isinstance(said, Unmet):
            return _answer(asked, said, met)
        met += [said] if said else []
    return _answer(asked, _unknown(asked), met)


def carries_traffic(asked: Situation) -> bool:
    """The host may send through the bond, and the data plane sends by this port."""
    return asked.state.is_open and asked.state.has_carrier and _is_sent_by(asked)


def _is_sent_by(asked: Situation) -> bool:
    """What the data plane makes of the table, and a link that is there (forwarding.py: Spread)."""
    table, port = asked.state.table, asked.port
    if table.balances is not Balances.EVERYTHING:
        return port.can_transmit
    if port.ifindex not in table.tx_ports or not port.is_running:
        return False
    if table.spread is Spread.ROUND_ROBIN:
        return port.can_transmit
    return port.is_live if table.spread is Spread.EVERY else True


def _checks(asked: Situation) -> tuple[Check, ...]:
    if _is_sent_by(asked):
        return (*LINK_CHECKS, bond_has_carrier)
    if asked.mode.lacp is not None:
        return LINK_CHECKS + HEARING_CHECKS + AGGREGATION_CHECKS
    return LINK_CHECKS + ROLE_CHECKS if asked.mode.has_primary else LINK_CHECKS


def bond_has_carrier(asked: Situation) -> str | Unmet:
    """The port is ready, but the host is told not to use the bond."""
    if asked.mode.lacp is None or asked.lacp.active_aggregator is None:
        return ""
    active, wanted = asked.lacp.active_aggregator, asked.state.options.min_links
    if active.enabled_port_count < wanted:
        return Unmet(
            Reason.MIN_LINKS,
            f"{asked.bond} has no carrier: {active.enabled_port_count} of {wanted} links",
            f"min_links={wanted}, and fewer ports of aggregator {active.id} have a link",
            f"repair the other links, or pybondd set {asked.bond} min_links="
            f"{active.enabled_port_count}",
        )
    carrying, wanted = active.carrying_port_count, max(1, wanted)
    if asked.state.options.lacp_strict and carrying < wanted:
        return Unmet(
            Reason.STRICT,
            f"{asked.bond} has no carrier: {carrying} of {wanted} ports collect and distribute",
            "lacp_strict=on counts ports that both sides use, where else links are enough",
            f"configure LACP on the switch, or pybondd set {asked.bond} lacp_strict=off",
        )
    return ""


def _unknown(asked: Situation) -> Unmet:
    return Unmet(
        Reason.UNKNOWN,
        "it is not in the forwarding table",
        "every condition that pybondd knows is met, so this is a moment between two steps or a bug",
        f"ask again; if it lasts, report it with pybondd status {asked.bond} --json",
    )


def _answer(asked: Situation, unmet: Unmet, met: list[str]) -> Answer:
    what = f"{asked.name} carries no traffic: {unmet.what}"
    return Answer(False, unmet.reason, what, unmet.why, unmet.remedy, tuple(met))


# -- a port that carries traffic


def _carrying(asked: Situation) -> Answer:
    met = [said for check in LINK_CHECKS if isinstance(said := check(asked), str) and said]
    why, remedy = _how(asked)
    return Answer(
        True, None, f"{asked.name} carries traffic of {asked.bond}", why, remedy, tuple(met)
    )


def _how(asked: Situation) -> tuple[str, str]:
    if asked.mode.lacp is not None:
        return _negotiated(asked)
    if asked.mode.has_primary and asked.state.table.spread is Spread.ONE:
        return "it is the active port", ""
    count = sum(_is_sent_by(replace(asked, port=port)) for port in asked.state.ports)
    return "it is the only usable port" if count == 1 else f"it is one of {count} usable ports", ""


def _negotiated(asked: Situation) -> tuple[str, str]:
    port = asked.negotiated
    aggregator = port.aggregator
    assert aggregator is not None
    looped = hears_not_itself(asked)
    if isinstance(looped, Unmet):
        return f"beware: {looped.what}; {looped.why}", looped.remedy
    if not aggregator.has_partner:
        return (
            "nobody speaks LACP at the other end, so it works alone, as if there were no bond",
            "configure LACP on the switch ports to use all of them",
        )
    partner = f"{port.partner.system.hex(':')}, port {port.partner.port_number}"
    if not port.actor_has(PortState.DISTRIBUTING):
        return f"it worked alone, and goes on while it negotiates with partner {partner}", ""
    count = len(asked.state.table.tx_ports)
    why = f"aggregated with partner {partner}: {count} of {len(asked.state.ports)} ports"
    if port.partner_has(PortState.DISTRIBUTING):
        return why, ""
    return f"{why}; the partner does not send to us by it", "look at the switch's side of the link"
