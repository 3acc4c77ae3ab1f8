"""Options and object of an `ip` command, cut short as people write them."""

import pytest

from pybondd.cli.ip_dialect import concerns_bonds
from pybondd.iproute.command_line import take_apart
from pybondd.iproute.link_words import read_link_words, verb_of


@pytest.mark.parametrize(
    ("words", "has", "meant", "left"),
    [
        ("link show", (), "link", "show"),
        ("l", (), "link", ""),
        ("-d -j link show bond0", ("-details", "-json"), "link", "show bond0"),
        ("-j -p l sh", ("-json", "-pretty"), "link", "sh"),
        ("-br a", ("-brief",), "address", ""),
        ("-o link", ("-oneline",), "link", ""),
        ("--details --json link", ("-details", "-json"), "link", ""),
        ("-c=never link", ("-color",), "link", ""),
        ("-f inet link", ("-family",), "link", ""),
        ("-fo -b x", ("-force", "-batch"), "", ""),
        ("-n red l", ("-netns",), "link", ""),
        ("-s -s -h link", ("-statistics", "-human-readable"), "link", ""),
        ("route show", (), "route", "show"),
        ("xfrm state", (), "", "state"),
        ("", (), "", ""),
    ],
)
def test_an_ip_command_is_taken_apart_as_iproute2_does(words, has, meant, left):
    line = take_apart(words.split())
    assert line is not None
    assert line.object == meant
    assert line.words == tuple(left.split())
    assert all(line.has(option) for option in has)


def test_the_value_of_an_option_is_kept_and_can_be_left_out():
    line = take_apart(["-d", "-n", "red", "-j", "link"])
    assert line is not None
    assert line.value_of("-netns") == "red"
    assert line.value_of("-batch") is None
    assert line.without("-netns") == ["-d", "-j"]


@pytest.mark.parametrize("words", ["-nosuch link", "-n", "link -n"])
def test_only_words_that_cannot_be_options_are_left_to_the_real_ip(words):
    assert (take_apart(words.split()) is None) is not words.startswith("link")


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("a", "add"),
        ("s", "set"),
        ("sh", "show"),
        ("d", "delete"),
        ("ls", "show"),
        ("li", "show"),
        ("ch", "set"),
        ("help", "help"),
    ],
)
def test_a_short_verb_is_the_one_that_iproute2_finds_first(word, verb):
    assert verb_of([word]) == verb


def test_words_about_master_kind_and_device_are_told_from_the_others():
    words = read_link_words(
        [
            *["dev", "eth0", "mtu", "9000", "master", "bond0", "up", "addr", "02:00:00:00:00:01"],
            "type",
            "bond",
            "mode",
            "4",
        ]
    )
    assert (words.device, words.master, words.kind) == ("eth0", "bond0", "bond")
    assert words.kind_words == ("mode", "4")
    assert words.rest == ("mtu", "9000", "up", "address", "02:00:00:00:00:01")


def test_a_name_that_is_also_a_word_can_be_said_after_dev():
    assert read_link_words(["dev", "up", "down"]).device == "up"


CONCERNS = {
    "link add bond0 type bond": True,
    "link add name bond0 mtu 9000 type bond mode 1": True,
    "link add eth7 type dummy": False,
    "link add link bond0 name bond0.5 type vlan id 5": False,
    "link add d0 master bond0 type dummy": True,
    "link set eth0 up": False,
    "link set eth0 master bond0": True,
    "l s eth0 nomaster": True,
    "link set bond0 type bond miimon 100": True,
    "link set br0 type bridge stp_state 1": False,
    "link set eth0 type bond_slave prio 5": True,
    "link set bond0 netns red": True,
    "link del bond0": True,
    "link": True,
    "link help bond": False,
    "link xstats type bond": False,
    "addr": True,
    "addr add 10.0.0.1/24 dev bond0": False,
    "addr del 10.0.0.1/24 dev bond0": False,
    "route": False,
    "netns exec red ip link": False,
    "-all netns": False,
    "link set eth0 vf 0 mac 02:00:00:00:00:01": False,
    "link set eth0 mtu": False,
}


@pytest.mark.parametrize(("words", "answer"), CONCERNS.items(), ids=CONCERNS)
def test_only_what_may_be_about_a_bond_is_looked_at(words, answer):
    line = take_apart(words.split())
    assert line is not None
    assert concerns_bonds(line) is answer
