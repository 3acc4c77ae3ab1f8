"""Which port does this flow take, by which hash, and what would the other policies do?

The numbers come from the functions that the readable packet path runs (balance/hashing.py).
"""

from dataclasses import dataclass
from typing import Final

from pybondd.balance.hashing import dissected, fold, layer2_word, tag_and_source_word, transmit_hash
from pybondd.explain.question import FlowQuestion, frame_of
from pybondd.forwarding import HashPolicy, Spread
from pybondd.options import OPTIONS
from pybondd.state import BondState

Step = tuple[str, str]
"""What is done, and the number that comes of it."""

NEEDS_NEXT_HOP: Final = frozenset({HashPolicy.LAYER2, HashPolicy.LAYER23, HashPolicy.ENCAP23})
"""Policies that look at the destination's MAC address."""
DROPS_A_BIT: Final = frozenset({HashPolicy.LAYER34, HashPolicy.ENCAP34})


@dataclass(frozen=True, slots=True)
class Choice:
    """What one policy makes of the flow. `port` is "" where the next hop's address is missing."""

    policy: str
    is_in_use: bool
    word: int | None
    port: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class FlowAnswer:
    """The ports by which a frame of the flow leaves, in words and by each hash policy.

    `port` is the one port of the flow, "" if it has none or several. `then` is the port that it
    would take if that one failed, "" if there is none.
    """

    port: str
    what: str
    why: str
    choices: tuple[Choice, ...] = ()
    then: str = ""


def explain_flow(state: BondState, question: FlowQuestion) -> FlowAnswer:
    """Where this bond would send the flow at this moment."""
    names = _usable_names(state)
    if not state.is_open or not state.has_carrier:
        why = "has no carrier" if state.is_open else "is set down"
        return FlowAnswer("", "the flow is dropped", f"{state.name} {why}")
    match state.table.spread:
        case Spread.HASH if names:
            return _hashed(state, question, names)
        case Spread.ONE:
            return FlowAnswer(names[0], f"the flow leaves by {names[0]}", "it is the active port")
        case Spread.ROUND_ROBIN if names:
            what = f"the packets of the flow take turns over {', '.join(names)}"
            per_port = state.options.packets_per_slave
            why = f"balance-rr, packets_per_slave={per_port}; IGMP stays on one port"
            return FlowAnswer("", what, why)
        case Spread.EVERY if names:
            what = f"every packet of the flow leaves by each of {', '.join(names)}"
            return FlowAnswer("", what, "broadcast sends a copy by each port with a link")
        case _:
            return FlowAnswer("", "the flow is dropped", f"no port of {state.name} is usable")


def _usable_names(state: BondState) -> list[str]:
    """By name, the ports that the data plane would choose from (forwarding.py: Spread)."""
    table = state.table
    ports = [state.port_by_index(ifindex) for ifindex in table.tx_ports]
    found = [port for port in ports if port is not None]
    if table.spread is Spread.ROUND_ROBIN:
        return [port.name for port in found if port.can_transmit]
    if table.spread is Spread.EVERY:
        return [port.name for port in found if port.is_live]
    return [port.name for port in found]


def _hashed(state: BondState, question: FlowQuestion, names: list[str]) -> FlowAnswer:
    choices = tuple(_choice(state, question, policy, names) for policy in HashPolicy)
    used = next(choice for choice in choices if choice.is_in_use)
    if used.word is None:
        what = "the port of the flow hangs on the next hop's MAC address"
        why = f"xmit_hash_policy {used.policy} hashes it: give it with --to MAC"
        return FlowAnswer("", what, why, choices)
    rest = [name for name in names if name != used.port]
    then = rest[used.word % len(rest)] if rest else ""
    why = f"xmit_hash_policy {used.policy}: {used.word:#x} % {len(names)} ports = "
    why += str(used.word % len(names))
    return FlowAnswer(used.port, f"the flow leaves by {used.port}", why, choices, then)


def _choice(
    state: BondState, question: FlowQuestion, policy: HashPolicy, names: list[str]
) -> Choice:
    name = OPTIONS["xmit_hash_policy"].name_of(policy)
    is_in_use = policy is state.table.hash_policy
    if policy in NEEDS_NEXT_HOP and question.next_hop is None:
        return Choice(name, is_in_use, None, "", ())
    frame = frame_of(question, source_mac=state.mac)
    word = transmit_hash(policy, frame, question.vlan)
    steps = tuple(_steps(policy, question, frame))
    return Choice(name, is_in_use, word, names[word % len(names)], steps)


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
