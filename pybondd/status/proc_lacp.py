"""What does /proc/net/bonding/<bond> say of LACP? Byte for byte, for two kinds of readers.

Who lacks CAP_NET_ADMIN does not see who negotiates with whom: that would help a forger. Source:
Linux 6.12 bond_procfs.c; recordings of both kinds in tests/conformance/data/proc-samples.
"""

from collections.abc import Iterator

from pybondd.lacp.boxes import ChurnBox
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import System
from pybondd.modes.base import Mode
from pybondd.options import OPTIONS
from pybondd.state import BondState
from pybondd.status.negotiated import active_aggregator
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import Participant

CHURN_WORDS = {
    ChurnBox.CHURN_MONITOR: "monitoring",
    ChurnBox.CHURN: "churned",
    ChurnBox.NO_CHURN: "none",
}


def lacp_bond_lines(state: BondState, mode: Mode, *, is_privileged: bool) -> Iterator[str]:
    """The block of the bond; nothing in a mode without LACP."""
    if mode.lacp is None:
        return
    options = state.options
    yield ""
    yield "802.3ad info"
    yield f"LACP active: {OPTIONS['lacp_active'].name_of(options.lacp_active)}"
    yield f"LACP rate: {OPTIONS['lacp_rate'].name_of(options.lacp_rate)}"
    yield f"Min links: {options.min_links}"
    policy = OPTIONS["ad_select"].name_of(options.ad_select)
    yield f"Aggregator selection policy (ad_select): {policy}"
    if is_privileged:
        yield f"System priority: {system_priority(mode.lacp)}"
        yield f"System MAC address: {mode.lacp.address.hex(':')}"
        yield from _active_aggregator(state, mode)


def system_priority(lacp: System) -> int:
    """The priority in use. Linux gives the system its identity when the first port joins."""
    return 0 if lacp.address == NO_ADDRESS else lacp.priority


def _active_aggregator(state: BondState, mode: Mode) -> Iterator[str]:
    active = active_aggregator(mode)
    if active is None:
        yield f"bond {state.name} has no active aggregator"
        return
    yield "Active Aggregator Info:"
    yield f"\tAggregator ID: {active.id}"
    yield f"\tNumber of ports: {active.enabled_port_count}"
    yield f"\tActor Key: {active.key}"
    yield f"\tPartner Key: {active.partner_key}"
    yield f"\tPartner Mac Address: {active.partner_system.hex(':')}"


def lacp_port_lines(port: AggregationPort, *, is_privileged: bool) -> Iterator[str]:
    """The lines at the end of a port's part; before the first pass there is little to say."""
    if port.aggregator is None:
        yield "Aggregator ID: N/A"
        return
    yield f"Aggregator ID: {port.aggregator.id}"
    yield f"Actor Churn State: {CHURN_WORDS[port.actor_churn_box]}"
    yield f"Partner Churn State: {CHURN_WORDS[port.partner_churn_box]}"
    yield f"Actor Churned Count: {port.actor_churn_count}"
    yield f"Partner Churned Count: {port.partner_churn_count}"
    if is_privileged:
        yield "details actor lacp pdu:"
        yield from _participant(port.actor, key_word="port key")
        yield "details partner lacp pdu:"
        yield from _participant(port.partner, key_word="oper key")


def _participant(side: Participant, *, key_word: str) -> Iterator[str]:
    yield f"    system priority: {side.system_priority}"
    yield f"    system mac address: {side.system.hex(':')}"
    yield f"    {key_word}: {side.key}"
    yield f"    port priority: {side.port_priority}"
    yield f"    port number: {side.port_number}"
    yield f"    port state: {side.state}"
