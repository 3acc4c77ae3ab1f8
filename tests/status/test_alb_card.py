"""What a person sees of modes 5 and 6."""

import json

import pytest
from alb_bonds import MS, OURS, alb, client_ip, client_mac, cut, host_sends, meet, reply_to, tlb
from bonds import bond_with, run
from status_of import status_of

from pybondd.cli import status as verb
from pybondd.cli.alb_card import alb_card
from pybondd.cli.card import card
from pybondd.cli.main import run as run_command
from pybondd.daemon.refusal import Exit
from pybondd.events import LoadMeasured
from pybondd.forwarding import BUCKET_COUNT
from pybondd.wire.ethernet import EthernetHeader, build_header
from pybondd.wire.ethertypes import IPV4
from pybondd.wire.ip import Ipv4, build_ipv4

WIDEST = 80
VLAN_10 = ((0x8100, 10),)


@pytest.fixture(autouse=True)
def _plain(tmp_path, monkeypatch):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")


def alb_lines(bond, now_ms=0):
    status = status_of(bond, now_ms * MS)
    return alb_card(status, status["pybondd"]["alb"])


def send_to(bond, number, *, octets):
    """The host talks to a client: a first frame, and what the data plane counts after it."""
    packet = build_ipv4(Ipv4(OURS, client_ip(number), 17, b""))
    frame = build_header(EthernetHeader(client_mac(number), bond.state.mac, IPV4)) + packet
    host_sends(bond, frame)
    counts = [0] * BUCKET_COUNT
    first, second, third, fourth = client_ip(number)
    counts[first ^ second ^ third ^ fourth] = octets - len(frame)
    bond.handle(LoadMeasured(tuple(counts), 0), now=0)


def busy():
    """Two ports, two flows with a history of 10 s, two clients, one of them not told yet."""
    bond = alb(1, 2)
    meet(bond, 1)
    send_to(bond, 1, octets=2_000_000)
    send_to(bond, 2, octets=1_000_000)
    run(bond, 10_000)
    host_sends(bond, reply_to(bond, 2), now_ms=10_000)
    send_to(bond, 1, octets=500_000)
    send_to(bond, 2, octets=250_000)
    return bond


# -- the ordinary card


def test_the_card_of_balance_alb_shows_who_sends_and_who_receives():
    assert card(status_of(busy(), 10_000 * MS)) == [
        "● bond0   balance-alb   up 2 of 2 ports   20G   for 10 s",
        "    PORT   LINK       STATE      BUCKETS   CLIENTS   RX    TX    FAILURES",
        "  ● eth1   10G full   active *   1         1         0 B   0 B   0",
        "  ● eth2   10G full   active     1         1         0 B   0 B   0",
        "  every port with a link sends and hears its own clients; eth1 hears the rest",
    ]


def test_the_card_of_balance_tlb_says_that_one_port_receives():
    bond = tlb(1, 2)
    run(bond, 5000)
    assert card(status_of(bond, 5000 * MS)) == [
        "● bond0   balance-tlb   up 2 of 2 ports   20G   for 5 s",
        "    PORT   LINK       STATE      BUCKETS   RX    TX    FAILURES",
        "  ● eth1   10G full   active *   0         0 B   0 B   0",
        "  ● eth2   10G full   active     0         0 B   0 B   0",
        "  every port with a link sends; eth1 receives for all",
    ]


def test_the_card_shows_no_buckets_where_a_hash_chooses():
    assert card(status_of(tlb(1, tlb_dynamic_lb=0), 0))[1].split() == [
        *("PORT", "LINK", "STATE", "RX", "TX", "FAILURES")
    ]


def test_the_card_of_a_bond_without_links_does_not_say_that_somebody_sends():
    bond = alb(1, 2)
    for ifindex in (1, 2):
        cut(bond, ifindex, now_ms=10)
    run(bond, 200)
    assert not [line for line in card(status_of(bond, 200 * MS)) if "sends" in line]


# -- status --alb


def test_the_details_of_balance_alb_are_all_there():
    assert alb_lines(busy(), 10_500) == [
        "● bond0   balance-alb   up 2 of 2 ports   20G   for 10 s",
        "  alb_follows mended   learning frames every 1 s, the next in 0.9 s",
        "",
        "  PORT    ADDRESS            SPEED  LOAD      ROOM           BUCKETS  CLIENTS",
        "  eth1 *  02:00:00:00:00:01  10G    200 kB/s  9998.5 Mbit/s  1        1",
        "  eth2    02:00:00:00:00:02  10G    100 kB/s  9999.2 Mbit/s  1        1",
        "",
        "  SENDS   by load, in buckets of the destination IP address",
        "  without a bucket: 0 B by eth1   every bucket chooses anew in 10.0 s",
        "  BUCKET  PORT  SENT    MEASURED",
        "  1       eth1  500 kB  200 kB/s",
        "  6       eth2  250 kB  100 kB/s",
        "",
        "  RECEIVES   the next new client is given to eth1",
        "  1 round of updates to come, the next in 2.1 s",
        "  ARP sent: 2 replies, 0 requests, 0 untouched, 0 malformed",
        "  ARP heard: 0, 0 malformed, 0 too many",
        "  clients: 1 updates, 0 purged, 0 replaced",
        "  who sends to 10.0.0.1:",
        "    CLIENT     MAC                PORT  ITS ADDRESS        MET   ARP",
        "  ◐ 10.0.0.12  02:00:00:00:c0:02  eth2  02:00:00:00:00:02  0 s   0 s",
        "  ● 10.0.0.11  02:00:00:00:c0:01  eth1  02:00:00:00:00:01  10 s  10 s",
        "",
        "  * the active port: it has the bond's address, and sends what is not balanced",
        "  ● was told   ◐ an update waits   · was asked for its MAC   ○ no port",
    ]


def test_the_details_of_balance_tlb_leave_out_what_it_has_not():
    bond = tlb(1, 2, xmit_hash_policy="layer3+4", alb_follows="linux")
    assert alb_lines(bond)[1:] == [
        "  alb_follows linux   learning frames every 1 s, the next in 0.9 s",
        "",
        "  PORT    ADDRESS            SPEED  LOAD   ROOM           BUCKETS",
        "  eth1 *  02:00:00:00:00:01  10G    0 B/s  1808.0 Mbit/s  0",
        "  eth2    02:00:00:00:00:02  10G    0 B/s  1808.0 Mbit/s  0",
        "",
        "  SENDS   by load, in buckets of the layer3+4 hash",
        "  without a bucket: 0 B by eth1   every bucket chooses anew in 10.0 s",
        "  no bucket was used yet",
        "",
        "  RECEIVES   everything by eth1",
        "",
        "  * the active port: it has the bond's address, and sends what is not balanced",
    ]


def test_without_dynamic_balance_the_details_name_policy_and_usable_ports():
    bond = tlb(1, 2, 3, tlb_dynamic_lb=0, xmit_hash_policy="layer2+3")
    cut(bond, 3, now_ms=10)
    lines = alb_lines(bond)
    assert "  alb_follows mended   no learning frames" in lines
    assert "  PORT    ADDRESS            SPEED" in lines
    assert "  SENDS   tlb_dynamic_lb=0: by xmit_hash_policy layer2+3 over eth1, eth2" in lines


def test_the_details_say_who_stands_in_for_whom_and_until_when():
    bond = alb(1, 2, 3)
    cut(bond, 1, now_ms=50)
    run(bond, 3000)
    lines = alb_lines(bond, 3000)
    assert "  eth2 stands in for eth1's 02:00:00:00:00:02, 7.0 s more" in lines


def test_a_bucket_that_waits_for_a_frame_and_a_client_that_waits_for_a_port_show_a_dash():
    bond = alb(1)
    meet(bond, 1)
    send_to(bond, 1, octets=1000)
    cut(bond, 1, now_ms=50)
    run(bond, 200)
    lines = alb_lines(bond, 200)
    assert "  1       -     1.0 kB  0 B/s" in lines
    assert "  ○ 10.0.0.11  02:00:00:00:c0:01  -     -            0 s  0 s" in lines
    assert "  RECEIVES   the next new client is given to no port" in lines


def test_vlans_have_a_column_where_there_are_any_and_our_addresses_a_table_each():
    bond = alb(1, 2)
    host_sends(bond, reply_to(bond, 1))
    host_sends(bond, reply_to(bond, 2, our_ip=bytes([10, 0, 0, 2]), tags=VLAN_10))
    lines = alb_lines(bond)
    first, second = lines.index("  who sends to 10.0.0.2:"), lines.index("  who sends to 10.0.0.1:")
    assert lines[first + 1].split() == [
        *("CLIENT", "MAC", "PORT", "ITS", "ADDRESS", "VLAN", "MET", "ARP")
    ]
    assert lines[first + 2].split()[5] == "10"
    assert "VLAN" not in lines[second + 1]


def test_frames_that_were_lost_are_told():
    bond = alb(1)
    cut(bond, 1, now_ms=10)
    run(bond, 200)
    host_sends(bond, reply_to(bond, 1), now_ms=200)
    assert "  lost: 1 frames" in alb_lines(bond, 200)


def test_a_bond_without_ports_has_details():
    lines = alb_lines(alb())
    assert "  RECEIVES   the next new client is given to no port" in lines
    assert "  without a bucket: 0 B" in lines
    assert "  PORT  ADDRESS" not in lines


def test_the_details_fit_a_terminal_of_80_columns():
    assert max(len(line) for line in alb_lines(busy(), 90_000_000)) <= WIDEST


def test_full_tables_are_as_long_as_linuxs_and_no_longer():
    bond = alb(1, 2)
    bond.handle(LoadMeasured((1,) * BUCKET_COUNT, 0), now=0)
    lines = alb_lines(bond)
    start = lines.index("  BUCKET  PORT  SENT  MEASURED")
    assert lines.index("", start) - start - 1 == BUCKET_COUNT


# -- the command


def shown_by(words, bond, monkeypatch):
    monkeypatch.setattr(verb, "_status", lambda _name: status_of(bond, 10_000 * MS))
    return run_command(words)


def test_status_alb_json_holds_the_tables_and_every_port(monkeypatch, capsys):
    assert shown_by(["status", "bond0", "--alb", "-j"], busy(), monkeypatch) == 0
    told = json.loads(capsys.readouterr().out)
    assert [bucket["number"] for bucket in told["alb"]["transmit"]["buckets"]] == [1, 6]
    assert [client["ip"] for client in told["alb"]["receive"]["clients"]] == [
        *("10.0.0.12", "10.0.0.11")
    ]
    assert [port["ifname"] for port in told["ports"]] == ["eth1", "eth2"]
    assert told["ports"][0]["alb"]["clients"] == 1


def test_status_alb_prints_the_details(monkeypatch, capsys):
    bond = busy()
    assert shown_by(["status", "bond0", "--alb"], bond, monkeypatch) == 0
    assert capsys.readouterr().out.splitlines() == alb_lines(bond, 10_000)


def test_status_clients_is_the_text_of_debugfs(monkeypatch, capsys):
    assert shown_by(["status", "bond0", "--clients"], busy(), monkeypatch) == 0
    assert capsys.readouterr().out.splitlines() == [
        "SourceIP        DestinationIP   Destination MAC   DEV",
        "10.0.0.1        10.0.0.12       02:00:00:00:c0:02 eth2",
        "10.0.0.1        10.0.0.11       02:00:00:00:c0:01 eth1",
    ]


@pytest.mark.parametrize("words", [["--alb"], ["--alb", "-j"], ["--clients"]], ids=" ".join)
def test_the_tables_of_another_mode_are_refused_with_its_reason(words, monkeypatch, capsys):
    bond = bond_with("active-backup", 1)
    assert shown_by(["status", "bond0", *words], bond, monkeypatch) == Exit.REFUSED
    told = capsys.readouterr().err
    assert "its mode is active-backup, not balance-tlb or balance-alb" in told


def test_the_clients_of_balance_tlb_are_refused_with_the_reason(monkeypatch, capsys):
    assert shown_by(["status", "bond0", "--clients"], tlb(1), monkeypatch) == Exit.REFUSED
    assert "every client knows one address" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ([], "● bond0   balance-alb"),
        (["--oneline"], "● bond0   balance-alb"),
        (["-j"], '{"ifname": "bond0"'),
        (["--oneline", "-j"], '{"ifname": "bond0"'),
    ],
    ids=" ".join,
)
def test_the_other_views_stay_what_they_were(words, start, monkeypatch, capsys):
    assert shown_by(["status", "bond0", *words], busy(), monkeypatch) == 0
    assert capsys.readouterr().out.startswith(start)
