"""Ports that have swapped their MAC addresses get their own back, however the bond ends."""

import os
import signal

import pytest
from bonded import is_alive
from netns import eventually

pytestmark = pytest.mark.root


@pytest.fixture
def swapped(request, bonded):
    """A bond whose ports have each other's address, since the active one's cable was cut."""
    mode = getattr(request, "param", "balance-alb")
    bonded.bridge()
    bonded.before = bonded.snapshot()
    bonded.own = macs(bonded)
    bonded.pid = bonded.up("--mode", mode)
    bonded.peer.ip("link set p0 down")
    assert eventually(lambda: macs(bonded) == exchanged(bonded.own))
    bonded.peer.ip("link set p0 up")
    return bonded


def macs(bonded):
    return {name: bonded.host_mac(name) for name in ("eth0", "eth1")}


def exchanged(own):
    return {"eth0": own["eth1"], "eth1": own["eth0"]}


@pytest.mark.parametrize("swapped", ["balance-tlb"], indirect=True)
def test_down_gives_each_port_its_own_address_back(swapped):
    swapped.done("down", "bond0")
    assert swapped.returns_to(swapped.before)


def test_recover_after_kill_gives_each_port_its_own_address_back(swapped):
    os.kill(swapped.pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(swapped.pid))
    swapped.done("recover", "bond0")
    assert swapped.returns_to(swapped.before)


@pytest.mark.parametrize("port", ["eth0", "eth1"])
def test_a_port_that_leaves_takes_its_own_address_and_the_other_one_the_bonds(swapped, port):
    swapped.done("remove", "bond0", port)
    other = "eth1" if port == "eth0" else "eth0"
    assert swapped.host_mac(port) == swapped.own[port]
    assert swapped.host_mac(other) == swapped.own["eth0"], "the bond keeps its first address"


def test_a_port_whose_driver_changes_no_address_while_it_is_up_is_refused(bonded):
    bonded.host.ip("link add ifb0 type ifb")
    for state in ("up", "down"):  # It gets its queue when it is set up for the first time.
        bonded.host.ip(f"link set ifb0 {state}")
    before = bonded.snapshot()
    refused = bonded.call("up", "bond0", "--mode", "balance-alb", "eth0", "ifb0")
    assert refused.returncode == 1
    assert "ifb0 cannot join bond0" in refused.stderr
    assert "gives an interface that is up no other address" in refused.stderr
    assert bonded.returns_to(before)


def test_an_address_that_the_driver_refuses_is_told_and_nothing_else_breaks(bonded):
    """Two macvlans of one interface never have one address, not even in the midst of a swap."""
    bonded.bridge()
    for name in ("mv0", "mv1"):
        bonded.host.ip(f"link add {name} link eth0 type macvlan mode bridge")
    own = {name: bonded.host_mac(name) for name in ("mv0", "mv1")}
    bonded.host.ip("link set eth0 up")
    bonded.done("up", "bond0", "--mode", "balance-alb", "mv0", "mv1")
    bonded.done("activate", "bond0", "mv1")
    assert any("keeps its MAC address" in text for text in bonded.events())
    bonded.done("down", "bond0")
    assert {name: bonded.host_mac(name) for name in ("mv0", "mv1")} == own
