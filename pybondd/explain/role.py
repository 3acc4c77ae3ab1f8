"""Why is another port the active one? For the modes that use one port at a time."""

from pybondd.explain.answer import Reason, Unmet
from pybondd.explain.situation import Check, Situation
from pybondd.options import OPTIONS
from pybondd.port import Port


def is_the_active_port(asked: Situation) -> str | Unmet:
    """The election was won."""
    state, port, active = asked.state, asked.port, asked.state.active
    if port is active:
        return "it is the active port"
    if active is None:
        return ""
    if active is state.primary:
        return Unmet(
            Reason.PRIMARY_IS_ACTIVE,
            f"{active.name} is the active port",
            f"{active.name} is the primary and works",
            f"nothing is wrong; to prefer {asked.name}: pybondd set {asked.bond} "
            f"primary={asked.name}",
        )
    if port is state.primary:
        return _primary_waits(asked, active)
    if active.prio > port.prio:
        return Unmet(
            Reason.HIGHER_PRIO_IS_ACTIVE,
            f"{active.name} is the active port",
            f"{active.name} has prio {active.prio}, {asked.name} has {port.prio}",
            f"nothing is wrong; to prefer {asked.name}: pybondd set {asked.bond} "
            f"prio={asked.name}:{active.prio + 1}",
        )
    return Unmet(
        Reason.BACKUP,
        f"{active.name} is the active port",
        f"one port works at a time; {asked.name} takes over when {active.name} fails",
        f"nothing is wrong; to change over now: pybondd activate {asked.bond} {asked.name}",
    )


def _primary_waits(asked: Situation, active: Port) -> Unmet:
    reselect = OPTIONS["primary_reselect"].name_of(asked.state.options.primary_reselect)
    wait = {
        "failure": f"a primary that returns waits until {active.name} fails",
        "better": f"a primary that returns must be faster than {active.name}",
        "always": "the next election will take it",
    }[reselect]
    return Unmet(
        Reason.PRIMARY_WAITS,
        f"it is the primary, but {active.name} is the active port",
        f"primary_reselect={reselect}: {wait}",
        f"pybondd activate {asked.bond} {asked.name}, or pybondd set {asked.bond} "
        "primary_reselect=always",
    )


ROLE_CHECKS: tuple[Check, ...] = (is_the_active_port,)
