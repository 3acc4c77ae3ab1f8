"""A bond of LACP over its life: what it says first, whose name it keeps, what it survives."""

import json
import os
import signal
import socket
import time

import pytest
from bonded import PEER
from lacp_pair import FAST, WORKING, lacp_pair
from lacp_wire import SLOW, listener, received
from netns import eventually
from pinging import ping

from pybondd.wire.slow import parse_slow

pytestmark = pytest.mark.root

STALL_S = 5
"""Longer than the short timeout, so that the partner gives the sleeper up."""


@pytest.fixture
def pair(yard, tmp_path):
    with lacp_pair(yard, tmp_path) as built:
        yield built


@pytest.fixture
def ears(pair):
    """Listeners at the far ends of both cables."""
    with pair.peer.entered():
        both = {name: listener(name) for name in pair.far.ports}
    yield both
    for each in both.values():
        each.close()


def next_frames(heard, *, count=1, within_s=5.0):
    """The next LACPDUs, as soon as so many are there."""
    frames = []
    assert eventually(
        lambda: frames.extend(received(heard)) or len(frames) >= count, within_s=within_s
    )
    return frames


def mac(pair, name):
    (link,) = json.loads(pair.host.run("ip", "-j", "link", "show", name))
    return bytes.fromhex(link["address"].replace(":", ""))


# -- who we are


def test_the_first_lacpdus_already_tell_the_truth(pair, ears):
    macs = {name: mac(pair, name) for name in pair.near.ports}
    pair.near.up()
    for number, (name, heard) in enumerate(ears.items(), start=1):
        first = next_frames(heard)[0]
        assert first[6:12] == macs[f"eth{number - 1}"], f"{name} hears the port's own address"
        actor = parse_slow(first).actor
        assert (actor.system, actor.key, actor.port_number) == (macs["eth0"], 15, number)


def test_the_system_never_follows_a_port(pair, ears):
    pair.near.up()
    system = parse_slow(next_frames(ears["p1"])[0]).actor.system
    pair.near.done("remove", "bond0", "eth0")
    received(ears["p1"])
    assert {parse_slow(frame).actor.system for frame in next_frames(ears["p1"])} == {system}


def test_the_system_does_not_follow_the_bonds_address_either(pair, ears):
    pair.near.up()
    system = parse_slow(next_frames(ears["p1"])[0]).actor.system
    pair.host.ip("link set bond0 address 02:00:00:00:cc:00")
    assert eventually(lambda: mac(pair, "eth1") == bytes.fromhex("02000000cc00"))
    received(ears["p1"])
    assert {parse_slow(frame).actor.system for frame in next_frames(ears["p1"])} == {system}


def test_a_port_priority_is_written_read_and_sent(pair, ears):
    pair.near.up(*FAST, "--actor-port-prio", "eth1:7")
    assert pair.near.done("get", "bond0", "actor_port_prio") == "eth0:255 eth1:7\n"
    pair.near.done("set", "bond0", "actor_port_prio=eth0:300")
    for heard in ears.values():
        received(heard)
    assert parse_slow(next_frames(ears["p0"])[-1]).actor.port_priority == 300
    assert parse_slow(next_frames(ears["p1"])[-1]).actor.port_priority == 7
    refused = pair.near.call("set", "bond0", "actor_port_prio=eth0:65536")
    assert refused.returncode
    assert "EINVAL" in refused.stderr


# -- what it survives


def test_a_full_queue_is_counted_and_over_when_it_is_over(pair):
    pair.aggregate()
    pair.host.run("tc", "qdisc", "add", "dev", "eth0", "root", "pfifo", "limit", "0")
    assert eventually(lambda: pair.near.lacp("eth0")["counters"]["not_sent"] >= 3, within_s=8)
    assert pair.near.states()[1][3:6] == "SCD", "the other port goes on"
    pair.host.run("tc", "qdisc", "del", "dev", "eth0", "root")
    pair.wait_until_aggregated()
    assert " ERROR " not in (pair.near.run_directory / "bond0.log").read_text()


def test_a_port_set_down_and_up_again_carries_traffic_again(pair):
    pair.aggregate()
    pair.host.ip("link set eth0 down")
    assert eventually(lambda: pair.near.states()[0][4:6] == "--")
    assert ping(pair.host, PEER, count=20).received == 20
    pair.host.ip("link set eth0 up")
    pair.wait_until_aggregated()


def test_a_port_that_vanishes_leaves_the_other_at_work(pair):
    pair.aggregate()
    pair.host.ip("link del eth0")
    assert eventually(lambda: len(pair.near.states()) == 1)
    assert ping(pair.host, PEER, count=20).received == 20
    assert pair.near.states() == [WORKING]


def test_a_bond_that_is_set_down_is_silent_and_goes_on_when_it_is_up(pair, ears):
    pair.aggregate()
    pair.host.ip("link set bond0 down")
    assert eventually(lambda: pair.far.machine("p0", "receive") == "EXPIRED")
    assert received(ears["p0"])
    assert eventually(lambda: pair.far.machine("p0", "receive") == "DEFAULTED")
    assert received(ears["p0"]) == []
    pair.host.ip("link set bond0 up")
    pair.wait_until_aggregated()


def test_after_a_stall_no_time_is_made_up_for(pair, ears):
    pair.aggregate()
    pid, stopped = pair.near.status()["pybondd"]["pid"], time.time()
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(STALL_S)
        assert pair.far.machine("p0", "receive") != "CURRENT"
        received(ears["p0"])
    finally:
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.9)
    assert 1 <= len(received(ears["p0"])) <= 4, "Linux's grid lets four leave in a second"
    pair.wait_until_aggregated()
    since = [text for moment, text in pair.near.entries() if moment > stopped]
    assert not [text for text in since if "to EXPIRED" in text], "the partner spoke all the time"


def test_lacpdus_to_a_fast_partner_are_a_second_apart(pair, ears):
    pair.aggregate()
    for _ in range(3):
        first = arrival(ears["p0"])
    for _ in range(9):
        last = arrival(ears["p0"])
    # Linux's grid of three passes makes it 0.9, 0.9 and 1.2 s: three seconds in every three.
    assert last - first == pytest.approx(9, abs=0.1)


def arrival(heard):
    """When the next LACPDU comes."""
    assert eventually(lambda: received(heard))
    return time.monotonic()


# -- not in other modes


@pytest.mark.parametrize("mode", ["balance-rr", "active-backup", "balance-xor"])
def test_without_lacp_its_frames_are_the_hosts_like_all_others(pair, mode):
    pair.near.up("--mode", mode)
    lacpdu = SLOW + bytes.fromhex("02000000ee01 8809 0101") + bytes(108)
    with pair.host.entered():
        heard = listener("bond0")
    with pair.peer.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as said, heard:
        said.bind(("p0", 0))
        said.send(lacpdu)
        assert next_frames(heard) == [lacpdu]
