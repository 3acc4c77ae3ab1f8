"""Marker Responder: has somebody asked whether all its frames have arrived?

We answer at once. We never ask: Linux moves conversations without waiting. IEEE Std 802.1AX-2014
6.5.4; Linux 6.12 bond_3ad.c ad_marker_info_received.
"""

from typing import Final

from pybondd.lacp.boxes import MarkerBox
from pybondd.lacp.machine import Arc, Machine, always
from pybondd.lacp.port import AggregationPort
from pybondd.wire.slow import Marker, build_marker_response


def marker_received(port: AggregationPort) -> bool:
    return port.received_marker is not None


def respond(port: AggregationPort) -> None:
    """Give the octets back; nothing in them is looked at."""
    assert port.received_marker is not None
    port.counters.marker_resp_tx += 1
    frame = build_marker_response(port.received_marker, source=port.member.permanent_mac)
    port.system.send(port, frame)


def forget_marker(port: AggregationPort) -> None:
    port.received_marker = None


_B = MarkerBox
MARKER: Final = Machine(
    "marker responder",
    "IEEE Std 802.1AX-2014 6.5.4, Marker Responder",
    "marker_box",
    after_pass=forget_marker,
    entry={_B.WAIT_FOR_MARKER: (), _B.RESPOND_TO_MARKER: (respond,)},
    arcs=(
        Arc(_B.WAIT_FOR_MARKER, _B.RESPOND_TO_MARKER, marker_received),
        Arc(_B.RESPOND_TO_MARKER, _B.WAIT_FOR_MARKER, always, at_once=True),
    ),
)


def answer_marker(port: AggregationPort, marker: Marker) -> None:
    """Somebody asks."""
    port.received_marker = marker
    MARKER.step_once(port)
