"""What would a bond refuse?"""

from pybondd.config.bond_config import BondConfig
from pybondd.config.trial import refusals


def test_ports_join_the_trial_so_that_options_that_speak_of_them_are_taken():
    config = BondConfig(
        "bond0",
        ("eth0", "eth1"),
        {"mode": "active-backup", "miimon": "100", "active_slave": "eth1"},
        {"eth0": {"prio": "-5", "queue_id": "1"}, "eth1": {"queue_id": "2"}},
    )
    assert refusals(config) == {}


def test_two_ports_cannot_have_one_queue():
    ports = {"eth0": {"queue_id": "1"}, "eth1": {"queue_id": "1"}}
    config = BondConfig("bond0", ("eth0", "eth1"), {"mode": "balance-rr"}, ports)
    assert list(refusals(config)) == [("eth1", "queue_id")]


def test_delays_are_refused_without_a_monitor_unless_there_is_a_default():
    config = BondConfig("bond0", (), {"mode": "active-backup", "updelay": "200"})
    assert list(refusals(config)) == [("", "updelay")]
    assert refusals(config, miimon_default="100") == {}
