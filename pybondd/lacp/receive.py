"""Receive machine: whose word do we have about the partner?

It takes the partner's word from LACPDUs, watches that it stays current, and falls back to the
administrative values when it does not. IEEE Std 802.1AX-2014 6.4.12; Linux 6.12 bond_3ad.c
ad_rx_machine.
"""

from typing import Final

from pybondd.lacp.boxes import ReceiveBox
from pybondd.lacp.key import is_aggregatable
from pybondd.lacp.machine import Arc, Machine, Unless, always
from pybondd.lacp.port import NO_PARTNER, AggregationPort
from pybondd.lacp.system import PASSES_PER_SECOND, Follows
from pybondd.wire.slow import Lacpdu, PortState

SHORT_TIMEOUT_PASSES: Final = 3 * PASSES_PER_SECOND
LONG_TIMEOUT_PASSES: Final = 90 * PASSES_PER_SECOND
"""IEEE Std 802.1AX-2014 6.4.4: three times the period that we ask our partner for."""

_HEARING = (ReceiveBox.EXPIRED, ReceiveBox.DEFAULTED, ReceiveBox.CURRENT)
_ANNOUNCED = (
    PortState.ACTIVITY | PortState.SHORT_TIMEOUT | PortState.AGGREGATION | PortState.SYNCHRONIZATION
)
"""Bits of our state that the partner must know: if its copy differs, we tell it again."""


# Conditions.


def begin(port: AggregationPort) -> bool:
    return port.begin


def port_not_enabled(port: AggregationPort) -> bool:
    """BEGIN goes first."""
    return not port.port_enabled and not port.begin


def lacpdu_received(port: AggregationPort) -> bool:
    return port.received is not None


def current_while_expired(port: AggregationPort) -> bool:
    """Nobody has spoken in time; an LACPDU in the last moment is in time."""
    return port.current_while_expired and port.received is None


def enabled_with_lacp(port: AggregationPort) -> bool:
    """Linux differs: if current_while runs out in this very pass, the next one decides."""
    return port.lacp_enabled and not port.current_while_expired


def enabled_without_lacp(port: AggregationPort) -> bool:
    """As with LACP: a current_while that runs out delays it by a pass."""
    return not port.lacp_enabled and not port.current_while_expired


def is_looped(port: AggregationPort) -> bool:
    """The LACPDU says that it comes from this very system."""
    assert port.received is not None
    return port.received.actor.system == port.actor.system


# Actions.


def record_default(port: AggregationPort) -> None:
    """Nothing is known of the partner: take the administrative values."""
    port.partner = NO_PARTNER
    port.set_actor(PortState.DEFAULTED, on=True)


def ask_defaulted_partner_for_short_timeout(port: AggregationPort) -> None:
    """Suppose that the silent partner wants to hear from us every second.

    Linux supposes 30 s, so that after an outage of both directions nobody speaks for half a minute.
    The partner's administrative timeout is ours to choose (IEEE Std 802.1AX-2014 6.4.6), and teamd
    chooses so too.
    """
    if port.is_mended:
        port.set_partner(PortState.SHORT_TIMEOUT, on=True)


def update_default_selected(port: AggregationPort) -> None:
    """Nobody, as a partner, must be selected anew as any other."""
    _unselect_unless_partner_is(port, NO_PARTNER.identity, NO_PARTNER.state)


def update_selected(port: AggregationPort) -> None:
    """Another partner than before must be selected anew."""
    assert port.received is not None
    actor = port.received.actor
    _unselect_unless_partner_is(port, actor.identity, actor.state)


def _unselect_unless_partner_is(
    port: AggregationPort, identity: tuple[int, int, bytes, int, int], state: int
) -> None:
    same_aggregation = not (port.partner.state ^ state) & PortState.AGGREGATION
    if port.partner.identity != identity or not same_aggregation:
        port.selected = False


def update_ntt(port: AggregationPort) -> None:
    """If the partner has an old picture of us, it needs another LACPDU."""
    assert port.received is not None
    picture = port.received.partner
    differs = (picture.state ^ port.actor.state) & _ANNOUNCED
    if picture.identity != port.actor.identity or differs:
        port.ntt = True


def record_pdu(port: AggregationPort) -> None:
    """Take over what the partner says of itself.

    Linux differs: a partner that does not aggregate counts as matched whatever it says of us, and
    nobody asks whether one of the two sides is active.
    """
    assert port.received is not None
    said, picture = port.received.actor, port.received.partner
    knows_us = (
        picture.identity == port.actor.identity
        and not (picture.state ^ port.actor.state) & PortState.AGGREGATION
    )
    port.matched = knows_us or not said.state & PortState.AGGREGATION
    port.partner = said
    port.set_actor(PortState.DEFAULTED, on=False)
    if not port.matched:
        port.set_partner(PortState.SYNCHRONIZATION, on=False)


def start_current_while(port: AggregationPort) -> None:
    """The partner must speak again within three of the periods that we asked it for."""
    is_short = port.actor_has(PortState.SHORT_TIMEOUT)
    port.current_while = SHORT_TIMEOUT_PASSES if is_short else LONG_TIMEOUT_PASSES


def start_short_current_while(port: AggregationPort) -> None:
    port.current_while = SHORT_TIMEOUT_PASSES


def clear_expired(port: AggregationPort) -> None:
    port.set_actor(PortState.EXPIRED, on=False)


def set_expired(port: AggregationPort) -> None:
    port.set_actor(PortState.EXPIRED, on=True)


def unselect(port: AggregationPort) -> None:
    port.selected = False


def enable_lacp_by_duplex(port: AggregationPort) -> None:
    """LACP is for full duplex links only."""
    port.lacp_enabled = is_aggregatable(port.actor.key)


def clear_matched(port: AggregationPort) -> None:
    port.matched = False


def set_matched(port: AggregationPort) -> None:
    port.matched = True


def clear_partner_sync(port: AggregationPort) -> None:
    port.set_partner(PortState.SYNCHRONIZATION, on=False)


def clear_sync_of_disabled_partner(port: AggregationPort) -> None:
    """Lets the Mux machine leave its collecting boxes when the link is lost.

    Linux 6.1 does not do this: there a port without a link shows its old state until it is back.
    """
    if port.system.settings.follows is not Follows.LINUX_6_1:
        clear_partner_sync(port)


def clear_partner_aggregation(port: AggregationPort) -> None:
    """Whoever is there, the link is alone."""
    port.set_partner(PortState.AGGREGATION, on=False)


def want_fast_answers(port: AggregationPort) -> None:
    """Send every second while the partner is silent."""
    port.set_partner(PortState.SHORT_TIMEOUT, on=True)


def restart_churn(port: AggregationPort) -> None:
    port.churn_restart = True


def count_loop(port: AggregationPort) -> None:
    """Complain once per loop, not once per LACPDU; Linux logs each."""
    if not is_looped(port):
        port.is_loop_told = False
        return
    port.counters.looped += 1
    if not port.is_loop_told:
        port.is_loop_told = True
        port.system.tell_error(port, "an LACPDU of our own came back: is a cable looped?")


def let_time_pass(port: AggregationPort) -> None:
    """Count current_while down, unless an LACPDU stops it."""
    if port.received is not None and port.receive_box in _HEARING:
        port.current_while = 0
        # Linux differs: churn detection begins again when a silent partner speaks.
        port.churn_restart |= port.receive_box is not ReceiveBox.CURRENT
    elif port.current_while:
        port.current_while -= 1
        port.current_while_expired = port.current_while == 0


def forget_moment(port: AggregationPort) -> None:
    """An LACPDU is heard once, a timer runs out once."""
    port.received = None
    port.current_while_expired = False


_B = ReceiveBox
RECEIVE: Final = Machine(
    "receive",
    "IEEE Std 802.1AX-2014 6.4.12, Receive machine",
    "receive_box",
    every_pass=let_time_pass,
    after_pass=forget_moment,
    entry={
        _B.INITIALIZE: (
            enable_lacp_by_duplex,
            unselect,
            record_default,
            clear_expired,
            restart_churn,
        ),
        _B.PORT_DISABLED: (clear_matched, clear_sync_of_disabled_partner),
        _B.LACP_DISABLED: (
            unselect,
            record_default,
            clear_partner_aggregation,
            set_matched,
            clear_expired,
        ),
        _B.EXPIRED: (
            clear_matched,
            clear_partner_sync,
            want_fast_answers,
            start_short_current_while,
            set_expired,
            restart_churn,
        ),
        _B.DEFAULTED: (
            update_default_selected,
            record_default,
            ask_defaulted_partner_for_short_timeout,
            set_matched,
            clear_expired,
        ),
        _B.CURRENT: (
            count_loop,
            Unless(
                is_looped,
                (update_selected, update_ntt, record_pdu, start_current_while, clear_expired),
            ),
        ),
    },
    arcs=(
        Arc(
            None,
            _B.INITIALIZE,
            begin,
            linux="BEGIN is of each port, and a change of speed sets it again",
        ),
        Arc(_B.INITIALIZE, _B.PORT_DISABLED, always, at_once=True),
        Arc(None, _B.PORT_DISABLED, port_not_enabled),
        Arc(_B.PORT_DISABLED, _B.EXPIRED, enabled_with_lacp),
        Arc(_B.PORT_DISABLED, _B.LACP_DISABLED, enabled_without_lacp),
        Arc(
            _B.LACP_DISABLED,
            _B.LACP_DISABLED,
            lacpdu_received,
            linux="an LACPDU repeats what is done on entry; the standard ignores it",
        ),
        Arc(_B.EXPIRED, _B.DEFAULTED, current_while_expired),
        Arc(_B.EXPIRED, _B.CURRENT, lacpdu_received),
        Arc(_B.DEFAULTED, _B.CURRENT, lacpdu_received),
        Arc(_B.CURRENT, _B.EXPIRED, current_while_expired),
        Arc(_B.CURRENT, _B.CURRENT, lacpdu_received),
    ),
)


def run_receive(port: AggregationPort, pdu: Lacpdu | None = None) -> None:
    """One pass, or the arrival of one LACPDU (which is handled at once, between passes)."""
    port.received = pdu
    if pdu is not None and is_looped(port) and port.is_mended:
        # Linux differs: there our own word stops current_while, so that a path which has become a
        # loop is used for ever.
        count_loop(port)
        port.received = None
    else:
        RECEIVE.step_once(port)
