"""What does iproute2 say of LACP? The keys that only mode 4 has.

Source: Linux 6.12 bond_netlink.c bond_fill_info, bond_fill_slave_info; iproute2 6.1
iplink_bond_slave.c for the words of the port state.
"""

from collections.abc import Mapping
from typing import Final

from pybondd.modes.base import Mode
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.negotiated import active_aggregator, aggregation_port

PORT_STATE_WORDS: Final = (
    "active",
    "short_timeout",
    "aggregating",
    "in_sync",
    "collecting",
    "distributing",
    "defaulted",
    "expired",
)
"""By bit, the lowest first."""


def state_words(state: int) -> list[str]:
    """The bits of a port state that are set, in iproute2's words."""
    return [word for bit, word in enumerate(PORT_STATE_WORDS) if state & 1 << bit]


def ad_info(mode: Mode) -> Mapping[str, dict[str, str | int]]:
    """The active aggregator; nothing without one."""
    active = active_aggregator(mode)
    if active is None:
        return {}
    shown: dict[str, str | int] = {
        "aggregator": active.id,
        "num_ports": active.enabled_port_count,
        "actor_key": active.key,
        "partner_key": active.partner_key,
        "partner_mac": active.partner_system.hex(":"),
    }
    return {"ad_info": shown}


def ad_identity(state: BondState, mode: Mode) -> Mapping[str, str | int]:
    """Who we are to partners, as configured; Linux shows it to CAP_NET_ADMIN only."""
    if mode.lacp is None:
        return {}
    return {
        "ad_actor_sys_prio": state.options.ad_actor_sys_prio,
        "ad_user_port_key": state.options.ad_user_port_key,
        "ad_actor_system": state.options.ad_actor_system.hex(":"),
    }


def ad_port(port: Port, mode: Mode) -> Mapping[str, str | int | list[str]]:
    """The port's aggregator and both port states; nothing until it is in an aggregator."""
    negotiated = aggregation_port(mode, port)
    if negotiated is None or negotiated.aggregator is None:
        return {}
    return {
        "ad_aggregator_id": negotiated.aggregator.id,
        "ad_actor_oper_port_state": negotiated.actor.state,
        "ad_actor_oper_port_state_str": state_words(negotiated.actor.state),
        "ad_partner_oper_port_state": negotiated.partner.state,
        "ad_partner_oper_port_state_str": state_words(negotiated.partner.state),
    }
