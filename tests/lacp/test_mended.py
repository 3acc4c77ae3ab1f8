"""What Linux leaves broken, and lacp_follows=mended heals; and that `linux` leaves it as it is."""

import pytest
from lacp_ports import (
    STRANGER,
    THEIRS,
    hear,
    link,
    open_system,
    partner,
    port_attached,
    port_collecting,
    port_distributing,
    port_expired,
    run,
)

from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.lacp.passes import frame_received, speed_changed
from pybondd.lacp.selection import choose_active
from pybondd.lacp.system import Follows, SelectPolicy
from pybondd.port import Duplex
from pybondd.wire.slow import Lacpdu, PortState, build_lacpdu

OTHERS = bytes.fromhex("02000000d000")
each_follows = pytest.mark.parametrize("follows", [Follows.LINUX, Follows.MENDED])


# coupled_control, written while the bond is closed.


@each_follows
def test_a_port_that_carries_traffic_goes_on_when_control_becomes_independent(follows):
    port = port_distributing(follows=follows)
    port.system.settings.is_coupled = False
    run(port)
    assert port.mux_box is MuxBox.COLLECTING_DISTRIBUTING
    hear(port, "ATG")
    run(port)
    assert port.mux_box is MuxBox.ATTACHED
    hear(port, "ATGS")
    run(port, 2)
    assert port.mux_box is MuxBox.COLLECTING


@each_follows
def test_a_port_that_collects_goes_on_when_control_becomes_coupled(follows):
    port = port_collecting(follows=follows)
    port.system.settings.is_coupled = True
    hear(port, "ATGSC")
    run(port)
    assert port.mux_box is MuxBox.DISTRIBUTING


# Half duplex, and back.


@pytest.mark.parametrize(("follows", "speaks"), [(Follows.LINUX, False), (Follows.MENDED, True)])
def test_a_port_back_from_half_duplex_speaks_again(follows, speaks):
    port = port_distributing(follows=follows)
    for duplex in (Duplex.HALF, Duplex.FULL):
        port.member.duplex = duplex
        speed_changed(port)
    assert port.begin is speaks
    run(port, 2)
    assert (port.receive_box is ReceiveBox.EXPIRED) is speaks


# Our own LACPDUs.


@pytest.mark.parametrize(
    ("follows", "box"), [(Follows.LINUX, ReceiveBox.CURRENT), (Follows.MENDED, ReceiveBox.EXPIRED)]
)
def test_a_path_that_has_become_a_loop_is_left_after_three_seconds(follows, box):
    port = port_distributing(follows=follows)
    for _ in range(31):
        frame_received(port, build_lacpdu(Lacpdu(port.actor, port.partner), source=THEIRS))
        run(port)
    assert port.receive_box is box
    assert port.counters.looped == 31


@each_follows
def test_our_own_word_is_not_taken_for_a_partners(follows):
    port = port_expired(follows=follows)
    before = port.partner
    frame_received(port, build_lacpdu(Lacpdu(port.actor, port.partner), source=THEIRS))
    assert port.partner == before


# Another aggregator wins.


def two_partners(follows):
    """Two ports carry traffic to one partner, a third is attached to another partner."""
    system = open_system(ports=3, follows=follows, select_policy=SelectPolicy.COUNT)
    first, second, third = system.ports
    run(first, 2)
    for _ in range(25):
        hear(first, "ATGS", by=partner("ATGS", number=1))
        hear(second, "ATGS", by=partner("ATGS", number=2))
        hear(third, "ATGS", by=partner("ATGS", number=3, system=OTHERS))
        run(first)
    assert first.mux_box is second.mux_box is MuxBox.COLLECTING_DISTRIBUTING
    assert third.mux_box is MuxBox.ATTACHED
    return system


@pytest.mark.parametrize(
    ("follows", "box"),
    [(Follows.LINUX, MuxBox.COLLECTING_DISTRIBUTING), (Follows.MENDED, MuxBox.ATTACHED)],
)
def test_ports_of_an_aggregator_that_lost_say_that_they_are_out_of_sync(follows, box):
    system = two_partners(follows)
    system.settings.select_policy = SelectPolicy.BANDWIDTH
    system.ports[2].member.speed_mbps = 100_000
    choose_active(system)
    assert system.ports[2].aggregator.is_active
    run(system.ports[0])
    assert system.ports[0].mux_box is box
    in_sync = system.ports[0].actor_has(PortState.SYNCHRONIZATION)
    assert in_sync is (follows is Follows.LINUX)
    assert system.ports[0].member.is_backup


@pytest.mark.parametrize(("follows", "is_out"), [(Follows.LINUX, False), (Follows.MENDED, True)])
def test_a_port_that_was_alone_goes_out_of_use_when_another_wins_as_it_changes_partners(
    follows, is_out
):
    system = open_system(ports=2, follows=follows)
    other, alone = system.ports
    link(other, up=False)
    run(alone, 25)
    hear(alone, "AT", by=partner("AT", system=STRANGER))
    link(other, up=True)
    run(other, 2)
    hear(other, "ATG")
    run(other)
    assert alone.is_in_active_aggregator
    hear(alone, "ATG", by=partner("ATG", number=2, system=OTHERS))
    run(alone)
    assert other.is_in_active_aggregator
    assert alone.mux_box is MuxBox.ATTACHED
    assert alone.member.is_backup is is_out
    assert alone.member.is_inactive is is_out


@pytest.mark.parametrize(("follows", "is_told"), [(Follows.LINUX, False), (Follows.MENDED, True)])
def test_a_port_whose_aggregator_comes_into_use_tells_its_partner_at_once(follows, is_told):
    port = port_attached(follows=follows)
    port.set_actor(PortState.SYNCHRONIZATION, on=False)
    port.ntt = False
    port.transmit_window = 3
    run(port)
    assert port.actor_has(PortState.SYNCHRONIZATION)
    assert port.ntt is is_told


@each_follows
def test_a_port_in_use_whose_link_is_lost_leaves_no_traffic_in_the_void(follows):
    system = two_partners(follows)
    for port in system.ports[:2]:
        link(port, up=False)
    assert system.ports[2].aggregator.is_active
