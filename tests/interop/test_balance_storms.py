"""ARP storms from a client, and from the host itself: bounded, counted, and no harm to others."""

import json
import socket
import struct

import pytest
from balance_stand import CLIENTS, BalanceStand
from bonded import HOST
from netns import eventually
from pinging import Pinging

pytestmark = pytest.mark.root

STORM_FRAMES = 20_000
REPLY = 2


@pytest.fixture
def stand(yard, tmp_path):
    built = BalanceStand(yard, tmp_path)
    built.up("--mode", "balance-alb")
    built.meet()
    yield built
    built.call("down", "bond0")


def storm(namespace, interface, *, destination):
    """Answers that nobody asked for, each from another sender."""
    with namespace.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        wire.bind((interface, 0))
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, REPLY)
    with wire:
        for number in range(STORM_FRAMES):
            sender = b"\x02\x01" + struct.pack("!I", number)
            arp = head + sender + struct.pack("!I", 0x0A0A0000 + number) + bytes(10)
            wire.send(destination + sender + b"\x08\x06" + arp)


def tally(stand):
    return stand.status()["pybondd"]["alb"]["receive"]["tally"]


def test_a_storm_of_a_client_is_cut_off_counted_and_felt_by_no_other(stand):
    before = tally(stand)
    noisy, quiet, far = CLIENTS
    with (
        Pinging(stand.clients[quiet], HOST) as to_bond,
        Pinging(stand.clients[quiet], far) as past_bond,
    ):
        storm(stand.clients[noisy], "eth0", destination=b"\xff" * 6)
    heard = lambda: tally(stand)["received"] - before["received"]  # noqa: E731
    lost = lambda: tally(stand)["lost"] - before["lost"]  # noqa: E731
    assert eventually(lambda: heard() + lost() >= STORM_FRAMES)
    assert lost() > 0
    # The storm floods the cables of all clients too, and this machine has few processors.
    assert to_bond.lost <= past_bond.lost + 3
    assert clients(stand) == set(CLIENTS)


def clients(stand):
    return {client["ip"] for client in stand.status()["pybondd"]["alb"]["receive"]["clients"]}


def test_a_storm_of_the_host_is_sent_on_or_counted_and_fills_no_log(stand):
    log = stand.run_directory / "bond0.log"
    size_octets = log.stat().st_size
    storm(stand.host, "bond0", destination=b"\xff" * 6)
    assert eventually(lambda: left_to_bond(stand) + refused(stand) >= STORM_FRAMES)
    assert eventually(lambda: tally(stand)["untouched"] > 0)
    assert log.stat().st_size == size_octets
    assert "making interface the new active one" in stand.done("events", "bond0")
    assert clients(stand) == set(CLIENTS)


def left_to_bond(stand):
    return stand.status()["pybondd"]["counters"]["punted_frames"]


def refused(stand):
    """For want of room, by our queue or by that of the bond interface."""
    ours = stand.status()["pybondd"]["counters"].get("dropped_transmit_punt_full", 0)
    (bond,) = json.loads(stand.host.run("ip", "-j", "-s", "link", "show", "bond0"))
    return ours + bond["stats64"]["tx"]["dropped"]
