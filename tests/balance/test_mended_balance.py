"""balance-alb: what Linux leaves broken, and alb_follows=mended does not."""

import pytest
from alb_bonds import (
    alb,
    client_ip,
    cut,
    hear,
    host_sends,
    meet,
    ports_of,
    request_for,
    settled,
    told,
)
from bonds import mac_of, run, write

from pybondd.events import BondMacChanged, PortReleased

OTHER_MAC = bytes.fromhex("0200000000ee")


@pytest.mark.parametrize(("follows", "are_kept"), [("mended", True), ("linux", False)])
def test_our_own_broadcast_that_comes_back_after_a_new_mac_does_no_harm_if_mended(
    follows, are_kept
):
    bond = alb(1, 2)
    write(bond, "alb_follows", follows)
    meet(bond, 1, 2)
    bond.handle(BondMacChanged(OTHER_MAC), now=0)
    hear(bond, 2, request_for(bond, client_ip(3)))
    assert bool(ports_of(bond)) == are_kept


@pytest.mark.parametrize(("follows", "is_told"), [("mended", True), ("linux", False)])
def test_a_client_that_never_answers_us_is_told_of_its_dead_port_if_mended(follows, is_told):
    bond = alb(1, 2)
    write(bond, "alb_follows", follows)
    meet(bond, 1, 2)
    settled(bond)
    host_sends(bond, request_for(bond, client_ip(2)), now_ms=10_000)
    cut(bond, 2, now_ms=10_100)
    run(bond, 10_200)
    told_of = {(ip, mac) for _, _, ip, mac in told(run(bond, 30_000))}
    assert ((client_ip(2), mac_of(1)) in told_of) == is_told


@pytest.mark.parametrize(("follows", "is_told"), [("mended", True), ("linux", False)])
def test_clients_of_a_port_that_gets_the_address_of_a_leaver_are_told_if_mended(follows, is_told):
    bond = alb(1, 2, 3)
    write(bond, "alb_follows", follows)
    meet(bond, 1, 2, 3)
    settled(bond)
    bond.handle(PortReleased(1), now=10_000_000_000)
    assert bond.state.active.ifindex == 2
    moved = {ip for _, _, ip, _ in told(run(bond, 30_000))}
    assert (client_ip(2) in moved) == is_told
