"""A request of several options becomes steps, and is refused where Linux refuses it."""

import pytest

from pybondd.iproute.writes import clash, in_order, out_of_range, steps


def test_options_are_written_in_linux_s_order_not_in_that_of_the_words():
    given = {"arp_validate": "all", "miimon": "100", "lacp_rate": "fast", "mode": "802.3ad"}
    assert [name for name, _ in in_order(given)] == ["mode", "miimon", "arp_validate", "lacp_rate"]


def test_a_list_of_arp_targets_replaces_the_one_before():
    pair = ("arp_ip_target", "10.0.0.2,10.0.0.3")
    assert list(steps(pair, ["10.0.0.1"])) == [
        ("arp_ip_target", "-10.0.0.1"),
        ("arp_ip_target", "+10.0.0.2"),
        ("arp_ip_target", "+10.0.0.3"),
    ]


def test_an_empty_list_of_arp_targets_removes_all():
    assert list(steps(("arp_ip_target", ""), ["10.0.0.1"])) == [("arp_ip_target", "-10.0.0.1")]


def test_any_other_option_is_written_as_it_is():
    assert list(steps(("miimon", "100"), ["10.0.0.1"])) == [("miimon", "100")]


@pytest.mark.parametrize(
    ("given", "place", "text"),
    [
        (
            {"miimon": "100", "arp_interval": "100"},
            "arp_interval",
            "ARP monitoring cannot be used with MII monitoring",
        ),
        (
            {"miimon": "100", "arp_validate": "active"},
            "arp_validate",
            "ARP validating cannot be used with MII monitoring",
        ),
    ],
    ids=["interval", "validate"],
)
def test_both_monitors_in_one_request_are_refused_at_the_second(given, place, text):
    found = clash(given)
    assert found is not None
    assert (found[0], found[1].text) == (place, text)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"miimon": "100"},
        {"miimon": "0", "arp_interval": "100"},
        {"miimon": "100", "arp_interval": "0", "arp_validate": "none"},
    ],
    ids=str,
)
def test_one_monitor_alone_is_not_refused(given):
    assert clash(given) is None


def test_only_a_delay_beyond_five_minutes_is_out_of_range():
    assert out_of_range({"peer_notif_delay": "300000"}) is None
    refusal = out_of_range({"peer_notif_delay": "300001"})
    assert refusal is not None
    assert refusal.text == "integer out of range"
