"""balance-alb: which client is told which port's address, and when."""

import pytest
from alb_bonds import (
    OURS,
    alb,
    arp_frame,
    client_ip,
    client_mac,
    cut,
    hear,
    host_sends,
    meet,
    ports_of,
    repair,
    reply_to,
    request_for,
    settled,
    shown,
    told,
)
from bonds import frames, mac_of, run, write

from pybondd.balance.clients import CLIENT_COUNT
from pybondd.events import BondClosed, BondOpened, HostAddress, HostAddressed, PortReleased
from pybondd.port import LinkFacts
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, take_tag

OTHER_MAC = bytes.fromhex("0200000000ee")


# -- answers of our host


def test_clients_take_turns_among_the_ports():
    assert list(meet(alb(1, 2, 3), 1, 2, 3, 4, 5).values()) == [1, 2, 3, 1, 2]


def test_the_answer_carries_the_address_of_the_ports_own():
    bond = alb(1, 2)
    meet(bond, 1)
    ((ifindex, frame),) = host_sends(bond, reply_to(bond, 2))
    assert ifindex == 2
    assert frame[0:12] == client_mac(2) + mac_of(2)
    assert shown(frame) == Arp(ArpOperation.REPLY, mac_of(2), OURS, client_mac(2), client_ip(2))


def test_what_follows_the_arp_in_the_frame_is_kept():
    bond = alb(1, 2)
    meet(bond, 1)
    ((_, frame),) = host_sends(bond, reply_to(bond, 2) + b"padding")
    assert frame.endswith(b"padding")


def test_a_client_that_asks_again_gets_the_same_port():
    bond = alb(1, 2, 3)
    meet(bond, 1, 2)
    assert meet(bond, 2, 1) == {2: 2, 1: 1}


def test_only_the_fastest_ports_are_handed_out():
    bond = alb(1, 2, 3)
    for ifindex, speed in ((1, 1000), (2, 2500), (3, 2500)):
        bond.state.port_by_index(ifindex).speed_mbps = speed
    assert list(meet(bond, 1, 2, 3, 4).values()) == [2, 3, 2, 3]


def test_the_turn_begins_anew_when_its_last_port_cannot_transmit():
    bond = alb(1, 2, 3)
    meet(bond, 1, 2)
    bond.state.port_by_index(2).facts = LinkFacts(is_up=True, has_carrier=False)
    assert meet(bond, 3) == {3: 1}


def test_a_tag_is_kept_and_remembered_with_its_priority():
    bond = alb(1, 2)
    ((_, frame),) = host_sends(bond, reply_to(bond, 1, tags=((0x8100, 0x600A),)))
    assert take_tag(frame)[1] == (0x8100, 0x600A)
    update = frames([effect for _, effect in run(bond, 100)])[0][1]
    assert take_tag(update)[1] == (0x8100, 0x600A)


@pytest.mark.parametrize(
    "sender",
    [pytest.param(OTHER_MAC, id="a bridged host"), pytest.param(mac_of(9), id="a VLAN's own MAC")],
)
def test_an_arp_from_another_mac_is_not_touched_and_goes_by_the_active_port(sender):
    bond = alb(1, 2)
    meet(bond, 1)
    arp = Arp(ArpOperation.REPLY, sender, OURS, client_mac(2), client_ip(2))
    frame = arp_frame(arp, to=client_mac(2), source=sender)
    assert host_sends(bond, frame) == [(1, frame)]
    assert len(bond.mode.receive.clients) == 1


def test_an_arp_for_an_address_of_a_bridge_is_not_touched():
    bond = alb(1, 2)
    bridge = HostAddress("br0", mac_of(1), ipv4=(OURS,), depth=1, is_bridge=True)
    bond.handle(HostAddressed((HostAddress("bond0", mac_of(1)), bridge)), now=0)
    frame = reply_to(bond, 1)
    assert host_sends(bond, frame) == [(1, frame)]
    assert bond.mode.receive.tally.untouched == 1


def test_another_operation_goes_by_the_active_port_and_meets_nobody():
    bond = alb(1, 2)
    arp = Arp(8, bond.state.mac, OURS, client_mac(1), client_ip(1))
    frame = arp_frame(arp, to=client_mac(1), source=bond.state.mac)
    assert host_sends(bond, frame) == [(1, frame)]
    assert not ports_of(bond)


# -- requests of our host


def test_a_request_leaves_by_its_clients_port_with_our_mac_inside():
    bond = alb(1, 2)
    meet(bond, 1)
    ((ifindex, frame),) = host_sends(bond, request_for(bond, client_ip(2)))
    assert ifindex == 2
    assert frame[6:12] == mac_of(2)
    assert shown(frame).sender_mac == bond.state.mac


def test_a_request_makes_others_forget_and_they_are_told_two_seconds_later():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    settled(bond)
    host_sends(bond, request_for(bond, client_ip(7)), now_ms=10_000)
    updates = told(run(bond, 13_000))
    assert updates == [(12_100, 2, client_ip(2), mac_of(2))] * 2


def test_in_linux_a_client_we_asked_is_not_told_before_it_answers():
    bond = alb(1, 2)
    write(bond, "alb_follows", "linux")
    meet(bond, 1, 2)
    settled(bond)
    host_sends(bond, request_for(bond, client_ip(2)), now_ms=10_000)
    assert not told(run(bond, 13_000))
    answer = Arp(ArpOperation.REPLY, client_mac(2), client_ip(2), bond.state.mac, OURS)
    hear(bond, 1, arp_frame(answer, to=mac_of(1), source=client_mac(2)), now_ms=13_000)
    assert {each[2] for each in told(run(bond, 16_000))} == {client_ip(2)}


def test_a_request_for_our_own_address_takes_a_turn():
    bond = alb(1, 2)
    host_sends(bond, request_for(bond, OURS))
    assert meet(bond, 1) == {1: 2}


# -- collisions and bounds


def test_a_client_with_the_same_xor_takes_the_place_and_the_old_one_is_sent_home():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    settled(bond)
    twin = bytes([10, 0, 12, 0])
    arp = Arp(ArpOperation.REPLY, bond.state.mac, OURS, OTHER_MAC, twin)
    frame = arp_frame(arp, to=OTHER_MAC, source=bond.state.mac)
    *farewell, (ifindex, _) = host_sends(bond, frame, now_ms=10_000)
    assert [(port, shown(each)) for port, each in farewell] == [
        (1, Arp(ArpOperation.REPLY, mac_of(1), OURS, client_mac(2), client_ip(2)))
    ] * 2
    assert ports_of(bond) == {client_ip(1): 1, twin: ifindex}
    assert bond.mode.receive.tally.replaced == 1


def test_an_old_client_at_the_active_port_is_not_told_when_it_loses_its_place():
    bond = alb(1, 2)
    meet(bond, 1)
    twin = bytes([10, 0, 11, 0])
    arp = Arp(ArpOperation.REPLY, bond.state.mac, OURS, OTHER_MAC, twin)
    sent = host_sends(bond, arp_frame(arp, to=OTHER_MAC, source=bond.state.mac))
    assert len(sent) == 1


def test_thousands_of_clients_fit_into_a_table_that_does_not_grow():
    bond = alb(1, 2)
    for number in range(5000):
        ip = bytes([10, number >> 16, number >> 8 & 0xFF, number & 0xFF])
        arp = Arp(ArpOperation.REPLY, bond.state.mac, OURS, OTHER_MAC, ip)
        host_sends(bond, arp_frame(arp, to=OTHER_MAC, source=bond.state.mac))
    assert len(bond.mode.receive.clients) == CLIENT_COUNT


# -- what comes in


def test_somebody_else_with_our_address_ends_what_we_tell_of_it():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    theirs = Arp(ArpOperation.REQUEST, OTHER_MAC, OURS, NO_ADDRESS, OURS)
    hear(bond, 2, arp_frame(theirs, to=BROADCAST, source=OTHER_MAC))
    assert not ports_of(bond)
    assert bond.mode.receive.tally.purged == 2


def test_any_operation_ends_it():
    bond = alb(1, 2)
    meet(bond, 1)
    theirs = Arp(99, OTHER_MAC, OURS, NO_ADDRESS, OURS)
    hear(bond, 2, arp_frame(theirs, to=BROADCAST, source=OTHER_MAC))
    assert not ports_of(bond)


def test_our_own_broadcast_that_comes_back_does_no_harm():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    hear(bond, 2, request_for(bond, client_ip(3)))
    assert len(ports_of(bond)) == 2


def test_a_reply_that_tells_another_mac_has_the_client_told():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    settled(bond)
    answer = Arp(ArpOperation.REPLY, OTHER_MAC, client_ip(2), bond.state.mac, OURS)
    hear(bond, 2, arp_frame(answer, to=mac_of(2), source=OTHER_MAC), now_ms=10_000)
    sent = [effect for _, effect in run(bond, 13_000)]
    arps = [frame for _, frame in frames(sent) if frame[12:14] == b"\x08\x06"]
    assert {frame[0:6] for frame in arps} == {OTHER_MAC}


@pytest.mark.parametrize(
    ("ip", "ours"),
    [
        pytest.param(client_ip(9), OURS, id="a stranger"),
        pytest.param(client_ip(2), bytes([10, 0, 0, 99]), id="for an address that is not ours"),
        pytest.param(bytes([10, 0, 12, 0]), OURS, id="one with the same xor"),
    ],
)
def test_a_spoofed_reply_of_others_changes_nothing(ip, ours):
    bond = alb(1, 2)
    meet(bond, 1, 2)
    settled(bond)
    answer = Arp(ArpOperation.REPLY, OTHER_MAC, ip, bond.state.mac, ours)
    hear(bond, 2, arp_frame(answer, to=mac_of(2), source=OTHER_MAC), now_ms=10_000)
    assert not told(run(bond, 13_000))
    assert all(client.mac != OTHER_MAC for client in bond.mode.receive.clients.walk())


def test_a_client_that_asks_is_not_met_by_that_alone():
    bond = alb(1, 2)
    asks = Arp(ArpOperation.REQUEST, client_mac(1), client_ip(1), NO_ADDRESS, OURS)
    hear(bond, 1, arp_frame(asks, to=BROADCAST, source=client_mac(1)))
    assert not ports_of(bond)


GOOD = build_arp(Arp(ArpOperation.REPLY, OTHER_MAC, OURS, mac_of(1), client_ip(1)))
MALFORMED = [
    *(pytest.param(GOOD[:size], id=f"cut after {size} octets") for size in (0, 1, 7, 8, 27)),
    pytest.param(b"\0\2" + GOOD[2:], id="not Ethernet"),
    pytest.param(GOOD[:2] + b"\x86\xdd" + GOOD[4:], id="not IPv4"),
    pytest.param(GOOD[:4] + b"\x08" + GOOD[5:], id="MAC addresses of 8 octets"),
    pytest.param(GOOD[:5] + b"\x10" + GOOD[6:], id="IP addresses of 16 octets"),
]


@pytest.mark.parametrize("packet", MALFORMED)
def test_a_malformed_arp_that_came_in_is_counted_and_changes_nothing(packet):
    bond = alb(1, 2)
    meet(bond, 1, 2)
    before = ports_of(bond)
    assert hear(bond, 1, BROADCAST + OTHER_MAC + b"\x08\x06" + packet) == []
    assert ports_of(bond) == before
    assert bond.mode.receive.tally.malformed_from_port == 1


@pytest.mark.parametrize("packet", MALFORMED)
def test_a_malformed_arp_of_our_host_goes_by_the_active_port_as_it_is(packet):
    bond = alb(1, 2)
    frame = BROADCAST + mac_of(1) + b"\x08\x06" + packet
    assert host_sends(bond, frame) == [(1, frame)]
    assert not ports_of(bond)
    assert bond.mode.receive.tally.malformed_from_host == 1


def test_an_arp_while_the_bond_is_down_changes_nothing():
    bond = alb(1, 2)
    meet(bond, 1)
    bond.handle(BondClosed(), now=0)
    bond.handle(BondOpened(), now=0)
    assert not ports_of(bond)
    bond.handle(BondClosed(), now=0)
    assert host_sends(bond, reply_to(bond, 1)) == []


# -- rounds of updates


def test_the_first_round_after_the_bond_is_set_up_comes_with_the_next_tick():
    bond = alb(1, 2)
    meet(bond, 1)
    assert told(run(bond, 100)) == [(100, 1, client_ip(1), mac_of(1))] * 2


def test_later_rounds_wait_for_two_seconds_that_pass_only_while_somebody_waits():
    bond = alb(1, 2)
    meet(bond, 1)
    run(bond, 30_000)
    host_sends(bond, reply_to(bond, 2), now_ms=30_000)
    assert {at for at, *_ in told(run(bond, 40_000))} == {32_100}


def test_a_failure_is_told_in_four_rounds_two_seconds_and_a_tick_apart():
    bond = alb(1, 2, 3)
    meet(bond, 1, 2)
    settled(bond)
    cut(bond, 2, now_ms=10_000)
    updates = told(run(bond, 30_000))
    assert [at for at, *_ in updates] == [
        at for at in (12_100, 14_200, 16_300, 18_400) for _ in range(2)
    ]
    assert {(port, ip) for _, port, ip, _ in updates} == {(1, client_ip(2))}


def test_a_recovery_deals_the_clients_anew_and_tells_once_those_that_move():
    bond = alb(1, 2)
    meet(bond, 1, 2, 3, 4)
    settled(bond)
    cut(bond, 2, now_ms=10_000)
    settled(bond, 30_000)
    repair(bond, 2, now_ms=30_000)
    updates = told(run(bond, 60_000))
    moved = {ip for _, port, ip, _ in updates if port == 2}
    assert len(updates) == 2 * len(moved) > 0
    assert sorted(ports_of(bond).values()) == [1, 1, 2, 2]


def test_clients_wait_without_a_port_while_no_port_is_alive():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    settled(bond)
    cut(bond, 2, now_ms=10_000)
    cut(bond, 1, now_ms=10_001)
    assert set(ports_of(bond).values()) == {None}
    repair(bond, 2, now_ms=20_000)
    run(bond, 30_000)
    assert set(ports_of(bond).values()) == {2}


def test_the_clients_of_a_released_port_go_to_others():
    bond = alb(1, 2, 3)
    meet(bond, 1, 2, 3)
    bond.handle(PortReleased(2), now=0)
    assert ports_of(bond)[client_ip(2)] == 1


def test_updates_are_dealt_by_the_place_first_used_last():
    bond = alb(1, 2)
    meet(bond, 1, 2, 3)
    assert [ip for _, _, ip, _ in told(run(bond, 100))][::2] == [
        client_ip(3),
        client_ip(2),
        client_ip(1),
    ]


# -- VLANs


def test_a_vlan_that_is_removed_takes_its_clients_along():
    bond = alb(1, 2)
    on_vlan = HostAddress("bond0.10", mac_of(1), ((0x8100, 10),), depth=1)
    base = HostAddress("bond0", mac_of(1))
    bond.handle(HostAddressed((base, on_vlan)), now=0)
    host_sends(bond, reply_to(bond, 1))
    host_sends(bond, reply_to(bond, 2, tags=((0x8100, 10),)))
    bond.handle(HostAddressed((base,)), now=0)
    assert set(ports_of(bond)) == {client_ip(1)}


def test_a_priority_in_the_tag_hides_a_client_from_the_removal_as_in_linux():
    bond = alb(1, 2)
    on_vlan = HostAddress("bond0.10", mac_of(1), ((0x8100, 10),), depth=1)
    bond.handle(HostAddressed((on_vlan,)), now=0)
    host_sends(bond, reply_to(bond, 2, tags=((0x8100, 0x200A),)))
    bond.handle(HostAddressed(()), now=0)
    assert set(ports_of(bond)) == {client_ip(2)}
