"""What a person sees of mode 4."""

import json

import pytest
from bonds import CUT, bond_with
from pairs import Wiring, aggregated
from status_of import status_of

from pybondd.cli import status as verb
from pybondd.cli.card import card
from pybondd.cli.lacp_card import lacp_card
from pybondd.cli.main import run
from pybondd.daemon.refusal import Exit

WIDEST = 80


@pytest.fixture(autouse=True)
def _plain(tmp_path, monkeypatch):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")


def lacp_lines(status):
    return lacp_card(status, status["pybondd"]["lacp"])


def test_the_card_says_which_ports_are_aggregated_and_with_whom():
    wiring, bond = aggregated()
    assert card(status_of(bond, wiring.now)) == [
        "● bond0   802.3ad   up 2 of 2 ports   2 aggregated   20G   for 5 s",
        "    PORT   LINK       LACP       AGG   PARTNER               RX    TX    FAILURES",
        "  ● eth1   10G full   A-GSCD--   1*    02:b0:00:00:00:02/1   0 B   0 B   0",
        "  ● eth2   10G full   A-GSCD--   1*    02:b0:00:00:00:02/2   0 B   0 B   0",
    ]


def test_the_card_shows_two_switches_as_two_aggregators_of_which_one_is_used():
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    for ifindex in (1, 2):
        wiring.plug((bond, ifindex), (wiring.bond(f"switch{ifindex}", 1), 1))
    wiring.run(5)
    head, _, first, second = card(status_of(bond, wiring.now))
    assert "1 aggregated" in head
    assert "02:b0:00:00:00:02/1" in first
    assert "02:b0:00:00:00:03/1" in second
    assert [line.split()[5] for line in (first, second)] == ["1*", "2"]


def test_the_card_says_nobody_where_no_partner_speaks():
    bond = bond_with("802.3ad", 1)
    assert card(status_of(bond, 0))[2].split()[6] == "nobody"


def test_the_card_shows_no_negotiation_before_the_first_pass():
    bond = bond_with("802.3ad", 1, is_open=False)
    assert card(status_of(bond, 0))[2].split()[2:7] == ["10G", "full", "-", "-", "-"]


def test_the_card_hides_the_partner_from_an_unprivileged_reader():
    wiring, bond = aggregated()
    line = card(status_of(bond, wiring.now, is_privileged=False))[2]
    assert line.split()[4:7] == ["A-GSCD--", "1*", "hidden"]


# -- status --lacp


def test_the_details_of_a_port_are_all_there():
    wiring, bond = aggregated()
    lines = lacp_lines(status_of(bond, wiring.now))
    start = lines.index("  eth1   aggregator 1*")
    assert lines[1:4] == [
        "  system 65535,02:b0:00:00:00:01   LACP active, asks for slow answers",
        "  ad_select stable   lacp_follows linux",
        "  aggregator 1* key 15   2 of 2 up   20G   with 65535,02:b0:00:00:00:02 key 15",
    ]
    assert lines[start + 1 : start + 16] == [
        "    actor     A-GSCD--   active aggregating in_sync collecting distributing",
        "              system 65535,02:b0:00:00:00:01   key 15   port 255,1",
        "    partner   A-GSCD--   active aggregating in_sync collecting distributing",
        "              system 65535,02:b0:00:00:00:02   key 15   port 255,1",
        "    receive       CURRENT                   current_while 87.3 s",
        "    periodic      SLOW_PERIODIC             periodic_timer 25.2 s",
        "    mux           COLLECTING_DISTRIBUTING   wait_while not running",
        "    transmit      WAIT                      window 0.3 s",
        "    actor churn   CHURN_MONITOR             55.3 s, churned 0 times",
        "    partner churn CHURN_MONITOR             55.3 s, churned 0 times",
        "    marker        WAIT_FOR_MARKER",
        "    variables     port_enabled lacp_enabled selected ready_n matched",
        "    heard 2.7 s ago, spoke 2.4 s ago",
        "    LACPDUs 2 in, 3 out   markers 0 in, 0 out   responses 0 in, 0 out",
        "    unknown 0   too short 0   too many 0   not sent 0   our own 0",
    ]


def test_the_details_fit_a_terminal_of_80_columns():
    wiring, bond = aggregated()
    assert max(len(line) for line in lacp_lines(status_of(bond, wiring.now))) <= WIDEST


def test_the_details_tell_that_ports_are_waited_for():
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    bond.mode.lacp.selection_hold = 42
    assert "  waiting for ports to appear, 4.2 s more" in lacp_lines(status_of(bond, wiring.now))


def test_the_details_name_a_port_that_never_heard_anybody():
    bond = bond_with("802.3ad", 1, is_open=False)
    lines = lacp_lines(status_of(bond, 0))
    assert "  eth1   no aggregator yet" in lines
    assert "    receive       has not run yet           current_while not running" in lines
    assert "    heard never, spoke never" in lines


def test_an_individual_port_is_called_so():
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, facts=CUT)
    wiring.run(1)
    assert any(line.endswith("   individual") for line in lacp_lines(status_of(bond, wiring.now)))


def shown_by(words, bond, now, monkeypatch, **more):
    monkeypatch.setattr(verb, "_status", lambda _name: status_of(bond, now, **more))
    return run(words)


def test_status_lacp_json_holds_the_system_and_every_port(monkeypatch, capsys):
    wiring, bond = aggregated()
    assert shown_by(["status", "bond0", "--lacp", "-j"], bond, wiring.now, monkeypatch) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lacp"]["system"] == "02:b0:00:00:00:01"
    assert [port["ifname"] for port in told["ports"]] == ["eth1", "eth2"]
    assert told["ports"][0]["lacp"]["machines"]["receive"] == "CURRENT"


@pytest.mark.parametrize("words", [["--lacp"], ["--lacp", "-j"]], ids=" ".join)
def test_status_lacp_of_another_mode_is_refused_with_its_reason(words, monkeypatch, capsys):
    bond = bond_with("active-backup", 1)
    code = shown_by(["status", "bond0", *words], bond, 0, monkeypatch)
    assert code == Exit.REFUSED
    assert "its mode is active-backup" in capsys.readouterr().err


def test_status_lacp_is_not_shown_to_an_unprivileged_reader(monkeypatch, capsys):
    wiring, bond = aggregated()
    words = ["status", "bond0", "--lacp"]
    code = shown_by(words, bond, wiring.now, monkeypatch, is_privileged=False)
    assert code == Exit.NO_PRIVILEGE
    assert "CAP_NET_ADMIN" in capsys.readouterr().err
