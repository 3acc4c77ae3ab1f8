"""What has LACP made of a port, and of the bond? The look-ups that all texts of mode 4 begin with.

Source: Linux 6.12 bond_3ad.c __bond_3ad_get_active_agg_info.
"""

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.port import AggregationPort
from pybondd.modes.base import Mode
from pybondd.port import Port


def aggregation_port(mode: Mode, port: Port) -> AggregationPort | None:
    """What LACP knows of this port; None in a mode without LACP."""
    if mode.lacp is None:
        return None
    return next(each for each in mode.lacp.ports if each.member is port)


def active_aggregator(mode: Mode) -> Aggregator | None:
    """The aggregator in use; None without one, and in a mode without LACP."""
    if mode.lacp is None:
        return None
    found = (port.aggregator for port in mode.lacp.ports if port.is_in_active_aggregator)
    return next(found, None)
