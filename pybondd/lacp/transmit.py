"""Transmit machine: may an LACPDU leave now?

At most three a second. IEEE Std 802.1AX-2014 6.4.16 counts them; Linux 6.12 bond_3ad.c
ad_tx_machine lets one leave in every third pass since the port joined, whatever happens.
"""

from typing import Final

from pybondd.lacp.boxes import TransmitBox
from pybondd.lacp.machine import Arc, Machine, always
from pybondd.lacp.port import TRANSMIT_WINDOW_PASSES, AggregationPort
from pybondd.wire.slow import Lacpdu, PortState, build_lacpdu


def may_transmit(port: AggregationPort) -> bool:
    """Linux differs: what cannot be sent while LACP is off stays wanted."""
    return port.window_opens and port.ntt and port.lacp_enabled


def send_lacpdu(port: AggregationPort) -> None:
    """Tell the partner how we are, and how we see it, at this moment."""
    pdu = Lacpdu(port.actor, port.partner)
    port.is_sync_told = port.actor_has(PortState.SYNCHRONIZATION)
    port.counters.lacpdu_tx += 1
    port.system.send(port, build_lacpdu(pdu, source=port.member.permanent_mac))


def clear_ntt(port: AggregationPort) -> None:
    port.ntt = False


def let_time_pass(port: AggregationPort) -> None:
    """Open the window in every third pass, whether it is used or not."""
    port.transmit_window -= 1
    port.window_opens = port.transmit_window == 0
    if port.window_opens:
        port.transmit_window = TRANSMIT_WINDOW_PASSES


def forget_moment(port: AggregationPort) -> None:
    port.window_opens = False


_B = TransmitBox
TRANSMIT: Final = Machine(
    "transmit",
    "IEEE Std 802.1AX-2014 6.4.16, Transmit machine",
    "transmit_box",
    every_pass=let_time_pass,
    after_pass=forget_moment,
    entry={_B.WAIT: (), _B.TRANSMIT: (send_lacpdu, clear_ntt)},
    arcs=(
        Arc(
            _B.WAIT,
            _B.TRANSMIT,
            may_transmit,
            linux="one LACPDU in three passes; the standard counts three in a second",
        ),
        Arc(_B.TRANSMIT, _B.WAIT, always, at_once=True),
    ),
)


def run_transmit(port: AggregationPort) -> None:
    """One pass."""
    TRANSMIT.step_once(port)
