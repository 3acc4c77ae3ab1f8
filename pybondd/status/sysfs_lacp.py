"""What do the read-only files of LACP hold? Of the bond, and of each port.

Source: Linux 6.12 bond_sysfs.c, bond_sysfs_slave.c; recordings in
tests/conformance/data/proc-samples.
"""

from typing import Final

from pybondd.modes.base import Mode
from pybondd.port import Port
from pybondd.status.lacp_files import LACP_FILES, LACP_PORT_FILES
from pybondd.status.negotiated import active_aggregator, aggregation_port

NOT_AVAILABLE: Final = "N/A"


def lacp_text(mode: Mode, name: str) -> str:
    """The text of one of LACP_FILES, without the newline; "" in a mode without LACP."""
    assert name in LACP_FILES
    if mode.lacp is None:
        return ""
    active = active_aggregator(mode)
    if active is None:
        return "" if name == "ad_partner_mac" else "0"
    texts = {
        "ad_aggregator": str(active.id),
        "ad_num_ports": str(active.enabled_port_count),
        "ad_actor_key": str(active.key),
        "ad_partner_key": str(active.partner_key),
        "ad_partner_mac": active.partner_system.hex(":"),
    }
    return texts[name]


def lacp_port_texts(port: Port, mode: Mode) -> dict[str, str]:
    """The files of LACP in bonding_slave/, without newlines."""
    negotiated = aggregation_port(mode, port)
    if negotiated is None or negotiated.aggregator is None:
        numbers: tuple[str, ...] = (NOT_AVAILABLE,) * 3
    else:
        states = negotiated.actor.state, negotiated.partner.state
        numbers = tuple(str(each) for each in (negotiated.aggregator.id, *states))
    return dict(zip(LACP_PORT_FILES, numbers, strict=True))
