"""Which port does this flow take, by which hash, and what would the other policies do?"""

from pybondd._pure import is_igmp, is_neighbour
from pybondd.explain.balanced_flow import explain_balanced
from pybondd.explain.flow_answer import FlowAnswer
from pybondd.explain.policies import asks_for_next_hop, choices_of, modulo_text
from pybondd.explain.question import FlowQuestion, frame_of
from pybondd.forwarding import Spread
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.modes.base import Mode
from pybondd.state import BondState

CHOSEN_BY_SWITCH = "the way back is chosen by the switch, not by this host"


def explain_flow(state: BondState, mode: Mode, question: FlowQuestion) -> FlowAnswer:
    """Where this bond would send the flow at this moment."""
    if not state.is_open or not state.has_carrier:
        why = "has no carrier" if state.is_open else "is set down"
        return FlowAnswer("", "the flow is dropped", f"{state.name} {why}")
    if isinstance(mode, BalanceTlb):
        return explain_balanced(state, mode, question)
    return _special(state, question) or _ordinary(state, question)


def _special(state: BondState, question: FlowQuestion) -> FlowAnswer | None:
    """What some modes do not treat as they treat the rest."""
    frame, table = frame_of(question, source_mac=state.mac), state.table
    if table.copies_neighbours and is_neighbour(frame):
        return _copied(state, "broadcast_neighbor=on copies ARP and neighbour discovery")
    if table.spread is Spread.ROUND_ROBIN and is_igmp(frame) and state.active:
        name = state.active.name
        return FlowAnswer(name, f"the flow leaves by {name}", "balance-rr keeps IGMP on one port")
    return None


def _ordinary(state: BondState, question: FlowQuestion) -> FlowAnswer:
    names = _usable_names(state)
    match state.table.spread:
        case Spread.HASH if names:
            return _hashed(state, question, names)
        case Spread.ONE:
            return FlowAnswer(names[0], f"the flow leaves by {names[0]}", "it is the active port")
        case Spread.ROUND_ROBIN if names:
            what = f"the packets of the flow take turns over {', '.join(names)}"
            per_port = state.options.packets_per_slave
            return FlowAnswer("", what, f"balance-rr, packets_per_slave={per_port}")
        case Spread.EVERY if names:
            return _copied(state, "broadcast sends a copy by each port with a link")
        case _:
            return FlowAnswer("", "the flow is dropped", f"no port of {state.name} is usable")


def _copied(state: BondState, why: str) -> FlowAnswer:
    ports = (state.port_by_index(ifindex) for ifindex in state.table.tx_ports)
    names = ", ".join(port.name for port in ports if port and port.is_live)
    return FlowAnswer("", f"every packet of the flow leaves by each of {names}", why)


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
    choices, used = choices_of(state, question, lambda word: names[word % len(names)])
    if used.word is None:
        return asks_for_next_hop(used.policy, choices)
    rest = [name for name in names if name != used.port]
    return FlowAnswer(
        used.port,
        f"the flow leaves by {used.port}",
        modulo_text(used, len(names)),
        choices,
        then=rest[used.word % len(rest)] if rest else "",
        back=CHOSEN_BY_SWITCH,
    )
