"""Options that name a port read their text as Linux's driver does; cases seen on 6.1.176."""

import errno

import pytest
from bonds import bond_with, write

from pybondd.effects import Refuse


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("eth1:3", "eth1:3 eth2:0"),
        ("eth1: 3", "eth1:3 eth2:0"),
        ("eth1:3x", "eth1:3 eth2:0"),
        ("eth1:0x5", "eth1:0 eth2:0"),
        ("eth1:65537", "eth1:1 eth2:0"),
    ],
)
def test_a_queue_id_ends_where_its_digits_end(text, shown):
    bond = bond_with("active-backup", 1, 2)
    write(bond, "queue_id", text)
    assert bond.read_option("queue_id") == shown


@pytest.mark.parametrize("text", ["eth1:+3", "eth1:", "eth1", "eth1:x", " eth1:3", ":3", "eth1:-1"])
def test_a_queue_id_that_linux_cannot_read_is_refused_with_eperm(text):
    bond = bond_with("active-backup", 1, 2)
    (refusal,) = write(bond, "queue_id", text)
    assert isinstance(refusal, Refuse)
    assert refusal.errno == errno.EPERM
    assert bond.read_option("queue_id") == "eth1:0 eth2:0"


@pytest.mark.parametrize("text", ["eth2", " eth2", "eth2\n", "eth2 x", "eth2 eth1"])
def test_the_first_word_of_active_slave_counts(text):
    bond = bond_with("active-backup", 1, 2)
    write(bond, "active_slave", text)
    assert bond.read_option("active_slave") == "eth2"
