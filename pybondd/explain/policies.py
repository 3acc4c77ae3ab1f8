"""What does each hash policy make of a flow, step by step?

The numbers come from the functions that the readable packet path runs (balance/hashing.py).
"""

from collections.abc import Callable
from typing import Final

from pybondd.balance.hashing import dissected, fold, layer2_word, tag_and_source_word, transmit_hash
from pybondd.explain.flow_answer import Choice, FlowAnswer, Step
from pybondd.explain.question import FlowQuestion, frame_of
from pybondd.forwarding import HashPolicy
from pybondd.options import OPTIONS
from pybondd.state import BondState

NEEDS_NEXT_HOP: Final = frozenset({HashPolicy.LAYER2, HashPolicy.LAYER23, HashPolicy.ENCAP23})
"""Policies that look at the destination's MAC address."""
DROPS_A_BIT: Final = frozenset({HashPolicy.LAYER34, HashPolicy.ENCAP34})


def choices_of(
    state: BondState, question: FlowQuestion, port_of: Callable[[int], str]
) -> tuple[tuple[Choice, ...], Choice]:
    """All policies, and the one in use. `port_of` names the port that a hash leads to."""
    choices = tuple(_choice(state, question, policy, port_of) for policy in HashPolicy)
    return choices, next(choice for choice in choices if choice.is_in_use)


def asks_for_next_hop(policy: str, choices: tuple[Choice, ...]) -> FlowAnswer:
    """The answer as long as the policy in use cannot be computed."""
    what = "the port of the flow hangs on the next hop's MAC address"
    why = f"xmit_hash_policy {policy} hashes it: give it with --to MAC"
    return FlowAnswer("", what, why, choices)


def modulo_text(used: Choice, port_count: int) -> str:
    """How the policy in use leads to a port. It has a hash."""
    assert used.word is not None
    left = used.word % port_count
    return f"xmit_hash_policy {used.policy}: {used.word:#x} % {port_count} ports = {left}"


def _choice(
    state: BondState, question: FlowQuestion, policy: HashPolicy, port_of: Callable[[int], str]
) -> Choice:
    name = OPTIONS["xmit_hash_policy"].name_of(policy)
    is_in_use = policy is state.table.hash_policy
    frame = frame_of(question, source_mac=state.mac)
    if question.destination_mac is None and _needs_next_hop(policy, question, frame):
        return Choice(name, is_in_use, None, "", ())
    word = transmit_hash(policy, frame, question.vlan)
    steps = tuple(_steps(policy, question, frame))
    return Choice(name, is_in_use, word, port_of(word), steps)


def _needs_next_hop(policy: HashPolicy, question: FlowQuestion, frame: bytes) -> bool:
    """A frame that a policy does not understand is hashed as layer2 does."""
    if policy is HashPolicy.VLAN_SRCMAC:
        return False
    return policy in NEEDS_NEXT_HOP or dissected(policy, frame, question.vlan) is None


def _steps(policy: HashPolicy, question: FlowQuestion, frame: bytes) -> list[Step]:
    if policy is HashPolicy.VLAN_SRCMAC:
        return [_tag_and_source(question, frame)]
    flow = dissected(policy, frame, question.vlan)
    if policy is HashPolicy.LAYER2 or flow is None:
        return [_layer2(frame)]
    if policy in DROPS_A_BIT:
        ports = f"{question.source_port}, {question.destination_port} as they stand on the wire"
        first, start = (ports, f"{flow.ports:#010x}"), flow.ports
    else:
        first, start = _layer2(frame), layer2_word(frame)
    mixed = start ^ flow.addresses
    steps = [
        first,
        (f"^ {question.source} ^ {question.destination}", f"{mixed:#010x}"),
        ("h ^= h >> 16, h ^= h >> 8", f"{fold(mixed):#010x}"),
    ]
    if policy in DROPS_A_BIT:
        steps.append(("the lowest bit is dropped", f"{fold(mixed) >> 1:#010x}"))
    return steps


def _layer2(frame: bytes) -> Step:
    text = f"last octets of both MACs {frame[5]:02x} ^ {frame[11]:02x} ^ type {frame[12:14].hex()}"
    return text, f"{layer2_word(frame):#010x}"


def _tag_and_source(question: FlowQuestion, frame: bytes) -> Step:
    text = f"VLAN {question.vlan} ^ source MAC {frame[6:9].hex()} ^ {frame[9:12].hex()}"
    return text, f"{tag_and_source_word(frame, question.vlan):#010x}"
