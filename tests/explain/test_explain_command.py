"""`pybondd explain port`: what is asked, shown and returned."""

import json

import pytest
import situations
from bonds import bond_with

from pybondd.cli import explain as verb
from pybondd.cli.main import run
from pybondd.daemon.explaining import answer_json
from pybondd.daemon.refusal import CommandRefusedError, Exit


@pytest.fixture(autouse=True)
def _plain(tmp_path, monkeypatch):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")


def asked(scene, words, monkeypatch, capsys):
    def answer(_bond, _method, route):
        name = route.rsplit("/", 1)[1]
        return answer_json(scene.bond, name, now=scene.now, is_privileged=True)

    monkeypatch.setattr(verb, "ask", answer)
    return run(["explain", "port", "bond0", *words]), capsys.readouterr().out


def test_a_port_that_carries_traffic_is_exit_code_0(monkeypatch, capsys):
    code, out = asked(situations.active_port_works(), ["eth1"], monkeypatch, capsys)
    assert code == Exit.DONE
    assert out.splitlines() == [
        "eth1 carries traffic of bond0",
        "  ✓ carrier up, 10000 Mb/s full",
        "  ✓ it is the active port",
    ]


def test_a_port_that_carries_none_is_exit_code_1_with_the_cure_last(monkeypatch, capsys):
    code, out = asked(situations.partner_hears_another(), ["eth1"], monkeypatch, capsys)
    assert code == Exit.REFUSED
    assert out.splitlines() == [
        "eth1 carries no traffic: its partner does not know this port",
        "  ✓ carrier up, 10000 Mb/s full",
        "  ✓ LACPDUs received, last 0.0 s ago",
        "  ✗ it takes us for key 7, but we are 15",
        "  => ask again in a second; if it lasts, the switch does not receive what this port sends",
    ]


def test_json_names_the_reason_for_scripts(monkeypatch, capsys):
    code, out = asked(situations.two_switches(), ["eth2", "-j"], monkeypatch, capsys)
    assert code == Exit.REFUSED
    told = json.loads(out)
    assert (told["port"], told["carries"], told["reason"]) == ("eth2", False, "other-system")


def test_the_lines_are_wrapped_at_the_width_of_the_terminal():
    scene = situations.two_switches()
    answer = answer_json(scene.bond, "eth2", now=scene.now, is_privileged=True)
    wrapped = "\n".join(verb.lines(answer, width=60)).splitlines()
    assert max(len(line) for line in wrapped[1:]) <= 60
    assert len(wrapped) > len(verb.lines(answer, width=0))


def test_an_interface_that_is_no_port_is_refused_with_the_ports_that_are():
    bond = bond_with("active-backup", 1, 2)
    with pytest.raises(CommandRefusedError) as refused:
        answer_json(bond, "eth9", now=0, is_privileged=True)
    assert "its ports: eth1, eth2" in refused.value.refusal.why


def test_what_lacp_negotiated_is_explained_to_the_privileged_only():
    scene = situations.aggregated_pair()
    with pytest.raises(CommandRefusedError) as refused:
        answer_json(scene.bond, "eth1", now=scene.now, is_privileged=False)
    assert refused.value.refusal.exit_code == Exit.NO_PRIVILEGE


def test_a_port_of_another_mode_is_explained_to_everybody():
    bond = bond_with("active-backup", 1, 2)
    assert answer_json(bond, "eth2", now=0, is_privileged=False)["reason"] == "backup"


def test_explain_without_a_subject_says_what_can_be_explained(capsys):
    run(["explain", "--help"])
    assert "port" in capsys.readouterr().out
