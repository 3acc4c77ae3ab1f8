"""What may a port's frames do? Linux 6.12 bonding.h bond_set_slave_inactive_flags and its siblings.

The data path reads `is_backup` and `is_inactive`; `is_rx_disabled` is read by the Mux machine only.
"""

from pybondd.lacp.port import AggregationPort
from pybondd.wire.slow import PortState


def disable(port: AggregationPort) -> None:
    """Send nothing by this port, and deliver nothing from it."""
    port.member.is_backup = True
    if not port.system.settings.receives_on_all:
        port.member.is_inactive = True
    port.is_rx_disabled = True


def enable(port: AggregationPort) -> None:
    """Use the port, if its link allows."""
    if _has_link(port):
        port.member.is_backup = False
        port.member.is_inactive = False
        port.is_rx_disabled = False


def enable_collecting(port: AggregationPort) -> None:
    """Let the port collect.

    Linux differs: it only makes a note, and what the port receives is still not delivered, since
    that hangs on the inactive mark alone.
    """
    if _has_link(port):
        port.is_rx_disabled = False
        if port.is_mended:
            port.member.is_inactive = False


def hear_early(port: AggregationPort) -> None:
    """Deliver what a partner sends that has seen us in sync, before we have seen it.

    It may distribute from that moment on, while Linux's port listens only when the partner's word
    has come and a pass has run: up to 0.3 s of its frames are lost. A partner that takes us for
    somebody else is not heard.
    """
    if not port.is_mended or port.aggregator is None or not port.aggregator.has_partner:
        return
    in_sync = port.matched and port.actor_has(PortState.SYNCHRONIZATION)
    if in_sync and _has_link(port):
        port.member.is_inactive = False
    elif not port.system.settings.receives_on_all:
        port.member.is_inactive = True


def stop_distributing(port: AggregationPort) -> None:
    """Send nothing by this port."""
    port.member.is_backup = True


def _has_link(port: AggregationPort) -> bool:
    return port.member.is_link_up and port.member.is_running
