"""What people and programs see of mode 6, from a running daemon: status, explain."""

import json

import pytest
from balance_stand import CLIENTS, PORTS, BalanceStand
from bonded import HOST
from netns import eventually

pytestmark = pytest.mark.root

PINGS = 100
"""To one client; what else leaves the host meanwhile is much less."""
NEXT_REBALANCING_S = 15.0
"""Ten seconds, and the rest for busy machines."""


@pytest.fixture
def stand(yard, tmp_path):
    with_clients = BalanceStand(yard, tmp_path)
    with_clients.up("--mode", "balance-alb")
    with_clients.meet()
    yield with_clients
    with_clients.call("down", "bond0")


def tables(stand):
    return json.loads(stand.done("status", "bond0", "--alb", "--json"))["alb"]


def shown_ports(stand):
    """By client, the port that the bond says it sends to, once each was told."""
    receive = tables(stand)["receive"]
    assert {client["our_ip"] for client in receive["clients"]} == {HOST}
    return {client["ip"]: client["port"] for client in receive["clients"]}


def test_the_tables_are_what_the_clients_believe_before_a_cut_and_after_it(stand):
    assert eventually(lambda: stand.ports_known() == shown_ports(stand), within_s=10)
    assert set(shown_ports(stand).values()) == set(PORTS)
    head, *rows = stand.done("status", "bond0", "--clients").splitlines()
    assert head == "SourceIP        DestinationIP   Destination MAC   DEV"
    assert {row.split()[1]: row.split()[3] for row in rows} == shown_ports(stand)
    details = stand.done("status", "bond0", "--alb")
    assert f"who sends to {HOST}:" in details
    assert all(address in details for address in CLIENTS)

    dead, survivor = stand.active(), stand.other()
    stand.cut(dead)
    assert eventually(lambda: set(shown_ports(stand).values()) == {survivor})
    stand_in = tables(stand)["receive"]["stand_in"]
    assert (stand_in["port"], list(stand_in["addresses"])) == (survivor, [dead])
    told = json.loads(stand.call("explain", "port", "bond0", dead, "-j").stdout)
    assert told["reason"] == "no-carrier"
    assert f"{survivor} takes what is sent to its address" in " ".join(told["notes"])
    told = json.loads(stand.done("explain", "port", "bond0", survivor, "-j"))
    assert "3 of 3 clients send to its address" in " ".join(told["notes"])


def test_a_flow_leaves_by_the_port_that_explain_names(stand):
    def owners():
        for address in CLIENTS:
            send(stand, address, count=20)
        return {explained(stand, address)["port"] for address in CLIENTS}

    # Until its load was measured all buckets are one port's.
    assert eventually(lambda: owners() == set(PORTS), within_s=NEXT_REBALANCING_S)
    for address in CLIENTS:
        assert eventually(lambda address=address: left_as_told(stand, address))


def left_as_told(stand, address):
    """Whether the flow left as foretold; False if the buckets chose anew meanwhile."""
    told = explained(stand, address)
    moved = stand.moved("tx", lambda: send(stand, address))
    if explained(stand, address)["port"] != told["port"]:
        return False
    assert moved[told["port"]] >= PINGS, (address, told, moved)
    assert told["source_mac"] == stand.macs()[told["port"]]
    return True


def explained(stand, address):
    words = ("explain", "flow", "bond0", "--src", HOST, "--dst", address, "-j")
    return json.loads(stand.done(*words))


def send(stand, address, *, count=PINGS):
    stand.host.run("ping", "-q", "-f", "-c", str(count), "-W", "2", address)
