"""What a bond in 802.3ad does beside the LACP machines: sockets, failures, priorities of ports."""

import errno

import pytest
from bonds import CUT, UP, bond_with, enslave, frames, link, links, mac_of, of_kind, run, write

from pybondd.effects import AttachPort, Hears, Refuse, Report, SendFrame
from pybondd.events import EffectFailed, PortFramesLost, PortOptionWritten, PortReleased
from pybondd.units import MILLISECOND_NS
from pybondd.wire.slow import is_slow_protocol, parse_slow


def lacp_bond():
    """Two ports that have told who they are and hear nothing."""
    bond = bond_with("802.3ad", 1, 2)
    run(bond, 1000)
    return bond


def priorities(bond):
    return [port.actor.port_priority for port in bond.mode.lacp.ports]


@pytest.mark.parametrize(
    ("mode", "hears"),
    [
        ("802.3ad", Hears.LACP),
        ("balance-alb", Hears.ARP),
        ("balance-tlb", Hears.NOTHING),
        ("active-backup", Hears.NOTHING),
    ],
)
def test_a_port_gets_a_socket_for_what_its_mode_wants_to_hear(mode, hears):
    bond = bond_with(mode)
    assert of_kind(enslave(bond, 1), AttachPort) == [AttachPort(1, hears)]


def test_an_lacpdu_that_linux_does_not_take_is_counted_and_nothing_else_happens():
    bond = lacp_bond()
    lost = SendFrame(1, next(frame for _, frame in frames(run_until_sent(bond))))
    assert bond.handle(EffectFailed(lost, errno.ENOBUFS), now=2 * 10**9) == []
    assert [port.counters.not_sent for port in bond.mode.lacp.ports] == [1, 0]


def test_a_farewell_that_linux_does_not_take_is_forgotten():
    bond = lacp_bond()
    (farewell,) = of_kind(bond.handle(PortReleased(1), now=10**9), SendFrame)
    assert is_slow_protocol(farewell.frame)
    assert bond.handle(EffectFailed(farewell, errno.ENETDOWN), now=10**9) == []


def test_a_frame_that_is_no_lacpdu_fails_as_in_other_modes():
    bond = lacp_bond()
    failed = EffectFailed(SendFrame(1, bytes(60)), errno.ENOBUFS)
    assert [effect.text for effect in of_kind(bond.handle(failed, now=10**9), Report)] == [
        "SendFrame failed: ENOBUFS"
    ]


def test_a_port_that_is_elected_before_its_updelay_is_over_speaks_lacp_at_once():
    """Linux 6.12 bond_change_active_slave cuts the delay short, and tells LACP of it."""
    bond = bond_with("802.3ad", 1, 2, updelay=1000)
    run(bond, 3000)
    for ms, ifindex, facts in ((3010, 2, CUT), (3020, 2, UP), (3250, 1, CUT)):
        run(bond, ms)
        link(bond, ifindex, facts, now=ms * MILLISECOND_NS)
    assert links(bond) == ["down", "up"]
    assert [port.port_enabled for port in bond.mode.lacp.ports] == [False, True]
    sent = [effect for _, effect in run(bond, 4300) if isinstance(effect, SendFrame)]
    assert {effect.ifindex for effect in sent} == {2}


def test_frames_that_nobody_read_count_as_over_the_limit():
    bond = lacp_bond()
    assert bond.handle(PortFramesLost(2, 500), now=10**9) == []
    assert [port.counters.over_limit for port in bond.mode.lacp.ports] == [0, 500]
    assert bond.handle(PortFramesLost(9, 500), now=10**9) == []


# -- actor_port_prio


def test_a_port_priority_is_told_to_the_partners_of_all_ports():
    bond = lacp_bond()
    assert bond.handle(PortOptionWritten(1, "actor_port_prio", "300"), now=10**9) == []
    assert priorities(bond) == [300, 255]
    told = {ifindex: parse_slow(frame) for ifindex, frame in frames(run_until_sent(bond))}
    assert {port: pdu.actor.port_priority for port, pdu in told.items()} == {1: 300, 2: 255}


@pytest.mark.parametrize("text", ["0", "65535", " 7 ", "7\n"])
def test_a_port_priority_has_16_bits(text):
    bond = lacp_bond()
    bond.handle(PortOptionWritten(1, "actor_port_prio", text), now=10**9)
    assert priorities(bond) == [int(text), 255]


@pytest.mark.parametrize("text", ["65536", "-1", "+1", "", "high"])
def test_what_is_no_16_bit_number_is_no_port_priority(text):
    bond = lacp_bond()
    (refusal,) = bond.handle(PortOptionWritten(1, "actor_port_prio", text), now=10**9)
    assert isinstance(refusal, Refuse)
    assert refusal.errno == errno.EINVAL
    assert priorities(bond) == [255, 255]


def test_a_port_priority_is_for_8023ad_only():
    bond = bond_with("active-backup", 1)
    (refusal,) = bond.handle(PortOptionWritten(1, "actor_port_prio", "1"), now=0)
    assert isinstance(refusal, Refuse)
    assert refusal.errno == errno.EACCES


def test_the_system_is_still_the_first_ports_when_that_has_left():
    bond = lacp_bond()
    bond.handle(PortReleased(1), now=10**9)
    assert bond.mode.lacp.address == mac_of(1)


# -- broadcast_neighbor


def test_the_table_says_whether_neighbour_discovery_is_copied_from_the_next_write_on():
    bond = bond_with("802.3ad", 1, broadcast_neighbor="on")
    assert bond.table.copies_neighbours
    generation = bond.table.generation
    write(bond, "broadcast_neighbor", "off")
    assert not bond.table.copies_neighbours
    assert bond.table.generation == generation + 1


def test_copying_neighbour_discovery_is_for_8023ad_only_and_ends_with_it():
    (refusal,) = write(bond_with("balance-xor", 1), "broadcast_neighbor", "on")
    assert isinstance(refusal, Refuse)
    bond = bond_with("802.3ad", is_open=False, broadcast_neighbor="on")
    write(bond, "mode", "balance-xor")
    enslave(bond, 1)
    assert not bond.table.copies_neighbours
    write(bond, "mode", "802.3ad")
    assert not bond.table.copies_neighbours


def run_until_sent(bond):
    """The effects of the next second, in which each port tells of itself."""
    now = bond.next_deadline()[0]
    return [effect for _, effect in run(bond, now // 10**6 + 1000)]
