"""Who may ask why, and how does the answer travel?"""

import errno
from collections.abc import Mapping

from pybondd.bond import Bond
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.shapes import AnswerJson, FlowAnswerJson
from pybondd.explain.flow import explain_flow
from pybondd.explain.port import explain_port
from pybondd.explain.question import QuestionError, parse_question
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
        "notes": list(answer.notes),
    }


def flow_json(bond: Bond, texts: Mapping[str, str]) -> FlowAnswerJson:
    """The answer for the flow that these texts describe. Raises CommandRefusedError."""
    try:
        question = parse_question(texts)
    except QuestionError as mistake:
        raise CommandRefusedError(
            Refusal(
                "this describes no flow",
                str(mistake),
                f"example: pybondd explain flow {bond.state.name} --src 10.0.0.1 --dst 10.0.0.2 "
                "--proto tcp --sport 40000 --dport 443",
                exit_code=Exit.USAGE,
            )
        ) from mistake
    answer = explain_flow(bond.state, bond.mode, question)
    return {
        "port": answer.port,
        "what": answer.what,
        "why": answer.why,
        "source_mac": answer.source_mac,
        "then": answer.then,
        "back": answer.back,
        "steps": list(answer.steps),
        "choices": [
            {
                "policy": choice.policy,
                "is_in_use": choice.is_in_use,
                "hash": choice.word,
                "port": choice.port,
                "steps": list(choice.steps),
            }
            for choice in answer.choices
        ],
    }
