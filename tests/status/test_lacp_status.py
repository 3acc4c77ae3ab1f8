"""Everything that pybondd shows of LACP beyond Linux's own files."""

import json

import pytest
from bonds import UP, bond_with
from pairs import Wiring, aggregated

from pybondd.cli.words import option_name
from pybondd.daemon.options import option_text
from pybondd.events import PortReleased
from pybondd.status.lacp import COUNTER_NAMES, lacp_bond, lacp_port
from pybondd.status.lacp_files import LACP_FILES, PRIVILEGED_FILES
from pybondd.status.proc import proc_text
from pybondd.status.report import info_data, info_slave_data
from pybondd.status.sysfs import file_text
from pybondd.status.sysfs_lacp import lacp_port_texts


def shown(bond, now, index=0):
    return lacp_port(bond.mode.lacp.ports[index], now=now)


def test_an_aggregated_port_shows_both_sides_machines_and_timers():
    wiring, bond = aggregated(lacp_rate="fast")
    told = shown(bond, wiring.now)
    assert told["actor"] == {
        "system_priority": 65535,
        "system": "02:b0:00:00:00:01",
        "key": 15,
        "port_priority": 255,
        "port_number": 1,
        "state": 63,
        "state_str": [
            *("active", "short_timeout", "aggregating", "in_sync", "collecting", "distributing")
        ],
        "letters": "ATGSCD--",
    }
    assert told["partner"]["system"] == "02:b0:00:00:00:02"
    assert told["partner"]["letters"] == "A-GSCD--"
    assert told["machines"] == {
        "receive": "CURRENT",
        "periodic": "SLOW_PERIODIC",
        "mux": "COLLECTING_DISTRIBUTING",
        "transmit": "WAIT",
        "actor_churn": "CHURN_MONITOR",
        "partner_churn": "CHURN_MONITOR",
        "marker": "WAIT_FOR_MARKER",
    }
    assert told["variables"]["selected"]
    assert told["variables"]["matched"]
    assert 2.0 <= told["timers_s"]["current_while"] <= 3.0
    assert told["timers_s"]["wait_while"] is None
    assert told["last_heard_s"] <= 1.2


def test_ages_and_timers_move_with_time():
    wiring, bond = aggregated()
    before = shown(bond, wiring.now)
    wiring.run(2)
    after = shown(bond, wiring.now)
    assert after["last_heard_s"] == pytest.approx(before["last_heard_s"] + 2)
    assert after["timers_s"]["current_while"] == before["timers_s"]["current_while"] - 2


def test_a_port_before_its_first_pass_shows_no_boxes_and_no_ages():
    told = shown(bond_with("802.3ad", 1, is_open=False), 0)
    assert told["aggregator"] is None
    assert told["machines"]["receive"] is None
    assert told["last_heard_s"] is None


def test_the_system_shows_every_aggregator_in_use_with_its_rank():
    _, bond = aggregated(3)
    told = lacp_bond(bond.mode.lacp)
    assert told["system"] == "02:b0:00:00:00:01"
    assert told["active_aggregator"] == told["aggregators"][0]["id"]
    (only,) = told["aggregators"]
    assert sorted(only["ports"]) == ["eth1", "eth2", "eth3"]
    assert (only["ports_up"], only["bandwidth_mbps"]) == (3, 30_000)
    assert only["partner_system"] == "02:b0:00:00:00:02"
    assert told["counters"]["lacpdu_rx"] == sum(
        port.counters.lacpdu_rx for port in bond.mode.lacp.ports
    )
    assert tuple(told["counters"]) == COUNTER_NAMES


def test_the_system_shows_what_ports_that_left_have_counted():
    wiring, bond = aggregated()
    before = lacp_bond(bond.mode.lacp)["counters"]
    bond.handle(PortReleased(bond.state.ports[0].ifindex), now=wiring.now)
    farewell = {"lacpdu_tx": before["lacpdu_tx"] + 1}
    assert lacp_bond(bond.mode.lacp)["counters"] == {**before, **farewell}


def test_all_of_it_is_json():
    wiring, bond = aggregated()
    told = [lacp_bond(bond.mode.lacp), shown(bond, wiring.now)]
    assert json.loads(json.dumps(told)) == told


# -- who may see what


def test_an_unprivileged_reader_of_the_text_loses_exactly_the_identities():
    _, bond = aggregated()
    every = proc_text(bond.state, bond.mode, version="6.12").splitlines()
    some = proc_text(bond.state, bond.mode, version="6.12", is_privileged=False).splitlines()
    hidden = [line for line in every if line not in some]
    assert [line for line in some if line not in every] == []
    assert {line.strip().split(":")[0] for line in hidden} == {
        *("System priority", "System MAC address", "Active Aggregator Info", "Number of ports"),
        *("Actor Key", "Partner Key", "Partner Mac Address"),
        *("details actor lacp pdu", "details partner lacp pdu", "system priority"),
        *("system mac address", "port key", "oper key", "port priority", "port number"),
        "port state",
    } | {"Aggregator ID"}
    assert "\tAggregator ID: 1" in hidden
    assert some.count("Aggregator ID: 1") == 2


def test_an_unprivileged_reader_of_the_json_loses_the_configured_identity():
    _, bond = aggregated()
    every = info_data(bond.state, bond.mode)
    some = info_data(bond.state, bond.mode, is_privileged=False)
    assert set(every) - set(some) == {"ad_actor_sys_prio", "ad_user_port_key", "ad_actor_system"}


@pytest.mark.parametrize("name", sorted(PRIVILEGED_FILES))
def test_an_unprivileged_reader_finds_the_identities_of_sysfs_empty(name):
    _, bond = aggregated()
    assert file_text(bond.state, bond.mode, name) != ""
    assert file_text(bond.state, bond.mode, name, is_privileged=False) == ""


def test_everybody_may_read_how_many_ports_are_aggregated():
    _, bond = aggregated()
    for name, text in (("ad_aggregator", "1"), ("ad_num_ports", "2")):
        assert file_text(bond.state, bond.mode, name, is_privileged=False) == text


# -- other modes, and nobody there


@pytest.mark.parametrize("name", LACP_FILES)
def test_the_files_of_lacp_are_empty_in_another_mode(name):
    bond = bond_with("active-backup", 1)
    assert file_text(bond.state, bond.mode, name) == ""


def test_the_port_files_of_lacp_say_that_there_is_nothing_in_another_mode():
    bond = bond_with("active-backup", 1)
    assert set(lacp_port_texts(bond.state.ports[0], bond.mode).values()) == {"N/A"}
    assert "ad_aggregator_id" not in info_slave_data(bond.state.ports[0], bond.mode)


def test_a_port_without_a_partner_is_shown_alone_in_the_active_aggregator():
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2, facts=UP)
    wiring.run(5)
    told = lacp_bond(bond.mode.lacp)
    assert [each["ports"] for each in told["aggregators"]] == [["eth1"], ["eth2"]]
    assert [each["is_active"] for each in told["aggregators"]] == [True, False]
    assert shown(bond, wiring.now)["last_heard_s"] is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ad_aggregator_id", "eth1:1 eth2:1"),
        ("ad_actor_oper_port_state", "eth1:63 eth2:63"),
        ("ad_partner_oper_port_state", "eth1:61 eth2:61"),
        ("ad_num_ports", "2"),
        ("ad_partner_mac", "02:b0:00:00:00:02"),
        ("prio", "eth1:0 eth2:0"),
    ],
)
def test_get_reads_the_files_of_the_bond_and_of_all_its_ports(file, text):
    _, bond = aggregated(lacp_rate="fast")
    assert option_name(file, "bond0") == file
    assert option_text(bond, file, is_privileged=True) == text


def test_before_the_first_port_the_system_has_no_identity_and_no_aggregator():
    bond = bond_with("802.3ad", is_open=False)
    lines = proc_text(bond.state, bond.mode, version="6.12").splitlines()
    assert lines[-3:] == [
        "System priority: 0",
        "System MAC address: 00:00:00:00:00:00",
        "bond bond0 has no active aggregator",
    ]
    texts = {name: file_text(bond.state, bond.mode, name) for name in LACP_FILES}
    assert texts == {name: "" if name == "ad_partner_mac" else "0" for name in LACP_FILES}
    assert "ad_info" not in info_data(bond.state, bond.mode)


def test_the_aggregator_in_use_is_shown_wherever_it_stands():
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    for ifindex in (1, 2):
        wiring.plug((bond, ifindex), (wiring.bond(f"switch{ifindex}", 1), 1))
    wiring.run(5)
    wiring.cut(bond, 1)
    wiring.run(1)
    assert info_data(bond.state, bond.mode)["ad_info"] == {
        "aggregator": 2,
        "num_ports": 1,
        "actor_key": 15,
        "partner_key": 15,
        "partner_mac": "02:b0:00:00:00:03",
    }
    assert file_text(bond.state, bond.mode, "ad_aggregator") == "2"
    assert "\tAggregator ID: 2\n" in proc_text(bond.state, bond.mode, version="6.12")
    assert lacp_bond(bond.mode.lacp)["active_aggregator"] == 2
