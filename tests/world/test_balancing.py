"""The modes that use several ports at once, against a switch with a static link aggregation."""

import pytest
from scenes import one_switch


def sent(scene):
    return [port.sent for port in scene.ports]


@pytest.mark.parametrize("mode", ["balance-rr", "balance-xor"])
def test_a_static_trunk_loses_and_duplicates_nothing(mode):
    scene = one_switch(mode, 3)
    scene.ping(200)
    assert (scene.peer.stack.lost, scene.peer.stack.duplicates) == (0, 0)


def test_round_robin_gives_every_port_the_same_share():
    scene = one_switch("balance-rr", 3)
    scene.ping(1)
    before = sent(scene)
    scene.ping(300)
    assert [now - then for now, then in zip(sent(scene), before, strict=True)] == [100, 100, 100]


def test_round_robin_leaves_out_a_dead_port_at_once():
    scene = one_switch("balance-rr", 3)
    scene.ping(3)
    scene.cables[1].cut()
    before = sent(scene)
    scene.ping(30)
    assert scene.peer.stack.lost == 0
    shares = [now - then for now, then in zip(sent(scene), before, strict=True)]
    # The successor of the dead port does its work too, as in Linux.
    assert shares == [10, 0, 20]


def test_xor_keeps_one_conversation_on_one_port():
    scene = one_switch("balance-xor", 3)
    scene.ping(1)
    before = sent(scene)
    scene.ping(50)
    shares = [now - then for now, then in zip(sent(scene), before, strict=True)]
    assert sorted(shares) == [0, 0, 50]


def test_xor_moves_the_conversation_when_its_port_dies():
    scene = one_switch("balance-xor", 2)
    scene.ping(5)
    busy = max(range(2), key=lambda place: scene.ports[place].sent)
    scene.cables[busy].cut()
    scene.ping(30)
    assert scene.peer.stack.lost == 0
    assert scene.bond.bond.table.tx_ports == (scene.ports[1 - busy].ifindex,)


def test_broadcast_sends_every_frame_on_every_live_port_and_the_peer_sees_them_all():
    scene = one_switch("broadcast", 3)
    scene.ping(1)
    before = sent(scene)
    scene.ping(10)
    assert [now - then for now, then in zip(sent(scene), before, strict=True)] == [10, 10, 10]
    assert [probe.answers for probe in scene.peer.stack.probes] == [3] * 11


def test_broadcast_without_a_trunk_delivers_every_copy_as_linux_does():
    scene = one_switch("broadcast", 2, is_trunk=False)
    scene.ping(1)
    scene.switches[0].addresses.clear()
    heard_before = scene.host.stack.requests_heard
    scene.peer.stack.ping(scene.host.stack.ip)
    scene.run(50)
    assert scene.host.stack.requests_heard - heard_before == 2


@pytest.mark.parametrize("mode", ["balance-rr", "balance-xor", "broadcast"])
def test_losing_every_cable_drops_the_carrier_and_one_brings_it_back(mode):
    scene = one_switch(mode, 2)
    for cable in scene.cables:
        cable.cut()
    scene.run(300)
    assert not scene.bond.has_carrier
    scene.cables[0].repair()
    scene.run(300)
    assert scene.bond.has_carrier
