"""Marker Responder: whoever asks gets an answer. IEEE Std 802.1AX-2014 6.5.4."""

import pytest
from lacp_ports import (
    THEIRS,
    changes,
    everything,
    interface,
    moves,
    port_distributing,
    port_joined,
    sent,
)

from pybondd.lacp.passes import frame_received
from pybondd.lacp.port import AggregationPort
from pybondd.wire.slow import SLOW_ADDRESS

REQUEST = bytes.fromhex("0201 0110 0001 02000000b000 00000001 0000 0000") + 90 * b"\0"
RESPONSE = REQUEST[:2] + b"\2" + REQUEST[3:]


def frame(pdu, source=THEIRS):
    return SLOW_ADDRESS + source + bytes.fromhex("8809") + pdu


def receive(octets):
    return lambda port: frame_received(port, octets)


@pytest.mark.parametrize("start", [port_joined, port_distributing])
def test_a_request_is_given_back_as_the_answer_in_every_state(start):
    port: AggregationPort = start()
    port.system.outbox.clear()
    counted = everything(port)["counters"] | {"marker_rx": 1, "marker_resp_tx": 1}
    seen = {"counters": counted, "pdus_this_pass": port.pdus_this_pass + 1}
    answer = frame(RESPONSE, source=port.member.permanent_mac)
    assert changes(port, receive(frame(REQUEST))) == seen | {"sent": [answer]}


def test_nothing_in_a_request_is_looked_at():
    port, garbage = port_joined(), REQUEST[:3] + bytes(range(100, 207))
    frame_received(port, frame(garbage))
    assert [answer[14:] for answer in sent(port.system)] == [b"\2\1\2" + garbage[3:]]


def test_an_answer_is_two_moves_at_once():
    port = port_joined()
    frame_received(port, frame(REQUEST))
    there, back = ("WAIT_FOR_MARKER", "RESPOND_TO_MARKER"), ("RESPOND_TO_MARKER", "WAIT_FOR_MARKER")
    assert moves(port.system, "marker responder") == [there, back]


def test_an_answer_to_nobody_is_only_counted():
    port = port_joined()
    counted = everything(port)["counters"] | {"marker_resp_rx": 1}
    assert changes(port, receive(frame(RESPONSE))) == {"counters": counted, "pdus_this_pass": 1}


def test_each_request_of_a_pass_is_answered_up_to_the_limit():
    port = port_joined()
    for _ in range(40):
        frame_received(port, frame(REQUEST))
    assert (len(sent(port.system)), port.counters.over_limit) == (32, 8)


def test_the_answer_comes_from_the_permanent_address():
    assert port_joined().member.permanent_mac == interface(1).permanent_mac
