"""balance-alb behind a real switch: clients are dealt out over the ports, and follow them."""

from contextlib import ExitStack

import pytest
from balance_stand import CLIENTS, PORTS, running
from bonded import HOST
from netns import eventually
from pinging import Pinging, ping

pytestmark = pytest.mark.root

ENOUGH_OCTETS = 4 << 20
"""Of 8 MB: iperf3 leaves out what was under way, up to its window, when the sender had finished."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    with running(tmp_path_factory.mktemp("run"), "--mode", "balance-alb") as built:
        yield built


@pytest.fixture(scope="module")
def pure(tmp_path_factory):
    where = tmp_path_factory.mktemp("run")
    with running(where, "--mode", "balance-alb", is_pure=True) as built:
        yield built


@pytest.fixture
def stand(compiled):
    yield compiled
    compiled.heal()


@pytest.mark.parametrize("kind", ["compiled", "pure"])
def test_every_client_reaches_the_bond_and_the_bond_every_client(kind, request):
    stand = request.getfixturevalue(kind)
    for address, client in stand.clients.items():
        assert ping(client, HOST, count=20).received == 20
        assert ping(stand.host, address, count=20).received == 20
        assert stand.transfer(address) > ENOUGH_OCTETS
        assert stand.transfer(address, "-R") > ENOUGH_OCTETS
    assert stand.status()["pybondd"]["datapath"]["kind"] == kind


def test_what_the_clients_send_is_spread_over_all_ports(stand):
    # A request of the bond's own makes all clients send to one port for two seconds.
    assert eventually(lambda: set(stand.ports_known().values()) == set(PORTS), within_s=10)
    came = stand.moved("rx", lambda: all_send(stand))
    assert min(came.values()) >= sum(came.values()) / 4


def all_send(stand):
    for client in stand.clients.values():
        client.run("ping", "-q", "-f", "-c", "500", HOST)


# -- failures


class Pings:
    """Each client pings the bond and the bond each client, 100 times a second."""

    def __init__(self, stand):
        self._stack = ExitStack()
        self._pings = [Pinging(client, HOST) for client in stand.clients.values()]
        self._pings += [Pinging(stand.host, address) for address in CLIENTS]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self._pings:
            each.__exit__()

    @property
    def worst(self):
        """The most that one of them lost."""
        return max(each.lost for each in self._pings)


@pytest.mark.parametrize("which", ["active", "other"])
def test_a_cut_costs_little_and_moves_the_clients_and_the_repair_costs_nothing(stand, which):
    stand.wait_for_the_switch()
    port = stand.active() if which == "active" else stand.other()
    survivor = next(name for name in PORTS if name != port)
    with Pings(stand) as during_cut:
        stand.cut(port)
        moved = dict.fromkeys(CLIENTS, survivor)
        assert eventually(lambda: stand.ports_known() == moved, within_s=8)
    assert during_cut.worst <= 10
    assert stand.active() == survivor
    with Pings(stand) as during_repair:
        stand.repair(port)
        assert eventually(lambda: set(stand.ports_known().values()) == set(PORTS), within_s=8)
    # That which is under way when ping is told to end counts as lost.
    assert during_repair.worst <= 1
