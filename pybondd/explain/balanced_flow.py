"""Which port does a flow take in modes 5 and 6, and with which source?

What is balanced is asked of balance/balanced.py, and which port of the tables; nothing is chosen.
"""

from dataclasses import replace

from pybondd.balance.balanced import bucket_by_destination, is_balanced_by_hash
from pybondd.balance.capacity import MEBIBIT_SHIFT
from pybondd.explain.balanced_arp import arp_answer
from pybondd.explain.flow_answer import FlowAnswer, Step
from pybondd.explain.policies import asks_for_next_hop, choices_of, modulo_text
from pybondd.explain.question import FlowQuestion, frame_of
from pybondd.explain.unbalanced import why_not_balanced
from pybondd.explain.way_back import coming_in, source_of, way_back
from pybondd.forwarding import BUCKET_COUNT
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.alb import next_rebalancing_s


def explain_balanced(state: BondState, mode: BalanceTlb, question: FlowQuestion) -> FlowAnswer:
    """Where this bond would send the flow at this moment; the bond has a carrier."""
    if not any(port.can_transmit for port in state.ports):
        return FlowAnswer("", "the flow is dropped", "no port can transmit at this moment")
    if question.arp is not None and isinstance(mode, BalanceAlb):
        return arp_answer(state, mode, question)
    answer = coming_in(state, mode, question)
    if answer is not None:
        return answer
    answer = _sent(state, mode, question)
    port = state.port_by_name(answer.port)
    if port is None:
        return answer
    back = way_back(state, mode, question)
    return replace(answer, source_mac=source_of(state, port), back=back)


def _sent(state: BondState, mode: BalanceTlb, question: FlowQuestion) -> FlowAnswer:
    frame = frame_of(question, source_mac=state.mac)
    by_address = isinstance(mode, BalanceAlb)
    bucket = bucket_by_destination(frame) if by_address else None
    if bucket is None and (by_address or not is_balanced_by_hash(frame)):
        why = why_not_balanced(question, takes_multicast=by_address)
        return _by_active(state, f"{why}: the active port")
    if not state.options.tlb_dynamic_lb:
        return _by_hash(state, mode, question)
    if bucket is not None:
        text = f"all octets of {question.destination} ^ each other"
        return _by_bucket(state, mode, bucket, ((text, str(bucket)),))
    return _by_hashed_bucket(state, mode, question)


def _by_active(state: BondState, why: str) -> FlowAnswer:
    active = state.active
    if active is None or not active.can_transmit:
        return FlowAnswer("", "the flow is dropped", f"{why}, which cannot transmit")
    return FlowAnswer(active.name, f"the flow leaves by {active.name}", why)


def _by_hash(state: BondState, mode: BalanceTlb, question: FlowQuestion) -> FlowAnswer:
    """tlb_dynamic_lb=0."""
    names = [port.name for port in mode.usable or ()]
    choices, used = choices_of(state, question, lambda word: names[word % len(names)])
    if used.word is None:
        return asks_for_next_hop(used.policy, choices)
    rest = [name for name in names if name != used.port]
    then = rest[used.word % len(rest)] if rest else ""
    why = f"tlb_dynamic_lb=0, {modulo_text(used, len(names))}"
    what = f"the flow leaves by {used.port}"
    return FlowAnswer(used.port, what, why, choices, then=then)


# -- buckets


def _by_hashed_bucket(state: BondState, mode: BalanceTlb, question: FlowQuestion) -> FlowAnswer:
    choices, used = choices_of(
        state, question, lambda word: _owner_name(state, mode, word % BUCKET_COUNT)
    )
    if used.word is None:
        return asks_for_next_hop(used.policy, choices)
    bucket = used.word % BUCKET_COUNT
    steps = ((f"its lowest octet, {bucket:#04x}", str(bucket)),)
    return replace(_by_bucket(state, mode, bucket, steps), choices=choices)


def _owner_name(state: BondState, mode: BalanceTlb, number: int) -> str:
    port = mode.transmit.buckets[number].port or mode.transmit.roomiest(state.ports)
    return port.name if port else ""


def _by_bucket(
    state: BondState, mode: BalanceTlb, number: int, steps: tuple[Step, ...]
) -> FlowAnswer:
    owner = mode.transmit.buckets[number].port
    if owner is None:
        return _by_roomiest(state, mode, number, steps)
    if not owner.can_transmit:
        why = f"bucket {number} is {owner.name}'s, which cannot transmit; it is given back with it"
        what = "the next frame of the flow is dropped"
        return FlowAnswer("", what, why, steps=steps)
    left_s = next_rebalancing_s(state, mode)
    until = "" if left_s is None else f" until all buckets choose anew in {left_s:.1f} s"
    return FlowAnswer(
        owner.name,
        f"the flow leaves by {owner.name}",
        f"bucket {number} is {owner.name}'s{until}",
        steps=steps,
        then=_then(state, owner),
    )


def _by_roomiest(
    state: BondState, mode: BalanceTlb, number: int, steps: tuple[Step, ...]
) -> FlowAnswer:
    port = mode.transmit.roomiest(state.ports)
    assert port is not None, "some port can transmit"
    usable = [each for each in state.ports if each.can_transmit]
    return FlowAnswer(
        port.name,
        f"the flow leaves by {port.name}",
        f"bucket {number} has no port: its next frame chooses the one with most room",
        steps=(*steps, *(_room(mode, each) for each in usable)),
        then=_then(state, port),
    )


def _room(mode: BalanceTlb, port: Port) -> Step:
    """In Linux's megabits, so that the speed is the room of an idle port."""
    room_mbps = mode.transmit.room_of(port) / (1 << MEBIBIT_SHIFT)
    known = port.speed_mbps is not None
    speed = f"{port.speed_mbps} Mbit/s" if known else "speed unknown, the most,"
    load = mode.transmit.load_of(port)
    return f"room of {port.name}: {speed} less {load} octets/s", f"{room_mbps:.1f} Mbit/s"


def _then(state: BondState, port: Port) -> str:
    """Who has most room then depends on what the failure itself moves."""
    rest = (each.name for each in state.ports if each.can_transmit and each is not port)
    return " or ".join(rest)
