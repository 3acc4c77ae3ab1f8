"""Churn Detection machines: does this side fail to get in sync?

If actor or partner is not in sync a minute after a restart, something keeps them from it.
IEEE Std 802.1AX-2014 6.4.17; Linux 6.12 bond_3ad.c ad_churn_machine.
"""

from typing import Final

from pybondd.lacp.boxes import ChurnBox
from pybondd.lacp.machine import Arc, Machine
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import PASSES_PER_SECOND
from pybondd.wire.slow import PortState

CHURN_DETECTION_PASSES: Final = 60 * PASSES_PER_SECOND
"""IEEE Std 802.1AX-2014 6.4.4, Churn_Detection_Time."""


def restart_wanted(port: AggregationPort) -> bool:
    return port.churn_restart


def actor_churn_timer_expired_in_sync(port: AggregationPort) -> bool:
    return port.actor_churn_expired and port.actor_has(PortState.SYNCHRONIZATION)


def actor_churn_timer_expired_out_of_sync(port: AggregationPort) -> bool:
    return port.actor_churn_expired and not port.actor_has(PortState.SYNCHRONIZATION)


def partner_churn_timer_expired_in_sync(port: AggregationPort) -> bool:
    return port.partner_churn_expired and port.partner_has(PortState.SYNCHRONIZATION)


def partner_churn_timer_expired_out_of_sync(port: AggregationPort) -> bool:
    return port.partner_churn_expired and not port.partner_has(PortState.SYNCHRONIZATION)


def start_actor_churn_timer(port: AggregationPort) -> None:
    """We have a minute to get in sync."""
    port.actor_churn_timer = CHURN_DETECTION_PASSES


def start_partner_churn_timer(port: AggregationPort) -> None:
    """The partner has a minute to get in sync."""
    port.partner_churn_timer = CHURN_DETECTION_PASSES


def count_actor_churn(port: AggregationPort) -> None:
    port.actor_churn_count += 1


def count_partner_churn(port: AggregationPort) -> None:
    port.partner_churn_count += 1


def let_actor_time_pass(port: AggregationPort) -> None:
    """Count our minute down."""
    if port.actor_churn_timer:
        port.actor_churn_timer -= 1
        port.actor_churn_expired = port.actor_churn_timer == 0


def let_partner_time_pass(port: AggregationPort) -> None:
    """Count the partner's minute down."""
    if port.partner_churn_timer:
        port.partner_churn_timer -= 1
        port.partner_churn_expired = port.partner_churn_timer == 0


def forget_actor_moment(port: AggregationPort) -> None:
    port.actor_churn_expired = False


def forget_partner_moment(port: AggregationPort) -> None:
    """The wish to restart is of both machines; this one runs after the other."""
    port.partner_churn_expired = port.churn_restart = False


_B = ChurnBox
_LINUX = "it looks when the minute is over, not at the moment when sync is gained or lost"
ACTOR_CHURN: Final = Machine(
    "actor churn",
    "IEEE Std 802.1AX-2014 6.4.17, Actor Churn Detection machine",
    "actor_churn_box",
    every_pass=let_actor_time_pass,
    after_pass=forget_actor_moment,
    entry={
        _B.CHURN_MONITOR: (start_actor_churn_timer,),
        _B.NO_CHURN: (),
        _B.CHURN: (count_actor_churn,),
    },
    arcs=(
        Arc(None, _B.CHURN_MONITOR, restart_wanted, again=True),
        Arc(_B.CHURN_MONITOR, _B.NO_CHURN, actor_churn_timer_expired_in_sync, linux=_LINUX),
        Arc(_B.CHURN_MONITOR, _B.CHURN, actor_churn_timer_expired_out_of_sync),
    ),
)
PARTNER_CHURN: Final = Machine(
    "partner churn",
    "IEEE Std 802.1AX-2014 6.4.17, Partner Churn Detection machine",
    "partner_churn_box",
    every_pass=let_partner_time_pass,
    after_pass=forget_partner_moment,
    entry={
        _B.CHURN_MONITOR: (start_partner_churn_timer,),
        _B.NO_CHURN: (),
        _B.CHURN: (count_partner_churn,),
    },
    arcs=(
        Arc(None, _B.CHURN_MONITOR, restart_wanted, again=True),
        Arc(_B.CHURN_MONITOR, _B.NO_CHURN, partner_churn_timer_expired_in_sync, linux=_LINUX),
        Arc(_B.CHURN_MONITOR, _B.CHURN, partner_churn_timer_expired_out_of_sync),
    ),
)


def run_churn(port: AggregationPort) -> None:
    """One pass of both machines; they share the wish to restart."""
    ACTOR_CHURN.step_once(port)
    PARTNER_CHURN.step_once(port)
