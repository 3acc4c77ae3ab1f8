"""Who may ask why a port carries no traffic, and how does the answer travel?"""

import errno

from pybondd.bond import Bond
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.shapes import AnswerJson
from pybondd.explain.port import explain_port
from pybondd.units import Instant


def answer_json(bond: Bond, name: str, *, now: Instant, is_privileged: bool) -> AnswerJson:
    """The answer for the port of this name. Raises CommandRefusedError."""
    port = bond.state.port_by_name(name)
    if port is None:
        ports = ", ".join(each.name for each in bond.state.ports) or "none"
        raise CommandRefusedError(
            Refusal(
                f"{name} is not a port of {bond.state.name}",
                f"its ports: {ports}",
                f"pybondd add {bond.state.name} {name}",
                errno.ENODEV,
            )
        )
    if bond.mode.lacp is not None and not is_privileged:
        raise CommandRefusedError(
            Refusal(
                f"{name} is not explained to this user",
                "as in Linux, who negotiates with whom is for CAP_NET_ADMIN only",
                f"sudo pybondd explain port {bond.state.name} {name}",
                exit_code=Exit.NO_PRIVILEGE,
            )
        )
    answer = explain_port(bond.state, bond.mode, port, now=now)
    return {
        "port": name,
        "carries": answer.carries,
        "reason": answer.reason.value if answer.reason else None,
        "what": answer.what,
        "why": answer.why,
        "remedy": answer.remedy,
        "met": list(answer.met),
    }
