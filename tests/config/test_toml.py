"""pybondd's own file: what may stand in it, and what is said of what may not."""

import pytest
from configs import source

from pybondd.config.bond_config import BondConfig
from pybondd.config.toml import read_config, write
from pybondd.refusal import RefusedError

FULL = """# a bond
mode = 4
ports = ["eth0", "eth1"]
address = "192.0.2.10/24"
mtu = 9000

[options]
miimon = 100
lacp-rate = "fast"
xmit_hash_policy = 1
tlb_dynamic_lb = true
ad_actor_system = "02:00:00:00:00:0A"
peer_notify_delay = 200

[port.eth1]
actor_port_prio = 10
"""


def config(text, name="bond0.toml"):
    return read_config(source(name, text))


def test_values_may_be_names_numbers_and_switches():
    text = FULL.replace("tlb_dynamic_lb = true\n", "")
    assert config(text) == BondConfig(
        "bond0",
        ("eth0", "eth1"),
        {
            "mode": "802.3ad",
            "miimon": "100",
            "peer_notif_delay": "200",
            "xmit_hash_policy": "layer3+4",
            "lacp_rate": "fast",
            "ad_actor_system": "02:00:00:00:00:0a",
        },
        {"eth1": {"actor_port_prio": "10"}},
        ("192.0.2.10/24",),
        9000,
    )


def test_targets_may_be_a_list_or_one_text():
    listed = 'mode = 1\n[options]\narp_interval = 500\narp_ip_target = ["10.0.0.1", "10.0.0.2"]\n'
    joined = listed.replace('["10.0.0.1", "10.0.0.2"]', '"10.0.0.1, 10.0.0.2"')
    assert config(listed).options["arp_ip_target"] == "10.0.0.1,10.0.0.2"
    assert config(joined) == config(listed)


def test_the_name_of_the_file_is_the_name_of_the_bond():
    assert config("mode = 1\n", "etc/uplink.toml").name == "uplink"


def test_a_file_of_nothing_is_a_bond_with_linux_s_mode():
    assert config("") == BondConfig("bond0", options={"mode": "balance-rr"})


def test_what_is_written_looks_like_this():
    text = FULL.replace("tlb_dynamic_lb = true\n", "")
    assert write(config(text)) == (
        'mode = "802.3ad"\n'
        'ports = ["eth0", "eth1"]\n'
        'address = ["192.0.2.10/24"]\n'
        "mtu = 9000\n"
        "\n"
        "[options]\n"
        "miimon = 100\n"
        "peer_notif_delay = 200\n"
        'xmit_hash_policy = "layer3+4"\n'
        'lacp_rate = "fast"\n'
        'ad_actor_system = "02:00:00:00:00:0a"\n'
        "\n"
        "[port.eth1]\n"
        "actor_port_prio = 10\n"
    )


REFUSED = {
    "no TOML": ('mode = "1"\nports = [\n', "bond0.toml:3: this is no TOML", ""),
    "a name without quotes": ("mode = active-backup\n", "bond0.toml:1: this is no TOML", ""),
    "an unknown key": ("mod = 1\n", "bond0.toml:1: unknown key 'mod'", "did you mean 'mode'?"),
    "an option at the top": (
        "mode = 1\nmiimon = 100\n", "bond0.toml:2: unknown key 'miimon'", "below [options]"
    ),
    "an unknown option": (
        "mode = 1\n[options]\nmimon = 100\n",
        "bond0.toml:3: unknown key 'mimon' in [options]",
        "did you mean 'miimon'?",
    ),
    "the mode among the options": ("[options]\nmode = 1\n", "bond0.toml:2: mode in [options]", ""),
    "an unknown mode": (
        'mode = "active-backp"\n', 'bond0.toml:1: mode = "active-backp"', "'active-backup'"
    ),
    "a value out of range": (
        "mode = 1\n[options]\nresend_igmp = 256\n", "bond0.toml:3: resend_igmp = 256", ""
    ),
    "a value of another kind": (
        "mode = 1\n[options]\nmiimon = 1.5\n", "bond0.toml:3: miimon = 1.5", "not understood"
    ),
    "an option of another mode": (
        'mode = 1\n[options]\nlacp_rate = "fast"\n', "bond0.toml:3: lacp_rate", "needs mode 802.3ad"
    ),
    "a port that is listed twice": (
        'mode = 1\nports = ["eth0", "eth0"]\n', "bond0.toml:2: eth0 is listed twice", ""
    ),
    "ports that are no list": ("mode = 1\nports = 2\n", "bond0.toml:2: ports is no list", ""),
    "a port that cannot be": ('mode = 1\nports = ["../x"]\n', "bond0.toml:2: '../x' cannot", ""),
    "options of no port": (
        'ports = ["eth0"]\nmode = 1\n[port.eth1]\nprio = 1\n',
        "bond0.toml:3: [port.eth1] is of no port",
        "did you mean 'eth0'?",
    ),
    "an unknown option of a port": (
        'mode = 1\nports = ["eth0"]\n[port.eth0]\npriority = 1\n',
        "bond0.toml:4: unknown key 'priority' in [port.eth0]",
        "did you mean 'prio'?",
    ),
    "a queue that is none": (
        'ports = ["eth0"]\n[port.eth0]\nqueue_id = 17\n', "bond0.toml:3: queue_id", "queues 1 to 16"
    ),
    "an address that is none": (
        'address = ["192.0.2.300"]\n', "bond0.toml:1: address '192.0.2.300'", ""
    ),
    "an MTU that is none": ("mtu = 9000000\n", "bond0.toml:1: mtu = 9000000", "68 to 65535"),
    "a MAC that is none": ('mac = "01:00:00:00:00:01"\n', "bond0.toml:1: mac", "unicast"),
    "a table that is a value": ("options = 1\n", "bond0.toml:1: options is no table", ""),
    "GBK": ("mode = 1 # 主备\n".encode("gbk"), "bond0.toml:1: this is not UTF-8", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_refused_with_its_line(name):
    text, what, why = REFUSED[name]
    with pytest.raises(RefusedError) as refused:
        config(text)
    assert refused.value.what.startswith(what)
    assert why in refused.value.why
    assert refused.value.remedy


def test_delays_without_miimon_are_taken_because_up_adds_it():
    assert config("mode = 1\n[options]\nupdelay = 200\n").options["updelay"] == "200"
