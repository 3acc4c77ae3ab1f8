"""What the world does to a running bond: it keeps running and keeps its word."""

import os
import re
import socket
import threading

import pytest
from bonded import is_alive
from netns import eventually

pytestmark = pytest.mark.root

BLAST = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for _ in range(3000):
        sender.sendto(bytes(1000), ("10.9.0.2", 9))
"""


def ports(bonded):
    return {port["ifname"]: port["info_slave_data"] for port in bonded.status()["ports"]}


def lost(summary: str) -> int:
    sent, received = (
        int(n) for n in re.findall(r"(\d+) (?:packets transmitted|received)", summary)
    )
    return sent - received


def test_a_port_that_vanishes_leaves_the_bond_and_the_others_go_on(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    bonded.host.ip("link del eth0")
    assert eventually(lambda: list(ports(bonded)) == ["eth1"])
    assert lost(bonded.ping(20)) == 0
    bonded.done("down", "bond0")
    assert not (bonded.run_directory / "bond0.json").exists()


def test_a_renamed_port_stays_a_port_under_its_new_name(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    bonded.host.ip("link set eth1 down")
    bonded.host.ip("link set eth1 name cable1")
    bonded.host.ip("link set cable1 up")
    assert eventually(lambda: ports(bonded).get("cable1", {}).get("mii_status") == "UP")
    bonded.done("activate", "bond0", "cable1")
    assert lost(bonded.ping(20)) == 0
    bonded.done("remove", "bond0", "cable1")
    assert list(ports(bonded)) == ["eth0"]


def test_a_port_set_down_fails_over_and_comes_back(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    bonded.host.ip("link set eth0 down")
    assert eventually(lambda: ports(bonded)["eth1"]["state"] == "ACTIVE")
    assert ports(bonded)["eth0"]["link_failure_count"] == 1
    assert lost(bonded.ping(20)) == 0
    bonded.host.ip("link set eth0 up")
    assert eventually(lambda: ports(bonded)["eth0"]["mii_status"] == "UP")
    assert lost(bonded.ping(20)) == 0


def test_without_any_link_the_bond_shows_no_carrier_and_recovers(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    for name in ("p0", "p1"):
        bonded.peer.ip(f"link set {name} down")
    assert eventually(lambda: "NO-CARRIER" in bonded.host.ip("link show bond0"))
    assert lost(bonded.ping(3)) == 3
    bonded.peer.ip("link set p1 up")
    assert eventually(lambda: "LOWER_UP" in bonded.host.ip("link show bond0"))
    assert eventually(lambda: lost(bonded.ping(3)) == 0)


def test_a_flapping_port_neither_kills_nor_confuses_the_bond(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    for _ in range(30):
        bonded.peer.ip("link set p0 down")
        bonded.peer.ip("link set p0 up")
    assert eventually(lambda: ports(bonded)["eth0"]["mii_status"] == "UP")
    assert eventually(lambda: lost(bonded.ping(10)) == 0)
    assert [line for line in log(bonded) if " ERROR " in line] == []


def test_a_deleted_bond_interface_ends_the_daemon_and_the_ports_are_given_back(bonded):
    before = bonded.snapshot()
    pid = bonded.up("--mode", "active-backup")
    bonded.host.ip("link del bond0")
    assert eventually(lambda: not is_alive(pid))
    assert bonded.returns_to(before)
    assert any("the bond interface was deleted" in line for line in log(bonded))


def test_a_full_send_queue_loses_frames_but_not_the_bond(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    bonded.host.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "1mbit",
                    "burst", "2kb", "limit", "3kb")  # fmt: skip
    bonded.host.run("python3", "-c", BLAST)
    bonded.host.run("tc", "qdisc", "del", "dev", "eth0", "root")
    assert eventually(lambda: lost(bonded.ping(10)) == 0)
    counters = bonded.status()["pybondd"]["counters"]
    assert counters.get("dropped_transmit_port_busy", 0) > 0


def test_a_client_that_hangs_up_in_the_middle_does_no_harm(bonded):
    bonded.up("--mode", "active-backup")
    path = str(bonded.run_directory / "bond0.sock")
    for request in (b"", b"GET /sta", b"POST /options HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
                    b"GET /events?follow=1 HTTP/1.1\r\n\r\n", b"\0" * 5000):  # fmt: skip
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(request)
    assert list(ports(bonded)) == ["eth0", "eth1"]


def test_of_two_daemons_started_at_once_one_is_refused_and_one_runs(bonded):
    results = []
    starts = [
        threading.Thread(target=lambda: results.append(bonded.call("up", "bond0", "eth0", "eth1")))
        for _ in range(2)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert sorted(each.returncode for each in results) == [0, 1]
    assert list(ports(bonded)) == ["eth0", "eth1"]


def test_a_bond_on_two_machines_namespaces_may_have_the_same_ports_names(bonded):
    bonded.done("up", "bond0", "eth0")
    bonded.peer.ip("link set p0 down")
    bonded.peer.ip("link set p0 name eth0")
    bonded.done("up", "bond1", "eth0", where=bonded.peer)
    assert bonded.status("bond1")["ports"][0]["ifname"] == "eth0"


def test_a_daemon_keeps_no_descriptor_of_ports_that_left(bonded):
    pid = bonded.up("--mode", "active-backup")
    bonded.done("remove", "bond0", "eth1")
    bonded.done("add", "bond0", "eth1")
    count = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(5):
        bonded.done("remove", "bond0", "eth1")
        bonded.done("add", "bond0", "eth1")
    assert eventually(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= count)


def log(bonded) -> list[str]:
    return (bonded.run_directory / "bond0.log").read_text().splitlines()
