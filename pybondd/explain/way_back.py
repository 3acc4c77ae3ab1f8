"""By which port do the other side's frames come in? Modes 5 and 6."""

from pybondd.balance.clients import Client
from pybondd.balance.rlb import ReceiveBalance
from pybondd.explain.question import FlowQuestion
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.alb import ip_text
from pybondd.wire.ethernet import is_group


def source_of(state: BondState, port: Port) -> str:
    """The source address of a frame that leaves by this port: the bond's is the active port's."""
    return (state.mac if port is state.active else port.mac).hex(":")


def way_back(state: BondState, mode: BalanceTlb, question: FlowQuestion) -> str:
    """One sentence; "" where nobody answers, or no port would hear it."""
    if state.active is None or is_group(question.destination_mac or bytes(6)):
        return ""
    by_active = f"the way back is {state.active.name}"
    if not isinstance(mode, BalanceAlb):
        return f"{by_active}: whoever answers knows the bond's address only"
    if question.destination.version != 4:
        return f"{by_active}: balance-alb tells IPv4 clients only where to send"
    client = _client(mode.receive, question)
    if client is None:
        return f"{by_active}: {question.destination} was not met, so it knows the bond's address"
    return told_text(client)


def told_text(client: Client) -> str:
    """Where a client sends to us, and whether it knows."""
    name = ip_text(client.ip)
    if client.port is None:
        return f"no port is left for {name} to send to"
    told = "is yet to be told" if client.needs_update else "was told"
    return f"the way back is {client.port.name}: {name} {told} {client.port.mac.hex(':')}"


def _client(balance: ReceiveBalance, question: FlowQuestion) -> Client | None:
    """The other side, or the router before it, which --to names."""
    our_ip, ip = question.source.packed, question.destination.packed
    client = balance.clients.at(ip)
    if client and client.is_between(our_ip, ip):
        return client
    known = (each for each in balance.clients.walk() if each.our_ip == our_ip)
    return next((each for each in known if each.mac == question.next_hop), None)
