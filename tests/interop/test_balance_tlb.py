"""balance-tlb behind a real switch: what the host sends is shared out, what it hears is not."""

import pytest
from balance_stand import CLIENTS, PORTS, running
from netns import eventually
from pinging import Pinging

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def by_load(tmp_path_factory):
    with running(tmp_path_factory.mktemp("run"), "--mode", "balance-tlb") as built:
        yield built


@pytest.fixture(scope="module")
def by_hash(tmp_path_factory):
    options = ("--mode", "balance-tlb", "--tlb-dynamic-lb", "0")
    with running(tmp_path_factory.mktemp("run"), *options) as built:
        yield built


def send(stand):
    """A flow of the bond to each client."""
    for address in CLIENTS:
        stand.host.run("ping", "-q", "-f", "-c", "200", address)


def test_flows_leave_by_several_ports_after_a_rebalancing_each_with_its_ports_address(by_load):
    stand = by_load
    send(stand)
    # A port that comes back makes the bond share out anew at its next tick, not after 10 s.
    port = stand.other()
    stand.cut(port)
    assert eventually(lambda: not stand.is_up(port))
    stand.heal()
    assert eventually(lambda: min(stand.moved("tx", lambda: send(stand)).values()) >= 200)
    heard = stand.moved("rx", lambda: send(stand))
    assert heard[stand.active()] >= 600
    assert stand.learned() == {mac: stand.far_end(name) for name, mac in stand.macs().items()}


@pytest.mark.parametrize(
    ("kind", "which"), [("by_load", "active"), ("by_load", "other"), ("by_hash", "active")]
)
def test_a_cut_costs_little_and_a_repair_nothing(kind, which, request):
    stand = request.getfixturevalue(kind)
    stand.wait_for_the_switch()
    port = stand.active() if which == "active" else stand.other()
    survivor = next(name for name in PORTS if name != port)
    with Pinging(stand.host, CLIENTS[0]) as to_one, Pinging(stand.host, CLIENTS[1]) as to_other:
        stand.cut(port)
        assert eventually(lambda: stand.moved("tx", lambda: send(stand))[survivor] >= 600)
    assert max(to_one.lost, to_other.lost) <= 10
    assert stand.active() == survivor
    with Pinging(stand.host, CLIENTS[0]) as to_one, Pinging(stand.host, CLIENTS[1]) as to_other:
        stand.heal()
        send(stand)
    # That which is under way when ping is told to end counts as lost.
    assert max(to_one.lost, to_other.lost) <= 1


def test_without_load_balancing_the_hash_spreads_the_flows(by_hash):
    stand = by_hash
    assert min(stand.moved("tx", lambda: send(stand)).values()) >= 200
    assert stand.learned() == {mac: stand.far_end(name) for name, mac in stand.macs().items()}
