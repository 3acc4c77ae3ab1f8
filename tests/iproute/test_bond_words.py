"""The words after `type bond` and `type bond_slave`, as iproute2 6.1 reads and refuses them."""

import pytest

from pybondd.iproute.bond_words import BOND_WORDS, PORT_WORDS, read_bond_words, read_port_words
from pybondd.iproute.misuse import MisuseError
from pybondd.options import ALIASES, OPTIONS

READ = {
    "mode 802.3ad": {"mode": "802.3ad"},
    "mode 4": {"mode": "802.3ad"},
    "mod active-backup": {"mode": "active-backup"},
    "active_slave eth0": {"active_slave": "eth0"},
    "clear_active_slave": {"active_slave": ""},
    "miimon 100": {"miimon": "100"},
    "miimon 0x64": {"miimon": "100"},
    "miimon 010": {"miimon": "8"},
    "updelay 200": {"updelay": "200"},
    "downdelay 4294967295": {"downdelay": "4294967295"},
    "peer_notify_delay 300": {"peer_notif_delay": "300"},
    "use_carrier 0": {"use_carrier": "0"},
    "arp_interval 200": {"arp_interval": "200"},
    "arp_ip_target 10.0.0.2,10.0.0.3": {"arp_ip_target": "10.0.0.2,10.0.0.3"},
    "arp_ip_target 10.1": {"arp_ip_target": "10.1.0.0"},
    "ns_ip6_target fd00::2,fe80::1234": {"ns_ip6_target": "fd00::2,fe80::1234"},
    "arp_validate filter_active": {"arp_validate": "filter_active"},
    "arp_validate 3": {"arp_validate": "all"},
    "arp_all_targets all": {"arp_all_targets": "all"},
    "primary eth1": {"primary": "eth1"},
    "primary_reselect better": {"primary_reselect": "better"},
    "fail_over_mac follow": {"fail_over_mac": "follow"},
    "xmit_hash_policy layer3+4": {"xmit_hash_policy": "layer3+4"},
    "xmit_hash_policy 2": {"xmit_hash_policy": "layer2+3"},
    "resend_igmp 5": {"resend_igmp": "5"},
    "num_grat_arp 3": {"num_grat_arp": "3"},
    "num_unsol_na 3": {"num_grat_arp": "3"},
    "all_slaves_active 1": {"all_slaves_active": "1"},
    "min_links 2": {"min_links": "2"},
    "lp_interval 5": {"lp_interval": "5"},
    "packets_per_slave 0": {"packets_per_slave": "0"},
    "lacp_rate fast": {"lacp_rate": "fast"},
    "lacp_rate 1": {"lacp_rate": "fast"},
    "lacp_active off": {"lacp_active": "off"},
    "ad_select bandwidth": {"ad_select": "bandwidth"},
    "ad_user_port_key 1023": {"ad_user_port_key": "1023"},
    "ad_actor_sys_prio 1": {"ad_actor_sys_prio": "1"},
    "ad_actor_system 2:0:0:0:0:A": {"ad_actor_system": "02:00:00:00:00:0a"},
    "tlb_dynamic_lb 0": {"tlb_dynamic_lb": "0"},
    "arp_missed_max 5": {"arp_missed_max": "5"},
    "coupled_control off": {"coupled_control": "off"},
    "broadcast_neighbor on": {"broadcast_neighbor": "on"},
    "lacp_strict on": {"lacp_strict": "on"},
    "lacp_follows linux": {"lacp_follows": "linux"},
    "alb_follows linux": {"alb_follows": "linux"},
    "mode 1 miimon 100 mode 4": {"mode": "802.3ad", "miimon": "100"},
    "": {},
}

WRONG = {
    "mode 9": 'Error: argument "9" is wrong: invalid mode',
    "mode": 'Command line is not complete. Try option "help"',
    "foo 1": 'bond: unknown command "foo"?',
    "miimon x": 'Error: argument "x" is wrong: invalid miimon',
    "downdelay -1": 'Error: argument "-1" is wrong: invalid downdelay',
    "miimon 4294967296": 'Error: argument "4294967296" is wrong: invalid miimon',
    "use_carrier on": 'Error: argument "on" is wrong: invalid use_carrier',
    "use_carrier 300": 'Error: argument "300" is wrong: invalid use_carrier',
    "arp_ip_target 1.2.3,x": 'Error: an IP address is expected rather than "x"',
    "arp_ip_target 10.0.0.256": 'Error: an IP address is expected rather than "10.0.0.256"',
    "ns_ip6_target 1.2.3.4": 'Error: inet6 address is expected rather than "1.2.3.4".',
    "ad_actor_system zz": '"zz" is invalid lladdr.',
    "ad_actor_sys_prio 70000": 'Error: argument "70000" is wrong: invalid ad_actor_sys_prio',
    "num_grat_arp 300": 'Error: argument "300" is wrong: invalid num_grat_arp|num_unsol_na',
    "lacp_rate medium": 'Error: argument "medium" is wrong: invalid lacp_rate',
    "lacp_active 7": 'Error: argument "7" is wrong: invalid lacp_active',
    "arp_validate x": 'Error: argument "x" is wrong: invalid arp_validate',
}


@pytest.mark.parametrize(("words", "options"), READ.items(), ids=READ)
def test_a_word_of_iproute2_is_the_option_that_linux_means(words, options):
    assert read_bond_words(words.split()) == options


@pytest.mark.parametrize(("words", "text"), WRONG.items(), ids=WRONG)
def test_a_wrong_word_is_refused_as_iproute2_refuses_it(words, text):
    with pytest.raises(MisuseError) as refused:
        read_bond_words(words.split())
    assert refused.value.text == text


def test_every_option_of_a_bond_has_its_word():
    per_port = {"queue_id", "prio", "actor_port_prio"}
    words = {ALIASES.get(word, word) for word in BOND_WORDS}
    assert words - {"clear_active_slave"} == set(OPTIONS) - per_port
    assert set(PORT_WORDS) == per_port


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("prio -5", {"prio": "-5"}),
        ("queue_id 2 prio 7", {"queue_id": "2", "prio": "7"}),
        ("actor_port_prio 100", {"actor_port_prio": "100"}),
    ],
)
def test_a_word_about_a_port_is_its_option(words, options):
    assert read_port_words(words.split()) == options


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("prio x", 'Error: argument "x" is wrong: prio is invalid'),
        ("queue_id 65536", 'Error: argument "65536" is wrong: queue_id is invalid'),
        ("foo", 'bond_slave: unknown option "foo"?'),
        ("prio", 'Command line is not complete. Try option "help"'),
    ],
)
def test_a_wrong_word_about_a_port_is_refused_as_iproute2_refuses_it(words, text):
    with pytest.raises(MisuseError) as refused:
        read_port_words(words.split())
    assert refused.value.text == text


def test_help_among_the_words_asks_for_the_usage_and_complains_of_nothing():
    with pytest.raises(MisuseError) as refused:
        read_bond_words(["mode", "1", "help"])
    assert (refused.value.text, refused.value.usage) == ("", "bond")
