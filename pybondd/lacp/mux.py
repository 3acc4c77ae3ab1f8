"""Mux machine: may this port collect and distribute?

Two tables: the coupled one (both at once) and the independent one (`coupled_control` off).
IEEE Std 802.1AX-2014 6.4.15; Linux 6.12 bond_3ad.c ad_mux_machine. Linux takes one arc a pass.
"""

from typing import Final

from pybondd.lacp.boxes import Box, MuxBox
from pybondd.lacp.gates import disable, enable, enable_collecting, hear_early, stop_distributing
from pybondd.lacp.machine import Action, Arc, Machine
from pybondd.lacp.port import AggregationPort
from pybondd.lacp.system import PASSES_PER_SECOND
from pybondd.wire.slow import PortState

AGGREGATE_WAIT_PASSES: Final = 2 * PASSES_PER_SECOND
"""IEEE Std 802.1AX-2014 6.4.4, Aggregate_Wait_Time: let the other ports of the link appear."""

_CARRYING = PortState.COLLECTING | PortState.DISTRIBUTING


# Conditions.


def begin(port: AggregationPort) -> bool:
    return port.begin


def selected(port: AggregationPort) -> bool:
    return port.selected


def unselected(port: AggregationPort) -> bool:
    return not port.selected


def selected_and_ready(port: AggregationPort) -> bool:
    """Every port of the aggregator has waited."""
    return port.selected and port.wait_while == 0 and _is_ready(port)


def _is_ready(port: AggregationPort) -> bool:
    return port.aggregator is not None and all(each.ready_n for each in port.aggregator.ports)


def selected_and_partner_in_sync(port: AggregationPort) -> bool:
    """Linux differs: a bond uses one aggregator at a time, and first waits to see which."""
    in_sync = port.selected and port.partner_has(PortState.SYNCHRONIZATION)
    is_chosen = port.is_in_active_aggregator and port.system.selection_hold == 0
    return in_sync and is_chosen and _has_been_told(port)


def _has_been_told(port: AggregationPort) -> bool:
    """Whether the partner can know that we are in sync.

    Linux does not ask: it sends traffic up to two passes before the LACPDU that says so, and a
    partner such as Open vSwitch drops what comes before that.
    """
    return port.is_sync_told or not port.is_mended


def unselected_or_out_of_sync(port: AggregationPort) -> bool:
    in_sync = (
        port.selected
        and port.partner_has(PortState.SYNCHRONIZATION)
        and port.actor_has(PortState.SYNCHRONIZATION)
    )
    return not in_sync or _has_lost(port)


def _has_lost(port: AggregationPort) -> bool:
    """Whether the bond has gone over to another aggregator, which Linux's port does not mind."""
    return port.is_mended and not port.is_in_active_aggregator


def partner_in_sync_and_collecting(port: AggregationPort) -> bool:
    return not unselected_or_out_of_sync(port) and port.partner_has(PortState.COLLECTING)


def unselected_out_of_sync_or_partner_not_collecting(port: AggregationPort) -> bool:
    return unselected_or_out_of_sync(port) or not port.partner_has(PortState.COLLECTING)


# Actions.


def detach_mux(port: AggregationPort) -> None:
    """Out of sync, and out of use if there is a partner."""
    port.set_actor(PortState.SYNCHRONIZATION, on=False)
    disable_if_partner(port)


def attach_mux(port: AggregationPort) -> None:
    """Linux differs: in sync means attached to the aggregator that the bond uses."""
    port.set_actor(PortState.SYNCHRONIZATION, on=port.is_in_active_aggregator)
    port.is_sync_told = False


def follow_the_choice(port: AggregationPort) -> None:
    """The aggregator came into use, or another one did, while the port was attached to it.

    Linux differs: the first is told with the next periodic LACPDU, up to 30 s later, and the
    second never, so that the partner sends into the void.
    """
    in_sync = port.is_in_active_aggregator
    if in_sync == port.actor_has(PortState.SYNCHRONIZATION) or not (in_sync or port.is_mended):
        return
    port.set_actor(PortState.SYNCHRONIZATION, on=in_sync)
    port.is_sync_told = False
    port.ntt |= port.is_mended


def stop_carrying(port: AggregationPort) -> None:
    """Neither collect nor distribute."""
    port.set_actor(_CARRYING, on=False)


def disable_if_partner(port: AggregationPort) -> None:
    """Linux differs: a port whose partner never spoke LACP goes on alone."""
    if port.aggregator is not None and port.aggregator.has_partner:
        disable(port)


def start_wait_while(port: AggregationPort) -> None:
    port.wait_while = AGGREGATE_WAIT_PASSES


def clear_ready_n(port: AggregationPort) -> None:
    """Linux differs: after BEGIN it stays as it was; the port waits all the same."""
    if not port.begin:
        port.ready_n = False


def carry(port: AggregationPort) -> None:
    """Collect and distribute, and be in sync whatever was before."""
    port.set_actor(_CARRYING | PortState.SYNCHRONIZATION, on=True)
    enable_if_active(port)


def enable_if_active(port: AggregationPort) -> None:
    if port.is_in_active_aggregator:
        enable(port)


def enable_again(port: AggregationPort) -> None:
    """Something else took the port out of use while it carried traffic."""
    if port.member.is_backup:
        enable_if_active(port)


def collect_only(port: AggregationPort) -> None:
    """Collect, and distribute no more."""
    port.set_actor(PortState.COLLECTING | PortState.SYNCHRONIZATION, on=True)
    port.set_actor(PortState.DISTRIBUTING, on=False)
    enable_collecting_if_active(port)
    if port.aggregator is not None and port.aggregator.has_partner:
        stop_distributing(port)


def enable_collecting_if_active(port: AggregationPort) -> None:
    if port.is_in_active_aggregator:
        enable_collecting(port)


def collect_again(port: AggregationPort) -> None:
    """Something else took the port out of use while it collected."""
    if port.is_rx_disabled:
        enable_collecting_if_active(port)


def distribute(port: AggregationPort) -> None:
    """Distribute too; the port collects already."""
    port.set_actor(PortState.DISTRIBUTING | PortState.SYNCHRONIZATION, on=True)
    enable_if_active(port)


def need_to_transmit(port: AggregationPort) -> None:
    port.ntt = True


def let_time_pass(port: AggregationPort) -> None:
    """Wait for other ports; whoever has waited is ready."""
    if port.mux_box is MuxBox.WAITING and port.selected and port.wait_while:
        port.wait_while -= 1
        if port.wait_while == 0:
            port.ready_n = True


_B = MuxBox
_ENTRY: Final[dict[Box, tuple[Action, ...]]] = {
    _B.DETACHED: (clear_ready_n, detach_mux, stop_carrying, need_to_transmit),
    _B.WAITING: (start_wait_while,),
    _B.ATTACHED: (attach_mux, stop_carrying, disable_if_partner, hear_early, need_to_transmit),
}
_ARCS: Final = (
    Arc(None, _B.DETACHED, begin),
    Arc(_B.DETACHED, _B.WAITING, selected),
    Arc(_B.WAITING, _B.DETACHED, unselected),
    Arc(_B.WAITING, _B.ATTACHED, selected_and_ready),
    Arc(_B.ATTACHED, _B.DETACHED, unselected),
)
"""Of both kinds of control. Linux differs: an unselected port is selected anew before this machine
runs, so that it sees `unselected` only if no aggregator was free."""
_SOURCE: Final = "IEEE Std 802.1AX-2014 6.4.15, Mux machine"
_ONLY_ACTIVE: Final = "only in the aggregator that the bond uses, and not while it is chosen"

COUPLED_MUX: Final = Machine(
    "mux",
    f"{_SOURCE} (coupled control)",
    "mux_box",
    every_pass=let_time_pass,
    entry=_ENTRY | {_B.COLLECTING_DISTRIBUTING: (carry, need_to_transmit)},
    arcs=(
        *_ARCS,
        Arc(
            _B.ATTACHED,
            _B.COLLECTING_DISTRIBUTING,
            selected_and_partner_in_sync,
            linux=_ONLY_ACTIVE,
        ),
        Arc(_B.COLLECTING_DISTRIBUTING, _B.ATTACHED, unselected_or_out_of_sync),
    ),
    during={
        _B.ATTACHED: (follow_the_choice, hear_early),
        _B.COLLECTING_DISTRIBUTING: (enable_again,),
    },
)

INDEPENDENT_MUX: Final = Machine(
    "mux",
    f"{_SOURCE} (independent control)",
    "mux_box",
    every_pass=let_time_pass,
    entry=_ENTRY
    | {_B.COLLECTING: (collect_only, need_to_transmit), _B.DISTRIBUTING: (distribute,)},
    arcs=(
        *_ARCS,
        Arc(_B.ATTACHED, _B.COLLECTING, selected_and_partner_in_sync, linux=_ONLY_ACTIVE),
        Arc(_B.COLLECTING, _B.ATTACHED, unselected_or_out_of_sync),
        Arc(
            _B.COLLECTING,
            _B.DISTRIBUTING,
            partner_in_sync_and_collecting,
            linux="the news that a port distributes waits for the next periodic LACPDU",
        ),
        Arc(_B.DISTRIBUTING, _B.COLLECTING, unselected_out_of_sync_or_partner_not_collecting),
    ),
    during={
        _B.ATTACHED: (follow_the_choice, hear_early),
        _B.COLLECTING: (collect_again,),
        _B.DISTRIBUTING: (enable_again,),
    },
)


def run_mux(port: AggregationPort) -> None:
    """One pass."""
    _machine_of(port).step_once(port)


def _machine_of(port: AggregationPort) -> Machine:
    """By the setting; but a box that only one table has is left by that table.

    The setting may change while the bond is closed and a port stands in such a box.
    """
    if port.mux_box in _ONLY_COUPLED:
        return COUPLED_MUX
    if port.mux_box in _ONLY_INDEPENDENT:
        return INDEPENDENT_MUX
    return COUPLED_MUX if port.system.settings.is_coupled else INDEPENDENT_MUX


_ONLY_COUPLED: Final = frozenset(COUPLED_MUX.boxes) - frozenset(INDEPENDENT_MUX.boxes)
_ONLY_INDEPENDENT: Final = frozenset(INDEPENDENT_MUX.boxes) - frozenset(COUPLED_MUX.boxes)
