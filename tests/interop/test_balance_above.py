"""balance-alb with something on top: ARP in a VLAN is dealt out, a bridge's is left alone."""

import socket

import pytest
from balance_stand import CLIENTS, PORTS, BalanceStand
from bonded import HOST
from netns import eventually
from pinging import ping

from pybondd.linux.netlink import Route
from pybondd.linux.packet_socket import VNET_HEADER, PortSocket
from pybondd.linux.pump_port import PumpPort
from pybondd.wire.arp import Arp, ArpOperation, build_arp, parse_arp
from pybondd.wire.ethernet import (
    HEADER_OCTETS,
    EthernetHeader,
    build_header,
    parse_address,
    take_tag,
    with_tags,
)
from pybondd.wire.ethertypes import ARP, VLAN

pytestmark = pytest.mark.root

TAG = (VLAN, 10)
OURS = bytes((10, 10, 0, 1))


@pytest.fixture
def stand(yard, tmp_path):
    built = BalanceStand(yard, tmp_path)
    built.up("--mode", "balance-alb")
    yield built
    built.call("down", "bond0")


# -- a VLAN. Its frames are made by hand, for a kernel without VLAN interfaces.


class VlanClient:
    """One client's view of a VLAN: which MAC address is the bond told to have?"""

    def __init__(self, stand, number):
        namespace = stand.clients[CLIENTS[number]]
        with namespace.entered(), Route() as route:
            interface = route.interface("eth0")
            self._socket = PortSocket(interface.ifindex)
        self._port = PumpPort(interface.ifindex, self._socket.fileno())
        self.mac, self.ip = interface.mac, bytes((10, 10, 0, 11 + number))
        self.told = None

    def close(self):
        self._port.close()
        self._socket.close()

    def listen(self):
        """Take in what was said since; the MAC address that was told last."""
        while packet := self._port.receive():
            untagged, tag = take_tag(packet[len(VNET_HEADER) :])
            if tag == TAG and untagged[12:14] == ARP.to_bytes(2, "big"):
                said = parse_arp(untagged[HEADER_OCTETS:])
                if said.operation == ArpOperation.REPLY and said.sender_ip == OURS:
                    assert untagged[6:12] == said.sender_mac
                    self.told = said.sender_mac
        return self.told


@pytest.fixture
def vlan_clients(stand):
    made = [VlanClient(stand, number) for number in range(2)]
    yield made
    for each in made:
        each.close()


def answer(stand, client):
    """What the host would say on a VLAN of the bond when this client asks."""
    mac = parse_address(stand.host_mac("bond0"))
    arp = build_arp(Arp(ArpOperation.REPLY, mac, OURS, client.mac, client.ip))
    frame = build_header(EthernetHeader(client.mac, mac, ARP)) + arp
    with stand.host.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        wire.bind(("bond0", 0))
    with wire:
        wire.send(with_tags(frame, (TAG,)))


def test_clients_in_a_vlan_are_dealt_out_and_told_in_their_vlan(stand, vlan_clients):
    macs = {name: parse_address(mac) for name, mac in stand.macs().items()}
    for client in vlan_clients:
        answer(stand, client)
        assert eventually(client.listen)
    assert {client.told for client in vlan_clients} == set(macs.values())
    stand.cut(stand.other())
    bond_mac = parse_address(stand.host_mac("bond0"))
    assert eventually(lambda: {each.listen() for each in vlan_clients} == {bond_mac}, within_s=8)


# -- a bridge


def test_a_bridge_on_the_bond_and_a_guest_behind_it_keep_their_own_addresses(stand, yard):
    guest, guest_ip = yard.namespace(), "10.9.0.50"
    yard.cable(stand.host, "tap0", guest, "eth0")
    guest.ip(f"addr add {guest_ip}/24 dev eth0")
    stand.host.ip(f"addr del {HOST}/24 dev bond0")
    stand.host.ip("link add br1 type bridge")
    for device in ("bond0", "tap0"):
        stand.host.ip(f"link set {device} master br1")
    stand.host.ip("link set br1 up")
    stand.host.ip(f"addr add {HOST}/24 dev br1")
    assert eventually(lambda: is_left_alone(stand))
    for client in stand.clients.values():
        assert eventually(lambda who=client: ping(who, guest_ip, count=1).received)
        assert ping(client, HOST, count=20).received == 20
        assert ping(client, guest_ip, count=20).received == 20
    dealt_out = {client["ip"] for client in received_by(stand)["clients"]}
    assert not dealt_out & set(CLIENTS)
    assert set(stand.ports_known().values()) == {stand.active()}
    assert set(stand.macs()) == set(PORTS)


def is_left_alone(stand):
    """Whether the daemon has seen the bridge: what its host asks goes out as it is."""
    before = received_by(stand)["tally"]["untouched"]
    ping(stand.host, "10.9.0.99", count=1)
    return received_by(stand)["tally"]["untouched"] > before


def received_by(stand):
    return stand.status()["pybondd"]["alb"]["receive"]
