"""What may a port's frames do? Linux 6.12 bonding.h bond_set_slave_inactive_flags and its siblings.

The data path reads `is_backup` and `is_inactive`; `is_rx_disabled` is read by the Mux machine only.
"""

from pybondd.lacp.port import AggregationPort


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
    """Note that the port collects.

    Linux differs from the standard: what it receives is still not delivered, since that hangs on
    the inactive mark alone (see docs/linux-and-ieee.md).
    """
    if _has_link(port):
        port.is_rx_disabled = False


def stop_distributing(port: AggregationPort) -> None:
    """Send nothing by this port."""
    port.member.is_backup = True


def _has_link(port: AggregationPort) -> bool:
    return port.member.is_link_up and port.member.is_running
