"""What people and programs see of mode 4, from running daemons: status, get, explain."""

import json
import os
import socket

import pytest
from bonded import HOST, PEER
from lacp_pair import FAST, lacp_pair
from netns import eventually
from pinging import ping

pytestmark = pytest.mark.root

NOBODY = 65534
DATAGRAMS = 30
"""Of each flow; what else leaves the host meanwhile is much less."""
GIVEN_UP_S = 15.0
"""A silent partner expires after 3 s, is given up after 3 more; the rest is for busy machines."""


@pytest.fixture
def pair(yard, tmp_path):
    with lacp_pair(yard, tmp_path) as built:
        yield built


def as_nobody(directory, route):
    """What a reader without privileges gets, who may open the socket as a member of its group."""
    os.chown(directory / "bond0.sock", -1, NOBODY)
    directory.chmod(0o755)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # The directories above may be closed to nobody, so the way to the socket begins here.
        os.chdir(directory)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("bond0.sock")
            client.sendall(f"GET {route} HTTP/1.0\r\n\r\n".encode())
            while piece := client.recv(1 << 16):
                os.write(writing, piece)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text.partition("\n\n")[2]


def explained(end, name):
    ended = end.call("explain", "port", "bond0", name, "-j")
    return ended.returncode, json.loads(ended.stdout)


def test_status_shows_the_aggregate_to_people_and_programs(pair):
    pair.aggregate()
    near = pair.near
    partner = pair.far.status()["pybondd"]["lacp"]["system"]
    card = near.done("status", "bond0").splitlines()
    assert "2 aggregated" in card[0]
    assert all("ATGSCD--" in line and partner in line for line in card[2:4])
    details = near.done("status", "bond0", "--lacp")
    assert f"with 65535,{partner} key 15" in details
    assert "mux           COLLECTING_DISTRIBUTING" in details
    told = json.loads(near.done("status", "bond0", "--lacp", "--json"))
    assert told["ports"][0]["lacp"]["last_heard_s"] < 1.5
    assert told["ports"][0]["lacp"]["counters"]["lacpdu_rx"] > 2
    info = near.status()["linkinfo"]["info_data"]
    assert info["ad_info"]["partner_mac"] == partner
    assert near.done("get", "bond0", "ad_num_ports") == "2\n"
    assert near.done("get", "bond0", "ad_actor_oper_port_state") == "eth0:63 eth1:63\n"


def test_who_negotiates_is_shown_to_root_only(pair):
    pair.aggregate()
    near = pair.near
    partner = pair.far.status()["pybondd"]["lacp"]["system"]
    mine, anybodys = near.done("status", "bond0", "--proc"), as_nobody(near.run_directory, "/proc")
    assert mine.count(partner) == 3
    assert "details partner lacp pdu:" in mine
    assert partner not in anybodys
    assert set(anybodys.splitlines()) < set(mine.splitlines())
    assert (near.run_directory / "proc/net/bonding/bond0").read_text() == anybodys
    status = json.loads(as_nobody(near.run_directory, "/status"))
    assert status["pybondd"]["lacp"] is None
    assert "ad_actor_system" not in status["linkinfo"]["info_data"]
    assert as_nobody(near.run_directory, "/options/ad_partner_mac") == ""
    assert as_nobody(near.run_directory, "/options/ad_num_ports") == "2"
    refusal = json.loads(as_nobody(near.run_directory, "/explain/port/eth0"))
    assert "CAP_NET_ADMIN" in refusal["why"]


def test_explain_follows_a_port_from_use_through_a_cut_to_a_partner_that_left(pair):
    pair.aggregate()
    assert explained(pair.near, "eth0")[0] == 0
    pair.peer.ip("link set p0 down")
    assert eventually(lambda: explained(pair.near, "eth0")[1]["reason"] == "no-carrier")
    assert pair.near.call("explain", "port", "bond0", "eth0").returncode == 1
    pair.peer.ip("link set p0 up")
    pair.wait_until_aggregated()
    pair.far.done("down", "bond0")

    def reasons():
        return {explained(pair.near, name)[1]["reason"] for name in pair.near.ports}

    # One port works alone, the other one knows that its partner is gone.
    assert eventually(lambda: reasons() == {None, "fell-silent"}, within_s=GIVEN_UP_S), reasons()
    assert pair.near.call("explain", "port", "bond0", "eth9").returncode == 1


def test_explain_names_the_switch_port_without_lacp(bonded):
    bonded.bridge()
    bonded.up("--mode", "802.3ad", "--lacp-rate", "fast")

    def reason(name):
        words = ("explain", "port", "bond0", name, "-j")
        return json.loads(bonded.call(*words).stdout)["reason"]

    silent = eventually(lambda: reason("eth1") == "never-heard", within_s=GIVEN_UP_S)
    assert silent, reason("eth1")
    assert "works alone" in bonded.done("explain", "port", "bond0", "eth0")


def test_a_flow_leaves_by_the_port_that_explain_names(pair):
    pair.aggregate(near=(*FAST, "--xmit-hash-policy", "layer3+4"))
    assert ping(pair.host, PEER, count=3).received == 3
    seen = set()
    for sport in range(40000, 40008):
        words = ("--src", HOST, "--dst", PEER, "--proto", "udp", "--sport", str(sport))
        told = pair.near.done("explain", "flow", "bond0", *words, "--dport", "9", "-j")
        port = json.loads(told)["port"]
        before = sent_frames(pair.near)
        send_datagrams(pair.host, sport)

        def sent(before=before):
            return {name: count - before[name] for name, count in sent_frames(pair.near).items()}

        assert eventually(lambda port=port, sent=sent: sent()[port] >= DATAGRAMS), sent()
        assert sum(sent().values()) - sent()[port] < DATAGRAMS
        seen.add(port)
    assert seen == set(pair.near.ports)


def send_datagrams(namespace, sport):
    """To the discard port of the peer."""
    with namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((HOST, sport))
        for _ in range(DATAGRAMS):
            sender.sendto(b"flow", (PEER, 9))


def sent_frames(end):
    return {port["ifname"]: port["pybondd"]["sent_frames"] for port in end.status()["ports"]}
