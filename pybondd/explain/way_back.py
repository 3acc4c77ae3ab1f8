"""By which port do the other side's frames come in? Modes 5 and 6."""

from pybondd.balance.clients import Client
from pybondd.balance.rlb import ReceiveBalance
from pybondd.explain.flow_answer import FlowAnswer
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
    """One sentence; "" where nobody answers."""
    if is_group(question.destination_mac or bytes(6)):
        return ""
    ours, theirs = question.source.packed, question.destination.packed
    port, why = _received_by(state, mode, ours, theirs, question.next_hop)
    return f"the way back is {port.name}: {why}" if port else f"there is no way back: {why}"


def coming_in(state: BondState, mode: BalanceTlb, question: FlowQuestion) -> FlowAnswer | None:
    """The answer for a flow that is sent to the host; None for one that the host sends."""
    theirs, ours = question.source.packed, question.destination.packed
    if ours not in {ip for above in state.interfaces for ip in (*above.ipv4, *above.ipv6)}:
        return None
    port, why = _received_by(state, mode, ours, theirs, None)
    if port is None:
        return FlowAnswer("", "the flow does not come in", why)
    return FlowAnswer(port.name, f"the flow comes in by {port.name}", why)


def _received_by(
    state: BondState, mode: BalanceTlb, ours: bytes, theirs: bytes, router_mac: bytes | None
) -> tuple[Port | None, str]:
    """The port that the other side, or the router before it, sends to, and why."""
    active = state.active
    if not isinstance(mode, BalanceAlb):
        return active, "whoever answers knows the bond's address only"
    if len(theirs) != 4:
        return active, "balance-alb tells only IPv4 clients where to send"
    client = _client(mode.receive, ours, theirs, router_mac)
    if client is None:
        return active, f"{ip_text(theirs)} was not met, so it knows the bond's address"
    name = ip_text(client.ip)
    if client.port is None:
        return None, f"no port is left for {name} to send to"
    told = "is yet to be told" if client.needs_update else "was told"
    return client.port, f"{name} {told} {client.port.mac.hex(':')}"


def _client(
    balance: ReceiveBalance, ours: bytes, theirs: bytes, router_mac: bytes | None
) -> Client | None:
    client = balance.clients.at(theirs)
    if client and client.is_between(ours, theirs):
        return client
    known = (each for each in balance.clients.walk() if each.our_ip == ours)
    return next((each for each in known if each.mac == router_mac), None)
