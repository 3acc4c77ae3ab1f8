"""Can the port carry anything at all? The conditions that every mode has."""

from pybondd.explain.answer import Reason, Unmet
from pybondd.explain.situation import Check, Situation, speed_text
from pybondd.port import Link


def bond_is_up(asked: Situation) -> str | Unmet:
    """The bond interface is set up."""
    if asked.state.is_open:
        return ""
    return Unmet(
        Reason.BOND_DOWN,
        f"{asked.bond} is set down",
        "no port of a bond that is down carries anything; LACP and the monitor stand still",
        f"ip link set {asked.bond} up",
    )


def port_is_up(asked: Situation) -> str | Unmet:
    """The port's interface is set up."""
    if asked.port.facts.is_up:
        return ""
    return Unmet(
        Reason.PORT_DOWN,
        "it is set down",
        "somebody set the interface down; pybondd does not set it up again",
        f"ip link set {asked.name} up",
    )


def has_carrier(asked: Situation) -> str | Unmet:
    """Something is at the other end of the cable."""
    if asked.port.facts.has_carrier:
        return f"carrier up, {speed_text(asked.port)}"
    return Unmet(
        Reason.NO_CARRIER,
        "it has no carrier",
        f"the cable is out or broken, or the switch port is shut{_downdelay(asked)}",
        f"look at cable, transceiver and switch port; ethtool {asked.name} shows the link",
    )


def _downdelay(asked: Situation) -> str:
    port = asked.port
    if port.link is not Link.FAIL or not port.delay:
        return ""
    left = port.delay * asked.state.options.miimon
    return f"; downdelay gives it {left} ms more before it is given up"


def speed_is_known(asked: Situation) -> str | Unmet:
    """In the modes that need it: the driver tells speed and duplex."""
    facts = asked.port.facts
    known = facts.speed_mbps is not None and facts.duplex is not None
    if known or not asked.mode.needs_speed or asked.port.is_link_up:
        return ""
    return Unmet(
        Reason.SPEED_UNKNOWN,
        "its speed or duplex is unknown",
        "this mode goes by speed, so a port without one cannot come up",
        f"ethtool -s {asked.name} speed N duplex full; some virtual devices know no speed at all",
    )


def monitor_trusts_it(asked: Situation) -> str | Unmet:
    """The monitor has seen the carrier, and updelay is over."""
    port, options = asked.port, asked.state.options
    if port.is_link_up:
        return ""
    if not options.miimon:
        return Unmet(
            Reason.NO_MONITOR,
            "nobody watches its link",
            "the port was down once, and miimon=0 means that its return is never looked for",
            f"pybondd set {asked.bond} miimon=100",
        )
    if port.link is Link.BACK and port.delay:
        left = port.delay * options.miimon
        return Unmet(
            Reason.UPDELAY,
            "it waits for updelay",
            f"the carrier is back; {left} ms of {options.updelay * options.miimon} ms are left",
            "wait; updelay protects from a switch that is not ready when its carrier is",
        )
    return Unmet(
        Reason.NOT_SEEN_YET,
        f"the monitor still calls it {port.link.text}",
        f"the carrier is there, but the monitor looks every {options.miimon} ms only",
        "ask again in a moment",
    )


LINK_CHECKS: tuple[Check, ...] = (
    bond_is_up,
    port_is_up,
    has_carrier,
    speed_is_known,
    monitor_trusts_it,
)
