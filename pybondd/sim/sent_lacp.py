"""What must hold of the LACPDUs that leave: true, well-formed, and not too many."""

from dataclasses import replace
from typing import Final

from pybondd.effects import SendFrame
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import System
from pybondd.sim.checks_lacp import S, lost_the_choice_just_now
from pybondd.sim.seen_lacp import Watched
from pybondd.units import Instant, milliseconds
from pybondd.wire.slow import Lacpdu, Marker, PortState, oddities, parse_slow

PASS_NS: Final = milliseconds(100)
PASSES_BETWEEN_LACPDUS: Final = 3

GIVEN_UP: Final = (
    PortState.SYNCHRONIZATION
    | PortState.COLLECTING
    | PortState.DISTRIBUTING
    | PortState.AGGREGATION
)


def look_at_what_was_sent(watched: Watched, lacp: System, *, passed: bool) -> None:
    """Assert it of every LACPDU and Marker response since the last look."""
    bond = watched.bond
    new, watched.effects = bond.effects[watched.effects :], len(bond.effects)
    for instant, effect in new:
        if not isinstance(effect, SendFrame):
            continue
        port = next((p for p in lacp.ports if p.member.ifindex == effect.ifindex), None)
        wrong = _wrong_frame(effect.frame, port, passed=passed)
        if port is not None and not wrong and isinstance(parse_slow(effect.frame), Lacpdu):
            wrong = _too_soon(watched, port, instant)
        assert not wrong, f"{bond.name} sent on {effect.ifindex}: {wrong}: {effect.frame.hex()}"


def _wrong_frame(frame: bytes, port: AggregationPort | None, *, passed: bool) -> str:
    said = parse_slow(frame)
    if port is None:
        # A farewell: the port has left already.
        is_farewell = isinstance(said, Lacpdu) and not said.actor.state & GIVEN_UP
        return "" if is_farewell else "a frame for a port that has left"
    if frame[6:12] != port.member.permanent_mac:
        return "the source is not the port's own address"
    match said:
        case Marker(is_response=True):
            return ""
        case Lacpdu():
            if len(frame) != 124 or oddities(frame):
                return f"odd: {oddities(frame)}"
            if not passed:
                return "an LACPDU outside of a pass"
            return "" if _is_true(said, port) else f"not what is: {port.actor} {port.partner}"
    return f"unknown: {said}"


def _is_true(said: Lacpdu, port: AggregationPort) -> bool:
    """It says how we are; but a link may have come or gone after it left, and the key with it.

    Ports that ran later in the pass may have won the choice, and sync is gone with it.
    """
    actor = port.actor
    if port.begin or not port.port_enabled:
        actor = replace(actor, key=said.actor.key)
    if lost_the_choice_just_now(port):
        actor = replace(actor, state=actor.state | said.actor.state & S)
    return (said.actor, said.partner) == (actor, port.partner)


def _too_soon(watched: Watched, port: AggregationPort, instant: Instant) -> str:
    """At most one LACPDU in three passes; a bond that is opened makes one pass at once."""
    seen = watched.ports[port]
    early = watched.bond.times_opened - seen.opened_before
    sent_at, seen.sent_at = seen.sent_at, instant
    seen.opened_before = watched.bond.times_opened
    seen.passes_fast = seen.passes_unsaid = 0
    if sent_at is not None and instant - sent_at < PASS_NS * (PASSES_BETWEEN_LACPDUS - early):
        return f"{instant - sent_at} ns after the one before"
    return ""
