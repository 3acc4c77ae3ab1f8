"""Effects are carried out on real interfaces, and what is not attached is given back."""

import errno
import os
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from holder import BOND_MAC, NoPump

from pybondd import effects
from pybondd.forwarding import ForwardingTable
from pybondd.linux.errors import LinuxError
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.executor import Executor
from pybondd.linux.journal import Journal
from pybondd.linux.netlink import Route
from pybondd.linux.tap import Tap
from pybondd.port import Duplex

pytestmark = pytest.mark.root


class NotingPump(NoPump):
    """Remembers what it was told."""

    def __init__(self):
        self.calls = []

    def add_port(self, ifindex, fd):
        self.calls.append(("add", ifindex))

    def remove_port(self, ifindex):
        self.calls.append(("remove", ifindex))

    def publish(self, table):
        self.calls.append(("publish", table))


@pytest.fixture
def world(yard, tmp_path):
    host, peer = yard.namespace(), yard.namespace()
    yard.cable(host, "eth0", peer, "eth0")
    with host.entered(), Route() as route, Ethtool() as ethtool:
        world = SimpleNamespace(host=host, peer=peer, route=route, ethtool=ethtool)
        world.tap, world.pump, world.path = Tap("bond0"), NotingPump(), tmp_path / "bond0.json"
        world.port = route.interface("eth0").ifindex
        world.executor = Executor(
            route=route,
            tap=world.tap,
            pump=world.pump,
            journal=Journal(world.path),
            ethtool=ethtool,
        )
        yield world
        world.executor.close()
        world.tap.close()


def done(world, *wishes):
    return [world.executor.execute(wish) for wish in wishes]


def test_the_bond_interface_gets_mac_mtu_carrier_and_speed(world):
    wishes = (
        effects.SetBondMac(BOND_MAC),
        effects.SetBondMtu(9000),
        effects.SetCarrier(True),
        effects.SetBondSpeed(20_000, Duplex.FULL),
    )
    assert done(world, *wishes) == [0, 0, 0, 0]
    bond = world.route.interface("bond0")
    assert (bond.mac, bond.mtu, bond.carrier) == (BOND_MAC, 9000, True)
    assert "Speed: 20000Mb/s" in world.host.run("ethtool", "bond0")


def test_attach_and_detach_tell_the_pump_and_isolate_meanwhile(world):
    world.executor.prepare(world.port)
    assert done(world, effects.AttachPort(world.port)) == [0]
    assert world.executor.isolation_of(world.port) in ("tcx", "clsact")
    assert world.route.interface("eth0").ipv6_generation == 1
    assert done(world, effects.DetachPort(world.port)) == [0]
    assert world.pump.calls == [("add", world.port), ("remove", world.port)]
    world.executor.settle()
    assert world.executor.isolation_of(world.port) == ""
    assert world.route.interface("eth0").ipv6_generation == 0


def test_a_port_that_was_only_prepared_is_given_back_by_settle(world):
    before = world.route.interface("eth0")
    assert not world.executor.prepare(world.port).is_up
    restored = world.executor.settle()
    assert [each.done for each in restored] == [("up",)]
    after = world.route.interface("eth0")
    assert replace(after, carrier_down_count=0) == replace(before, carrier_down_count=0)
    assert list(Journal.load(world.path)) == []


def test_settle_leaves_an_attached_port_alone(world):
    world.executor.prepare(world.port)
    done(world, effects.AttachPort(world.port), effects.SetPortMac(world.port, BOND_MAC))
    assert world.executor.settle() == ()
    assert world.route.interface("eth0").mac == BOND_MAC


def test_no_ipv6_address_appears_on_a_port(world):
    world.executor.prepare(world.port)
    done(world, effects.AttachPort(world.port), effects.SetPortUp(world.port, True))
    time.sleep(0.1)
    assert "inet6" not in world.host.ip("addr show dev eth0")


def test_a_table_reaches_the_pump(world):
    table = ForwardingTable(generation=7)
    assert done(world, effects.PublishTable(table)) == [0]
    assert world.pump.calls == [("publish", table)]


@pytest.mark.parametrize(
    "wish",
    [
        effects.AttachPort(9999),
        effects.SetPortUp(9999, True),
        effects.SetPortMac(9999, BOND_MAC),
        effects.SetPortMtu(9999, 1500),
        effects.SendFrame(9999, bytes(60)),
        effects.SetPortPromiscuous(9999, True),
    ],
    ids=lambda wish: type(wish).__name__,
)
def test_an_effect_on_a_missing_port_fails_with_enodev(world, wish):
    assert done(world, wish) == [errno.ENODEV]
    assert world.executor.last_error.errno == errno.ENODEV


def test_detaching_a_port_that_vanished_succeeds(world):
    world.executor.prepare(world.port)
    done(world, effects.AttachPort(world.port))
    world.host.ip("link del eth0")
    assert done(world, effects.DetachPort(world.port)) == [0]
    assert [each.done for each in world.executor.settle()] == [("does not exist any more",)]


def test_a_second_bond_cannot_take_the_same_port(world, tmp_path):
    world.executor.prepare(world.port)
    other = Executor(
        route=world.route,
        tap=world.tap,
        pump=NoPump(),
        journal=Journal(tmp_path / "bond1.json"),
        ethtool=world.ethtool,
    )
    assert other.execute(effects.AttachPort(world.port)) == errno.EBUSY
    other.close()


def test_without_a_place_for_the_journal_nothing_is_changed(world, monkeypatch):
    before = world.route.interface("eth0")
    monkeypatch.setattr("pybondd.linux.journal._replace", full_disk)
    assert done(world, effects.SetPortMac(world.port, BOND_MAC)) == [errno.ENOSPC]
    assert world.route.interface("eth0") == before


def test_a_journal_that_was_not_recovered_is_never_overwritten(world):
    world.executor.prepare(world.port)
    before = world.path.read_text()
    with pytest.raises(LinuxError) as refused:
        Journal(world.path).open()
    assert refused.value.errno == errno.EEXIST
    assert world.path.read_text() == before


def test_a_port_that_was_opened_is_closed_and_leaves_no_descriptor(world):
    def cycle():
        world.executor.prepare(world.port)
        done(world, effects.AttachPort(world.port), effects.DetachPort(world.port))
        world.executor.settle()

    cycle()
    before = descriptors()
    for _ in range(10):
        cycle()
    assert descriptors() == before


def full_disk(*_):
    raise OSError(errno.ENOSPC, "no room")


def descriptors():
    return sorted(os.listdir("/proc/self/fd"))
