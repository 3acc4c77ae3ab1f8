"""When did the partner last speak, and when did we?"""

from bonds import bond_with
from pairs import aggregated

from pybondd.events import PortFrame
from pybondd.units import SECOND_NS
from pybondd.wire.slow import Marker, build_marker_response


def test_no_age_before_the_first_lacpdu():
    bond = bond_with("802.3ad", 1)
    port = bond.mode.lacp.ports[0]
    assert (port.last_heard_ns, port.last_spoken_ns) == (None, None)


def test_both_ages_are_the_moments_of_the_last_lacpdus():
    wiring, bond = aggregated(lacp_rate="fast")
    wiring.run(10)
    ours, theirs = bond.mode.lacp.ports[0], wiring.bonds[1].mode.lacp.ports[0]
    assert ours.last_heard_ns == theirs.last_spoken_ns
    assert theirs.last_heard_ns == ours.last_spoken_ns
    # We asked for fast LACPDUs, the partner for slow ones.
    assert wiring.now - ours.last_heard_ns <= 1.2 * SECOND_NS
    assert wiring.now - ours.last_spoken_ns > 2 * SECOND_NS


def test_the_partners_picture_of_us_is_kept_as_it_was_last_told():
    _, bond = aggregated()
    port = bond.mode.lacp.ports[0]
    assert port.picture.identity == port.actor.identity


def test_a_marker_is_no_word_of_the_partners_lacp():
    bond = bond_with("802.3ad", 1)
    marker = Marker(is_response=False, octets=b"\x02\x01\x01\x10".ljust(110, b"\0"))
    frame = bytearray(build_marker_response(marker, source=bytes(6)))
    frame[16] = 1
    bond.handle(PortFrame(1, bytes(frame)), now=5)
    port = bond.mode.lacp.ports[0]
    assert port.counters.marker_rx == 1
    assert port.last_heard_ns is None
