"""Does a partner speak LACP to this port, and does it mean this port?"""

from pybondd.explain.answer import Reason, Unmet
from pybondd.explain.situation import Check, Situation, seconds
from pybondd.lacp.boxes import ReceiveBox
from pybondd.lacp.port import AggregationPort
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import Participant


def lacp_has_begun(asked: Situation) -> str | Unmet:
    """The machines have run for this port."""
    if asked.negotiated.aggregator is not None:
        return ""
    return Unmet(
        Reason.NOT_BEGUN,
        "LACP has not begun on it",
        "the port is in no aggregator until LACP's machines have run, which they do every 100 ms",
        "ask again in a moment",
    )


def hears_not_itself(asked: Situation) -> str | Unmet:
    """What comes in is not what this system sent."""
    port = asked.negotiated
    if not port.is_loop_told or port.last_heard_ns is None:
        return ""
    return Unmet(
        Reason.LOOPED,
        f"it hears this bond's own LACPDUs, last {asked.ago(port.last_heard_ns)}",
        f"the cable leads back to this host, or another host is the same system "
        f"{port.actor.system.hex(':')} (a clone?)",
        f"follow the cable of {asked.name}; on one of two clones: pybondd set {asked.bond} "
        "ad_actor_system=MAC",
    )


def is_full_duplex(asked: Situation) -> str | Unmet:
    """LACP is for full duplex links only."""
    port = asked.negotiated
    if port.lacp_enabled:
        return ""
    duplex = f"it is {asked.port.duplex.value} duplex" if asked.port.duplex else "no duplex known"
    return Unmet(
        Reason.HALF_DUPLEX,
        duplex,
        "LACP aggregates full duplex links only, and an individual port loses to any other",
        f"let both ends negotiate, or ethtool -s {asked.name} duplex full",
    )


def hears_a_partner(asked: Situation) -> str | Unmet:
    """LACPDUs come in, the last one not too long ago."""
    port = asked.negotiated
    if port.receive_box is ReceiveBox.CURRENT and port.last_heard_ns is not None:
        return f"LACPDUs received, last {asked.ago(port.last_heard_ns)}"
    if port.last_heard_ns is not None:
        return _fell_silent(asked, port)
    if port.receive_box is ReceiveBox.EXPIRED:
        return Unmet(
            Reason.FIRST_LACPDU_AWAITED,
            "it has not heard an LACPDU yet",
            f"the link is new; a partner is waited for, {seconds(port.current_while)} more",
            "wait; then ask again",
        )
    return Unmet(
        Reason.NEVER_HEARD,
        "nobody speaks LACP at its other end",
        f"no LACPDU has ever come in{_noise(port)}{_passive(asked)}",
        f"configure LACP on the switch port; to see what it sends: tcpdump -ei {asked.name} "
        "ether proto 0x8809",
    )


def _fell_silent(asked: Situation, port: AggregationPort) -> Unmet:
    assert port.last_heard_ns is not None
    left = ""
    if port.receive_box is ReceiveBox.EXPIRED:
        left = f"; it is given up in {seconds(port.current_while)}"
    return Unmet(
        Reason.FELL_SILENT,
        "its partner has fallen silent",
        f"its last LACPDU came {asked.ago(port.last_heard_ns)}{left}{_passive(asked)}",
        "is LACP still configured on the switch port? Does a device between drop slow protocols?",
    )


def _noise(port: AggregationPort) -> str:
    counted = port.counters
    broken = counted.lacpdu_unknown_rx + counted.lacpdu_illegal_rx
    return f", only {broken} slow frames that are none" if broken else ""


def _passive(asked: Situation) -> str:
    if asked.state.options.lacp_active:
        return ""
    return "; this side is passive (lacp_active=off), so two passive sides wait for each other"


def partner_knows_us(asked: Situation) -> str | Unmet:
    """The partner's picture of this port is right."""
    port = asked.negotiated
    if port.matched:
        return "partner agrees about us"
    return Unmet(
        Reason.NOT_KNOWN_TO_PARTNER,
        "its partner does not know this port",
        _wrong_picture(port),
        "ask again in a second; if it lasts, the switch does not receive what this port sends",
    )


def _wrong_picture(port: AggregationPort) -> str:
    picture, actor = port.picture, port.actor
    if picture is None or picture.system == NO_ADDRESS:
        return "its LACPDUs say that it hears nobody"
    for said, true, name in _identity(picture, actor):
        if said != true:
            return f"it takes us for {name} {said}, but we are {true}"
    return "it takes us for a port that does not aggregate"


def _identity(one: Participant, other: Participant) -> tuple[tuple[str, str, str], ...]:
    return (
        (one.system.hex(":"), other.system.hex(":"), "system"),
        (str(one.system_priority), str(other.system_priority), "system priority"),
        (str(one.key), str(other.key), "key"),
        (str(one.port_number), str(other.port_number), "port number"),
        (str(one.port_priority), str(other.port_priority), "port priority"),
    )


HEARING_CHECKS: tuple[Check, ...] = (
    lacp_has_begun,
    hears_not_itself,
    is_full_duplex,
    hears_a_partner,
    partner_knows_us,
)
