"""By which port does an ARP of our host leave in balance-alb, and what does it say of us?

The answer follows balance/rlb.py from_host, without changing the table of clients.
"""

from pybondd.balance.rlb import is_on_bridge
from pybondd.explain.flow_answer import FlowAnswer
from pybondd.explain.question import FlowQuestion
from pybondd.explain.way_back import source_of
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.alb import ip_text
from pybondd.wire.arp import ArpOperation


def arp_answer(state: BondState, mode: BalanceAlb, question: FlowQuestion) -> FlowAnswer:
    """Where the bond would send the ARP now, and what follows from it."""
    untouched = _why_untouched(state, question)
    port, why = (None, untouched) if untouched else _port_for(state, mode, question)
    port = port or state.active
    if port is None or not port.can_transmit:
        return FlowAnswer("", "the ARP is dropped", "the active port cannot transmit")
    kind = "request" if question.arp is ArpOperation.REQUEST else "answer"
    return FlowAnswer(
        port.name,
        f"the {kind} leaves by {port.name}",
        why,
        source_mac=source_of(state, port),
        back="" if untouched else _believed(state, question, port),
    )


def _why_untouched(state: BondState, question: FlowQuestion) -> str:
    if not any(port.mac == state.mac for port in state.ports):
        return "no port has the bond's address, so this is not the bond's own ARP"
    if is_on_bridge(state, question.source.packed):
        return f"{question.source} is a bridge's, which answers for others too: the active port"
    return ""


def _port_for(
    state: BondState, mode: BalanceAlb, question: FlowQuestion
) -> tuple[Port | None, str]:
    balance, ip = mode.receive, question.destination.packed
    client = balance.clients.at(ip)
    turn = balance.whose_turn(state)
    if client and client.is_between(question.source.packed, ip):
        if client.port:
            return client.port, f"{question.destination} is a client of {client.port.name}"
        return turn, f"{question.destination} is a client without a port: the next in turn"
    if client:
        gone = f"{ip_text(client.ip)} loses its place in the table to it"
        return turn, f"{question.destination} is a new client, for the next port in turn; {gone}"
    return turn, f"{question.destination} is a new client: the next in turn of the fastest ports"


def _believed(state: BondState, question: FlowQuestion, port: Port) -> str:
    """What whoever hears it makes of it."""
    if question.arp is ArpOperation.REPLY:
        return f"it says that {question.source} is at {port.mac.hex(':')}, so answers come there"
    return (
        f"it says that {question.source} is at {state.mac.hex(':')}, the active port's; "
        "clients of other ports who hear that are told anew 2 s later"
    )
