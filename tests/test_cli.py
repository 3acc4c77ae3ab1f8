"""The command line without privileges: parsing, refusals, cards, colours, exit codes."""

import json

import pytest

from pybondd.cli import card, errors, events, up
from pybondd.cli.main import run
from pybondd.daemon.refusal import Exit, Refusal
from pybondd.daemon.shapes import PortJson, StatusJson


@pytest.fixture(autouse=True)
def _empty_run_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("PYBONDD_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def port(name: str, *, state: str = "ACTIVE", mii: str = "UP", failures: int = 0) -> PortJson:
    return {
        "ifname": name,
        "ifindex": 2,
        "address": "02:00:00:00:00:01",
        "mtu": 1500,
        "operstate": "UP",
        "info_slave_data": {
            "state": state,
            "mii_status": mii,
            "link_failure_count": failures,
            "perm_hwaddr": "02:00:00:00:00:01",
            "queue_id": 0,
            "prio": 0,
        },
        "pybondd": {
            "link": {"UP": "up", "DOWN": "down", "GOING_BACK": "going back"}[mii],
            "speed_mbps": 10000,
            "duplex": "full",
            "isolation": "tcx",
            "sent_frames": 0,
            "sent_octets": 0,
            "received_frames": 0,
            "received_octets": 1_234_567,
            "lacp": None,
            "alb": None,
        },
    }


def status(*ports: PortJson, kind: str = "compiled", last: str = "") -> StatusJson:
    return {
        "ifname": "bond0",
        "ifindex": 9,
        "address": "02:00:00:00:00:01",
        "mtu": 1500,
        "operstate": "UP",
        "linkinfo": {
            "info_kind": "bond",
            "info_data": {"mode": "active-backup", "active_slave": "eth0"},
        },
        "ports": list(ports),
        "pybondd": {
            "pid": 4711,
            "speed_mbps": 10000,
            "since": 0.0,
            "uptime_s": 11520.0,
            "datapath": {"kind": kind, "why": "" if kind == "compiled" else "no compiler"},
            "isolation": "tcx",
            "table_generation": 3,
            "counters": {},
            "failovers": 1,
            "last_report": last,
            "log": "",
            "lacp": None,
            "alb": None,
        },
    }


# -- what is shown


def test_the_card_names_mode_ports_uptime_and_failovers_and_marks_the_active_port():
    shown = card.card(status(port("eth0"), port("eth1", state="BACKUP", failures=2), last="news"))
    assert shown == [
        "● bond0   active-backup   up 2 of 2 ports   10G   for 3 h 12 m   1 failover",
        "    PORT   LINK       STATE      RX       TX    FAILURES",
        "  ● eth0   10G full   active *   1.2 MB   0 B   0",
        "  ● eth1   10G full   backup     1.2 MB   0 B   2",
        "  last: news",
    ]


def test_a_dead_port_has_another_symbol_and_word_not_only_another_colour():
    shown = card.card(status(port("eth0", mii="DOWN"), port("eth1", mii="GOING_BACK")))
    assert "○ eth0   down" in shown[2]
    assert "◐ eth1   going back" in shown[3]
    assert shown[0].startswith("◐ bond0")
    assert "up 0 of 2 ports" in shown[0]


def test_the_card_says_when_and_why_the_slow_path_runs():
    assert "  the packet path is the slow readable one: no compiler" in card.card(
        status(port("eth0"), kind="pure")
    )


def test_a_bond_without_ports_says_how_to_add_one():
    assert "pybondd add bond0 eth0" in card.card(status())[1]


def test_oneline_holds_the_bond_and_every_port_with_its_role():
    line = card.oneline(status(port("eth0"), port("eth1", state="BACKUP", mii="DOWN")))
    assert line.endswith("●eth0(ACTIVE) ○eth1(BACKUP)")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("mbps", "duplex", "text"),
    [
        (10000, "full", "10G full"),
        (2500, "full", "2.5G full"),
        (100, "half", "100M half"),
        (1000, None, "1G"),
        (None, None, "speed unknown"),
    ],
)
def test_a_speed_is_shown_in_its_usual_words(mbps, duplex, text):
    assert card.speed(mbps, duplex) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (9950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2**64, "18 EB"),
    ],
)
def test_an_amount_of_octets_has_three_digits_at_most(octets, text):
    assert card.size(octets) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.9, "0 s"), (59, "59 s"), (61, "1 m 1 s"), (3700, "1 h 1 m"), (200000, "2 d 7 h")],
)
def test_a_span_is_shown_in_its_two_largest_units(seconds, text):
    assert card.span(seconds) == text


def entry(lost: int = 0) -> dict[str, object]:
    return {
        "sequence": 1,
        "time": 0.25,
        "monotonic_ns": 1,
        "cause": "LinkChanged(ifindex=2)",
        "reports": [{"severity": "info", "port": "eth0", "text": "link status definitely down"}],
        "effects": ["SetCarrier(is_up=False)"],
        "lost": lost,
    }


def test_an_event_line_names_port_text_and_cause():
    (line,) = events.lines(entry(), is_verbose=False)
    assert line.endswith(
        ".250  (slave eth0): link status definitely down   <- LinkChanged(ifindex=2)"
    )


def test_a_verbose_event_also_lists_what_was_done():
    assert events.lines(entry(), is_verbose=True)[1].strip() == "-> SetCarrier(is_up=False)"


def test_lost_entries_are_announced_before_the_entry_that_follows_them():
    assert events.lines(entry(lost=7), is_verbose=False)[0].startswith("... 7 entries lost")


# -- colour


@pytest.mark.parametrize(
    ("environment", "flag", "is_coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color=always"], True),
        ({"FORCE_COLOR": "1"}, ["--color=never"], False),
    ],
    ids=["pipe", "forced", "no_color-wins", "always", "never"],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_colour_obeys_the_option_then_the_environment(
    environment, flag, is_coloured, place, monkeypatch, capsys
):
    from pybondd.cli import status as verb

    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr(verb, "_status", lambda _name: status(port("eth0")))
    words = [*flag, "status", "bond0"] if place == "before" else ["status", *flag, "bond0"]
    assert run(words) == Exit.DONE
    assert ("\x1b[32m●" in capsys.readouterr().out) is is_coloured


def test_status_json_of_a_named_bond_is_one_object_and_of_all_a_list(monkeypatch, capsys, tmp_path):
    from pybondd.cli import status as verb

    monkeypatch.setattr(verb, "_status", lambda _name: status(port("eth0")))
    (tmp_path / "bond0.sock").touch()
    run(["status", "bond0", "-j"])
    assert json.loads(capsys.readouterr().out)["ifname"] == "bond0"
    run(["status", "-j", "-p"])
    assert [bond["ifname"] for bond in json.loads(capsys.readouterr().out)] == ["bond0"]


# -- refusals


@pytest.mark.parametrize(
    ("words", "code", "pieces"),
    [
        (["stauts"], 2, ["unknown command 'stauts'", "did you mean 'status'?"]),
        (["up", "bond0", "--mimon", "5"], 2, ["unknown option 'mimon'", "'miimon'"]),
        (["set", "bond0", "mimon=5"], 2, ["unknown option 'mimon' for bond0", "'miimon'"]),
        (["set", "bond0", "miimon"], 2, ["'miimon' is not OPTION=VALUE", "pybondd get bond0"]),
        (["get", "bond0", "xmit-hash-polcy"], 2, ["did you mean 'xmit_hash_policy'?"]),
        (["up"], 2, ["which bond?", "neither a name nor -c FILE", "example: pybondd up bond0"]),
        (["status"], 3, ["no bond is running", "pybondd up bond0"]),
        (["status", "bond7"], 3, ["no bond named bond7 is running", "pybondd up bond7"]),
        (["get", "bond7", "miimon"], 3, ["no bond named bond7 is running"]),
        (["set", "bond7", "miimon=5"], 3, ["no bond named bond7 is running"]),
        (["down", "bond7"], 3, ["no bond named bond7 is running"]),
        (["events", "bond7"], 3, ["no bond named bond7 is running"]),
        (["events"], 3, ["no bond is running"]),
        (["explain"], 2, ["Missing command", "pybondd explain --help"]),
        (["explain", "prot"], 2, ["No such command 'prot'"]),
        (["explain", "port", "bond7", "eth0"], 3, ["no bond named bond7 is running"]),
        (["explain", "flow", "bond0"], 2, ["Missing option '--src'"]),
        (["add", "bond7", "eth0"], 3, ["no bond named bond7 is running"]),
        (["remove", "bond7", "eth0"], 3, ["no bond named bond7 is running"]),
        (["activate", "bond7", "eth0"], 3, ["no bond named bond7 is running"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and len(value) < 5 else None,
)
def test_misuse_is_told_in_three_lines_with_its_exit_code(words, code, pieces, capsys):
    assert run(words) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("pybondd: ")
    assert len(told.err.splitlines()) == 3
    for piece in pieces:
        assert piece in told.err


def test_recover_without_leftovers_is_done_at_once(capsys):
    assert run(["recover"]) == Exit.DONE
    assert capsys.readouterr().out == "nothing to undo\n"


def test_two_running_bonds_must_be_told_apart(tmp_path, capsys):
    for name in ("bond0", "bond1"):
        (tmp_path / f"{name}.sock").touch()
    assert run(["events"]) == Exit.USAGE
    assert "bond0, bond1" in capsys.readouterr().err


def test_a_refusal_shows_the_errno_that_linux_gives(capsys):
    code = errors.show(Refusal("no", "why", "do", errno=13))
    assert code == Exit.REFUSED
    assert capsys.readouterr().err == "pybondd: no   [kernel: EACCES]\n  why\n  do\n"


def test_a_refusal_survives_the_control_socket():
    refusal = Refusal("what", "why", "do", errno=16, exit_code=Exit.NO_PRIVILEGE)
    assert Refusal.from_json(refusal.json()) == refusal


@pytest.mark.parametrize(
    "verb",
    [
        "up",
        "down",
        "add",
        "remove",
        "activate",
        "set",
        "get",
        "status",
        "explain",
        "events",
        "recover",
    ],
)
def test_every_verb_has_a_help_page(verb, capsys):
    assert run([verb, "--help"]) == Exit.DONE
    assert f"Usage: pybondd {verb}" in capsys.readouterr().out


# -- up


def made_by(words: list[str], monkeypatch) -> up.UpRequest:
    seen = []
    monkeypatch.setattr(up, "_detach", lambda request, *_: seen.append(request) or 0)
    assert run(words) == Exit.DONE
    return seen[0]


@pytest.mark.parametrize("word", ["--xmit-hash-policy", "--xmit_hash_policy"])
def test_up_takes_option_words_with_dashes_or_underscores(word, monkeypatch):
    request = made_by(["up", "bond0", "--mode", "2", word, "layer3+4", "eth0"], monkeypatch)
    assert ("xmit_hash_policy", "layer3+4") in request.options
    assert request.ports == ("eth0",)


def test_up_sets_miimon_to_100(monkeypatch):
    assert ("miimon", "100") in made_by(["up", "bond0", "eth0"], monkeypatch).options


@pytest.mark.parametrize(
    "words", [["--kernel-defaults"], ["--miimon", "7"], ["--arp-interval", "7"]]
)
def test_up_leaves_miimon_alone_when_told_otherwise(words, monkeypatch):
    request = made_by(["up", "bond0", *words, "eth0"], monkeypatch)
    assert ("miimon", "100") not in request.options


@pytest.mark.parametrize("mode", ["4", "802.3ad", "balance-alb"])
def test_up_leaves_miimon_to_the_modes_that_set_it_themselves(mode, monkeypatch):
    request = made_by(["up", "bond0", "--mode", mode, "eth0"], monkeypatch)
    assert request.options == (("mode", mode),)


@pytest.mark.parametrize(
    ("words", "follows"),
    [
        (["--mode", "4", "--kernel-defaults"], [("lacp_follows", "linux")]),
        (
            ["--mode", "802.3ad", "--kernel-defaults", "--lacp-follows", "mended"],
            [("lacp_follows", "mended")],
        ),
        (["--mode", "4"], []),
        (["--mode", "5", "--kernel-defaults"], [("alb_follows", "linux")]),
        (["--mode", "balance-alb", "--kernel-defaults"], [("alb_follows", "linux")]),
        (
            ["--mode", "6", "--kernel-defaults", "--alb-follows", "mended"],
            [("alb_follows", "mended")],
        ),
        (["--mode", "6"], []),
        (["--mode", "1", "--kernel-defaults"], []),
        (["--kernel-defaults"], []),
    ],
)
def test_with_kernel_defaults_a_mode_with_mends_follows_linux(words, follows, monkeypatch):
    request = made_by(["up", "bond0", *words, "eth0"], monkeypatch)
    assert [pair for pair in request.options if pair[0].endswith("_follows")] == follows


def test_up_takes_address_lists_apart_and_adds_the_sign(monkeypatch):
    words = ["up", "bond0", "--arp-ip-target", "10.0.0.1,+10.0.0.2", "eth0"]
    request = made_by(words, monkeypatch)
    assert [text for name, text in request.options if name == "arp_ip_target"] == [
        "+10.0.0.1",
        "+10.0.0.2",
    ]


def test_up_writes_neighbour_solicitation_targets_as_one_list(monkeypatch):
    words = ["up", "bond0", "--ns-ip6-target", "2001:db8::1,2001:db8::2", "eth0"]
    request = made_by(words, monkeypatch)
    assert [text for name, text in request.options if name == "ns_ip6_target"] == [
        "2001:db8::1,2001:db8::2"
    ]


def test_options_are_written_in_netlinks_order_and_those_naming_ports_last():
    request = up.UpRequest(
        "bond0",
        (
            ("updelay", "1"),
            ("actor_port_prio", "eth1:7"),
            ("active_slave", "eth1"),
            ("miimon", "1"),
            ("mode", "1"),
        ),
        ("eth0", "eth1"),
    )
    assert request.early_options == [("mode", "1"), ("miimon", "1"), ("updelay", "1")]
    assert request.late_options == [("active_slave", "eth1"), ("actor_port_prio", "eth1:7")]
