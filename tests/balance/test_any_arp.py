"""ARP of every shape, in any number: bounded, counted, and never more than Linux would believe."""

from alb_bonds import OURS, alb, arp_frame, client_ip, client_mac, hear, host_sends, meet, ports_of
from bonds import frames, mac_of, run
from hypothesis import given, settings
from hypothesis import strategies as st

from pybondd.balance.balanced import octets_xored
from pybondd.balance.clients import CLIENT_COUNT
from pybondd.events import HostFrame, HostFrames
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS

OTHER_MAC = bytes.fromhex("0200000000ee")
GOOD = build_arp(Arp(ArpOperation.REPLY, mac_of(1), OURS, client_mac(1), client_ip(1)))

macs = st.sampled_from([mac_of(1), mac_of(2), client_mac(1), OTHER_MAC, BROADCAST, NO_ADDRESS])
ips = st.sampled_from([OURS, client_ip(1), client_ip(2), bytes(4), BROADCAST[:4]])
ips |= st.binary(min_size=4, max_size=4)
well_formed = st.builds(Arp, st.sampled_from([0, 1, 2, 3, 8, 0xFFFF]), macs, ips, macs, ips)
heads = st.sampled_from([b"\x08\x06", b"\x81\x00\x00\x0a\x08\x06", b"\x88\xa8\xff\xff\x08\x06"])


@st.composite
def arp_frames(draw):
    """Whole, cut, one octet changed, or junk; tagged or not, to and from anybody."""
    packet = draw(st.one_of(well_formed.map(build_arp), st.just(GOOD), st.binary(max_size=64)))
    packet = packet[: draw(st.integers(0, 64))]
    if packet and draw(st.booleans()):
        place = draw(st.integers(0, len(packet) - 1))
        packet = packet[:place] + bytes([draw(st.integers(0, 255))]) + packet[place + 1 :]
    return draw(macs) + draw(macs) + draw(heads) + packet


def arps_told(effects):
    return [frame for _, frame in frames(effects) if frame[12:14] == b"\x08\x06"]


def assert_bounded(bond):
    clients = list(bond.mode.receive.clients.walk())
    assert len(clients) == len({octets_xored(client.ip) for client in clients}) <= CLIENT_COUNT


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.booleans(), arp_frames()), max_size=12))
def test_any_arp_is_counted_once_and_leaves_at_most_as_one_frame(story):
    bond = alb(1, 2)
    meet(bond, 1, 2)
    for is_from_host, frame in story:
        tally = bond.mode.receive.tally
        before = tally.replies + tally.requests + tally.untouched + tally.malformed_from_host
        heard_before = tally.received + tally.malformed_from_port
        if is_from_host:
            sent = host_sends(bond, frame)
            after = tally.replies + tally.requests + tally.untouched + tally.malformed_from_host
            assert after == before + 1
            # Besides it a client that lost its place is sent home, twice.
            assert len(sent) in (1, 3)
            assert len(sent[-1][1]) == len(frame)
        else:
            assert hear(bond, 2, frame) == []
            assert tally.received + tally.malformed_from_port == heard_before + 1
        assert_bounded(bond)
    run(bond, 10_000)


@settings(max_examples=150, deadline=None)
@given(st.lists(arp_frames(), max_size=30))
def test_nothing_that_comes_in_makes_a_client_or_moves_one(heard):
    bond = alb(1, 2)
    meet(bond, 1, 2)
    before = ports_of(bond)
    for frame in heard:
        hear(bond, 1, frame)
    after = ports_of(bond)
    assert after.items() <= before.items()


@settings(max_examples=150, deadline=None)
@given(st.lists(arp_frames(), max_size=30))
def test_updates_go_to_one_station_with_the_address_of_their_port(heard):
    bond = alb(1, 2)
    meet(bond, 1, 2)
    for frame in heard:
        hear(bond, 1, frame)
    for _, effect in run(bond, 10_000):
        for port, frame in frames([effect]):
            if frame[12:14] == b"\x08\x06":
                assert not frame[0] & 1
                assert frame[6:12] == bond.state.port_by_index(port).mac == frame[22:28]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(min_size=4, max_size=4), min_size=200, max_size=800))
def test_hosts_that_ask_by_the_thousand_share_256_places(asking):
    bond = alb(1, 2, 3)
    for ip in asking:
        answer = Arp(ArpOperation.REPLY, bond.state.mac, OURS, OTHER_MAC, ip)
        host_sends(bond, arp_frame(answer, to=OTHER_MAC, source=bond.state.mac))
    assert_bounded(bond)
    assert len(bond.mode.receive.clients) == len({octets_xored(ip) for ip in asking})


def test_a_storm_of_arp_sends_one_frame_each_and_no_update_but_in_rounds():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    run(bond, 10_000)
    answer = Arp(ArpOperation.REPLY, OTHER_MAC, client_ip(2), bond.state.mac, OURS)
    for number in range(3000):
        mac = client_mac(number & 0xFF)
        lie = Arp(ArpOperation.REPLY, mac, client_ip(2), bond.state.mac, OURS)
        assert hear(bond, 1, arp_frame(lie, to=mac_of(1), source=mac), now_ms=10_000) == []
    assert hear(bond, 1, arp_frame(answer, to=mac_of(1), source=OTHER_MAC), now_ms=10_000) == []
    updates = arps_told([effect for _, effect in run(bond, 20_000)])
    assert [frame[:6] for frame in updates] == [OTHER_MAC] * 2


def test_256_clients_on_255_ports_are_dealt_out_with_one_look_at_the_ports():
    bond = alb(*range(1, 256))
    looks = 0

    class CountingList(list):
        def __iter__(self):
            nonlocal looks
            looks += 1
            return super().__iter__()

    every = []
    for last in range(CLIENT_COUNT):
        answer = Arp(ArpOperation.REPLY, bond.state.mac, OURS, OTHER_MAC, bytes([0, 0, 0, last]))
        frame = arp_frame(answer, to=OTHER_MAC, source=bond.state.mac)
        every.append(HostFrame(frame))
    bond.handle(HostFrames(tuple(every)), now=0)
    bond.state.ports = CountingList(bond.state.ports)
    bond.mode.receive.must_deal = True
    bond.mode.receive.tick(bond.state)
    assert looks <= 2
    assert len(set(ports_of(bond).values())) == 255
