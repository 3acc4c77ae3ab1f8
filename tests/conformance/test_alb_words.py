"""A recording may say one thing in several ways; the replay understands each."""

import pytest
from iproute2_words import plain_commands

SAME = [
    ("ip link set dev eth0 nomaster", "ip link set eth0 nomaster"),
    ("ip netns exec sw ip link set dev p1 down", "ip -n sw link set p1 down"),
    ("ip -netns sw link set p1 up", "ip -n sw link set p1 up"),
    (
        "ip link add link bond0 bond0.10 type vlan id 10",
        "ip link add link bond0 name bond0.10 type vlan id 10",
    ),
    (
        "echo '+eth0' > /sys/class/net/bond0/bonding/slaves",
        "echo +eth0 > /sys/class/net/bond0/bonding/slaves",
    ),
    ("ip link set eth0 nomaster", "ip link set eth0 nomaster"),
]


@pytest.mark.parametrize(("said", "meant"), SAME)
def test_each_way_to_say_it_becomes_one(said, meant):
    assert plain_commands(said) == [meant.split()]


@pytest.mark.parametrize("between", [";", " ; ", " && "])
def test_a_line_may_hold_several_commands(between):
    line = "ip link set eth0 down" + between + "ip link set eth0 nomaster"
    assert [words[-1] for words in plain_commands(line)] == ["down", "nomaster"]
