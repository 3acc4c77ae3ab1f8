"""What is not about bonds becomes the real `ip`, word for word."""

import os

import pytest

from pybondd.cli import bonds_here, ifenslave, ip_dialect, real_ip
from pybondd.cli.main import run
from pybondd.daemon.refusal import CommandRefusedError

NOT_OURS = (
    "",
    "addr add 10.0.0.1/24 dev bond0",
    "-V",
    "-s -s route get 10.0.0.1",
    "link set bond0 up",
    "link set eth0 mtu 9000 up",
    "link add veth0 type veth peer name veth1",
    "link help bond",
    "-n red link set eth0 up",
    "netns exec red ip link set eth0 master bond0",
    "-nosuch link show",
    "-d -j link show",
    "link del eth0",
    "link set eth0 nomaster",
    "link set eth0 master br0",
    "-j addr",
)
"""Some look at the bonds there are before, and find none."""


class BecameAnotherError(Exception):
    """Instead of exec."""


@pytest.fixture
def became(monkeypatch, tmp_path):
    """The words with which the process would have become the real `ip`."""
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    monkeypatch.setattr(real_ip, "find", lambda: "/real/ip")
    called = []

    def become(path, words):
        called.append((path, words))
        raise BecameAnotherError

    monkeypatch.setattr(os, "execv", become)
    return called


@pytest.mark.parametrize("words", NOT_OURS)
def test_what_is_not_about_bonds_of_ours_becomes_the_real_ip_word_for_word(words, became):
    with pytest.raises(BecameAnotherError):
        ip_dialect.run(words.split())
    assert became == [("/real/ip", ["ip", *words.split()])]


def test_click_takes_no_word_away(became):
    with pytest.raises(BecameAnotherError):
        run(["ip", "-h", "-c", "--", "route", "--help", "-x"])
    assert became == [("/real/ip", ["ip", "-h", "-c", "--", "route", "--help", "-x"])]


def test_a_bond_of_another_network_namespace_is_none_of_ours(monkeypatch):
    status = {"ifindex": 1, "ifname": "bond0", "pybondd": {"pid": os.getpid()}, "ports": []}
    monkeypatch.setattr(bonds_here, "running_bonds", lambda: ["bond0"])
    monkeypatch.setattr(bonds_here, "ask", lambda *_: status)
    assert bonds_here.statuses_here() == [status]
    look = os.stat

    def elsewhere(path):
        return look("/" if str(os.getpid()) in path else path)

    monkeypatch.setattr(os, "stat", elsewhere)
    assert bonds_here.statuses_here() == []


def test_the_installed_script_is_not_taken_for_the_real_ip(tmp_path, monkeypatch):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert run(["ip", "--install", str(ours)]) == 0
    theirs.mkdir()
    (theirs / "ip").write_text("#!/bin/sh\n")
    (theirs / "ip").chmod(0o755)
    monkeypatch.setenv("PATH", f"{ours}:{theirs}")
    assert real_ip.find() == str(theirs / "ip")


def test_without_a_real_ip_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(real_ip, "_ELSEWHERE", ())
    with pytest.raises(CommandRefusedError):
        real_ip.find()


def test_installing_writes_over_nothing_but_itself(tmp_path, capsys):
    assert run(["ip", "--install", str(tmp_path)]) == 0
    assert run(["ip", "--install", str(tmp_path)]) == 0
    (tmp_path / "ip").write_text("#!/bin/sh\n")
    assert run(["ip", "--install", str(tmp_path)]) == 1
    assert "it exists and is not ours" in capsys.readouterr().err
    assert run(["ip", "--install"]) == 2


def test_a_script_that_calls_us_is_not_taken_for_the_real_ip(tmp_path):
    wrapper = tmp_path / "ip"
    wrapper.write_text('#!/bin/sh\nexec /opt/bin/pybondd ip "$@"\n')
    assert real_ip.is_ours(wrapper)
    wrapper.write_bytes(b"\x7fELF pybondd")
    assert not real_ip.is_ours(wrapper)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (
            "bond0 eth0 eth1",
            ("POST", "/ports", {"ports": ["eth0", "eth1"], "may_cut_default_route": False}),
        ),
        ("-d bond0 eth1", ("DELETE", "/ports", {"ports": ["eth1"]})),
        ("--change-active bond0 eth1", ("POST", "/activate", {"port": "eth1"})),
    ],
)
def test_the_verbs_of_ifenslave_ask_the_bond(words, asked, monkeypatch):
    heard = []
    monkeypatch.setattr(ifenslave, "ask", lambda *question: heard.append(question))
    assert run(["ifenslave", *words.split()]) == 0
    assert heard == [("bond0", *asked)]


@pytest.mark.parametrize("words", ["-c -d bond0 eth0", "-c bond0 eth0 eth1"])
def test_verbs_of_ifenslave_that_make_no_sense_are_misuse(words):
    assert run(["ifenslave", *words.split()]) == 2
