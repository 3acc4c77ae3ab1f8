"""Why does this frame leave by the active port, whatever the load? Modes 5 and 6.

Asked only of frames of which balance/balanced.py says so; the order is its order.
"""

from pybondd.balance.balanced import ALL_NODES_MAC
from pybondd.explain.question import LIMITED_BROADCAST, FlowQuestion
from pybondd.wire import protocols
from pybondd.wire.ethernet import BROADCAST


def why_not_balanced(question: FlowQuestion, *, takes_multicast: bool) -> str:
    """One reason, which holds for this frame. `takes_multicast`: balance-alb balances it too."""
    if question.arp is not None:
        return "ARP comes from the address that it tells of"
    if question.destination_mac == BROADCAST or question.destination == LIMITED_BROADCAST:
        return "a broadcast comes from one address"
    if question.protocol == protocols.ICMPV6:
        return "neighbour discovery comes from the address that it tells of"
    if not takes_multicast:
        return "balance-tlb shares out what goes to one station only"
    if question.protocol == protocols.IGMP:
        return "IGMP tells the switch behind which port the member of a group is"
    if question.destination_mac == ALL_NODES_MAC:
        return "a frame to all IPv6 nodes is a broadcast"
    assert question.source.is_unspecified, "this frame is balanced"
    return "who has no address yet is heard by one port only"
