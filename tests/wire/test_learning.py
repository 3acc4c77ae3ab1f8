"""The frame by which a switch learns where an address is."""

import pytest

from pybondd.wire.learning import is_learning_frame, learning_frame

MAC = bytes.fromhex("020000000010")
RECORDED = bytes.fromhex("020000000010 020000000010 9000") + bytes(46)


def test_it_is_what_the_driver_sent_octet_for_octet():
    assert learning_frame(MAC) == RECORDED


def test_a_tag_stands_behind_the_addresses_and_makes_it_longer():
    tagged = learning_frame(MAC, ((0x8100, 20),))
    assert tagged == RECORDED[:12] + bytes.fromhex("8100 0014") + RECORDED[12:]
    assert len(tagged) == 64


def test_it_is_known_when_it_comes_back():
    assert is_learning_frame(RECORDED)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(RECORDED[:13], id="cut in the header"),
        pytest.param(RECORDED[:6] + bytes(6) + RECORDED[12:], id="from another address"),
        pytest.param(RECORDED[:12] + b"\x08\x00" + bytes(46), id="IPv4"),
    ],
)
def test_other_frames_are_none(frame):
    assert not is_learning_frame(frame)
