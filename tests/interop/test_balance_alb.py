"""balance-alb behind a real switch: clients are dealt out over the ports, and follow them."""

import pytest
from balance_stand import CLIENTS, BalanceStand
from bonded import HOST
from pinging import ping

pytestmark = pytest.mark.root


@pytest.fixture
def stand(yard, tmp_path):
    built = BalanceStand(yard, tmp_path)
    built.up("--mode", "balance-alb")
    yield built
    built.call("down", "bond0")


def test_every_client_reaches_the_bond_and_the_bond_every_client(stand):
    for address, client in stand.clients.items():
        assert ping(client, HOST, count=20).received == 20
        assert ping(stand.host, address, count=20).received == 20
    assert set(stand.ports_known()) == set(CLIENTS)
