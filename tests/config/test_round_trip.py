"""Does a bond come back as it was, from every format that can say it?"""

from dataclasses import replace

import pytest
from configs import bond_configs, one, read
from hypothesis import HealthCheck, given, settings

from pybondd.config.dialects import WRITABLE, write_as
from pybondd.config.finish import without
from pybondd.config.note import Kind

FOREIGN = [name for name in WRITABLE if name != "toml"]
ANY_SPEED = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def less(config, lost):
    """The configuration without what a format cannot say."""
    for what in lost:
        port, _, name = what.rpartition("/")
        if name not in ("ports", "address", "mtu", "mac"):
            config = without(config, port, name)
    blank = {"ports": (), "address": (), "mtu": None, "mac": None}
    fields = {"address": "addresses"}
    return replace(
        config, **{fields.get(what, what): blank[what] for what in lost if what in blank}
    )


def without_empty(config):
    return replace(config, port_options={p: o for p, o in config.port_options.items() if o})


@ANY_SPEED
@given(bond_configs())
def test_what_is_written_as_toml_is_read_as_the_same_value(config):
    assert one(write_as(config, "toml").files) == config


CAN_SAY = {
    "ip": {"ports", "address", "mtu", "mac", "eth0/prio", "eth0/queue_id", "ns_ip6_target"},
    "ifcfg": {"ports", "address", "mtu", "mac", "primary", "lacp_active", "ad_actor_system"},
    "ifupdown": {"ports", "address", "mtu", "mac", "primary", "use_carrier"},
    "netplan": {"ports", "address", "mtu", "mac", "primary", "resend_igmp"},
    "networkd": {"ports", "address", "mtu", "mac", "primary", "ad_user_port_key"},
    "nmconnection": {"ports", "address", "mtu", "mac", "primary", "eth0/prio", "eth0/queue_id"},
    "modprobe": {"primary", "num_grat_arp", "min_links"},
}
"""A few things of each format that must never be given up."""


@pytest.mark.parametrize("name", FOREIGN)
@ANY_SPEED
@given(config=bond_configs())
def test_all_that_a_format_can_say_comes_back_and_the_rest_is_told(name, config):
    written = write_as(config, name)
    bonds, notes = read(written.files)
    assert bonds == [without_empty(less(config, written.lost))], [str(note) for note in notes]
    assert {note.what for note in written.notes if note.kind is Kind.LOST} == written.lost
    if config.options.get("primary", "eth0") in config.ports:
        assert not written.lost & CAN_SAY[name]
