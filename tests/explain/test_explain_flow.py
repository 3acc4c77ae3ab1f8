"""Which port a flow takes, and how the answer compares with what the packet path does."""

import random
from ipaddress import ip_address

import pytest
from bonds import CUT, bond_with, link
from pairs import aggregated

from pybondd._pure import Forwarder
from pybondd.cli import explain as verb
from pybondd.cli.main import run
from pybondd.daemon.explaining import flow_json
from pybondd.daemon.refusal import CommandRefusedError, Exit
from pybondd.events import BondClosed
from pybondd.explain.flow import explain_flow
from pybondd.explain.question import QuestionError, frame_of, parse_question
from pybondd.forwarding import HashPolicy
from pybondd.options import OPTIONS
from pybondd.wire.ethernet import with_tags

WEB = {"src": "10.0.0.1", "dst": "10.0.0.2", "sport": "40000", "dport": "443"}
NEXT_HOP = {"to": "02:00:00:00:00:99"}
POLICIES = [OPTIONS["xmit_hash_policy"].name_of(policy) for policy in HashPolicy]
VLAN_TYPE = 0x8100


def any_flow(chance: random.Random) -> dict[str, str]:
    size = chance.choice((32, 128))
    texts = {
        key: str(ip_address(chance.getrandbits(size) | 1 << size - 1)) for key in ("src", "dst")
    }
    if chance.random() < 0.7:
        texts |= {"proto": chance.choice(("tcp", "udp", "sctp"))}
        texts |= {key: str(chance.getrandbits(16)) for key in ("sport", "dport")}
    if chance.random() < 0.5:
        texts["vlan"] = str(chance.randrange(1, 4095))
    return texts | {"to": chance.randbytes(6).hex(":")}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_port_is_the_one_that_the_packet_path_takes(policy):
    bond = bond_with("balance-xor", 1, 2, 3, xmit_hash_policy=policy)
    forwarder = Forwarder(0)
    forwarder.publish(bond.table)
    chance = random.Random(policy)
    for _ in range(200):
        question = parse_question(any_flow(chance))
        frame = frame_of(question, source_mac=bond.state.mac)
        if question.vlan:
            frame = with_tags(frame, ((VLAN_TYPE, question.vlan),))
        (taken,) = forwarder.from_host(frame)
        assert explain_flow(bond.state, bond.mode, question).port == f"eth{taken}"


@pytest.mark.parametrize("policy", POLICIES)
def test_the_last_step_shown_is_the_hash(policy):
    bond = bond_with("balance-xor", 1, 2, xmit_hash_policy=policy)
    chance = random.Random(policy)
    for _ in range(50):
        answer = explain_flow(bond.state, bond.mode, parse_question(any_flow(chance)))
        for choice in answer.choices:
            assert int(choice.steps[-1][1], 16) == choice.word


def test_if_the_port_fails_the_flow_goes_where_it_was_foretold():
    bond = bond_with("balance-xor", 1, 2, 3, xmit_hash_policy="layer3+4")
    question = parse_question(WEB)
    before = explain_flow(bond.state, bond.mode, question)
    link(bond, int(before.port.removeprefix("eth")), CUT, now=0)
    assert explain_flow(bond.state, bond.mode, question).port == before.then


def test_the_only_port_has_no_successor():
    bond = bond_with("balance-xor", 1, xmit_hash_policy="layer3+4")
    assert explain_flow(bond.state, bond.mode, parse_question(WEB)).then == ""


def test_a_policy_that_hashes_the_next_hop_asks_for_it():
    bond = bond_with("balance-xor", 1, 2, xmit_hash_policy="layer2")
    answer = explain_flow(bond.state, bond.mode, parse_question(WEB))
    assert answer.port == ""
    assert answer.what == "the port of the flow hangs on the next hop's MAC address"
    assert explain_flow(bond.state, bond.mode, parse_question(WEB | NEXT_HOP)).port


def test_all_six_policies_are_compared_and_one_is_in_use():
    _, bond = aggregated(xmit_hash_policy="layer2+3")
    choices = explain_flow(bond.state, bond.mode, parse_question(WEB | NEXT_HOP)).choices
    assert [choice.policy for choice in choices] == POLICIES
    assert [choice.policy for choice in choices if choice.is_in_use] == ["layer2+3"]


def answer_of(bond):
    answer = explain_flow(bond.state, bond.mode, parse_question(WEB))
    return answer.port, answer.what, answer.why


def test_active_backup_sends_every_flow_by_the_active_port():
    told = answer_of(bond_with("active-backup", 1, 2))
    assert told == ("eth1", "the flow leaves by eth1", "it is the active port")


def test_round_robin_names_the_ports_that_take_turns():
    bond = bond_with("balance-rr", 1, 2, 3)
    link(bond, 2, CUT, now=0)
    port, what, why = answer_of(bond)
    assert (port, what) == ("", "the packets of the flow take turns over eth1, eth3")
    assert "packets_per_slave=1" in why


def test_broadcast_names_every_port_with_a_link():
    bond = bond_with("broadcast", 1, 2, 3)
    link(bond, 1, CUT, now=0)
    assert answer_of(bond)[1] == "every packet of the flow leaves by each of eth2, eth3"


def test_round_robin_keeps_igmp_on_one_port():
    bond = bond_with("balance-rr", 1, 2)
    question = parse_question({"src": "10.0.0.1", "dst": "224.0.0.22", "proto": "igmp"})
    answer = explain_flow(bond.state, bond.mode, question)
    assert (answer.port, answer.why) == ("eth1", "balance-rr keeps IGMP on one port")


def test_broadcast_neighbor_copies_arp_and_nothing_else():
    _, bond = aggregated(broadcast_neighbor="on")
    request = parse_question({"src": "10.0.0.1", "dst": "10.0.0.2", "proto": "arp-request"})
    answer = explain_flow(bond.state, bond.mode, request)
    assert answer.what == "every packet of the flow leaves by each of eth1, eth2"
    assert explain_flow(bond.state, bond.mode, parse_question(WEB | NEXT_HOP)).port


def test_a_group_needs_no_next_hop_since_its_address_says_its_mac():
    bond = bond_with("balance-xor", 1, 2, xmit_hash_policy="layer2")
    for src, dst in (("10.0.0.1", "224.0.0.5"), ("fe80::1", "ff02::5")):
        assert explain_flow(bond.state, bond.mode, parse_question({"src": src, "dst": dst})).port


@pytest.mark.parametrize(
    ("texts", "mac"),
    [
        ({"dst": "224.1.2.3"}, "01005e010203"),
        ({"dst": "255.255.255.255"}, "ffffffffffff"),
        ({"src": "fe80::1", "dst": "ff02::1:ff00:7"}, "3333ff000007"),
        ({"dst": "10.0.0.2", "proto": "arp-request"}, "ffffffffffff"),
        ({"dst": "10.0.0.2", "proto": "arp-request"} | NEXT_HOP, "020000000099"),
        ({"dst": "10.0.0.2", "proto": "arp-reply"} | NEXT_HOP, "020000000099"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else None,
)
def test_the_frame_of_a_question_goes_where_its_address_says(texts, mac):
    question = parse_question({"src": "10.0.0.1"} | texts)
    assert frame_of(question, source_mac=bytes(6))[:6].hex() == mac


def test_a_bond_that_is_down_drops_the_flow():
    bond = bond_with("balance-xor", 1)
    bond.handle(BondClosed(), now=0)
    assert answer_of(bond) == ("", "the flow is dropped", "bond0 is set down")


def test_a_bond_without_a_carrier_drops_the_flow():
    bond = bond_with("balance-xor", 1)
    link(bond, 1, CUT, now=0)
    bond.advance(now=10**8)
    assert answer_of(bond) == ("", "the flow is dropped", "bond0 has no carrier")


# -- what was typed


@pytest.mark.parametrize(
    ("texts", "piece"),
    [
        ({"dst": "10.0.0.2"}, "src '' is no IP address"),
        ({"src": "10.0.0.1", "dst": "10.0.0"}, "dst '10.0.0' is no IP address"),
        ({"src": "10.0.0.1", "dst": "fe80::1"}, "not of the same IP version"),
        (WEB | {"sport": "65536"}, "sport 65536 is more than 65535"),
        (WEB | {"dport": "-1"}, "dport '-1' is no number up to 65535"),
        (WEB | {"dport": "1" * 5000}, "is no number up to 65535"),
        (WEB | {"sport": "²"}, "sport '²' is no number"),
        (WEB | {"vlan": "4095"}, "vlan 4095 is more than 4094"),
        (WEB | {"proto": "icmp"}, "proto 'icmp' is none of tcp, udp, sctp, igmp, nd, "),
        (WEB | {"proto": "igmp"}, "ports belong to tcp, udp or sctp"),
        ({"src": "fe80::1", "dst": "ff02::2", "proto": "arp-reply"}, "arp-reply is of IPv4"),
        ({"src": "10.0.0.1", "dst": "10.0.0.2", "proto": "nd"}, "proto nd is of IPv6"),
        (WEB | {"proto": "other"}, "ports belong to tcp, udp or sctp"),
        (WEB | {"to": "02:00"}, "to '02:00' is no MAC address"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_describes_no_flow_is_told(texts, piece):
    with pytest.raises(QuestionError) as told:
        parse_question(texts)
    assert piece in str(told.value)


def test_a_mistake_in_the_question_is_refused_as_misuse():
    with pytest.raises(CommandRefusedError) as refused:
        flow_json(bond_with("balance-xor", 1), {})
    assert refused.value.refusal.exit_code == Exit.USAGE


def test_ports_without_a_protocol_are_of_tcp():
    assert parse_question(WEB) == parse_question(WEB | {"proto": "tcp"})


# -- the command


def shown(words, bond, monkeypatch, capsys):
    from urllib.parse import parse_qsl

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(
        verb,
        "ask",
        lambda _bond, _method, route: flow_json(bond, dict(parse_qsl(route.split("?")[1]))),
    )
    assert run(["explain", "flow", "bond0", *words]) == Exit.DONE
    return capsys.readouterr().out.splitlines()


WORDS = ["--src", "10.0.0.1", "--dst", "10.0.0.2", "--sport", "40000", "--dport", "443"]


def test_the_command_shows_the_steps_of_the_hash_and_the_alternatives(monkeypatch, capsys):
    bond = bond_with("balance-xor", 1, 2, xmit_hash_policy="layer3+4")
    # 9c40 01bb is bb01409c to a little-endian machine, 10.0.0.1 ^ 10.0.0.2 is 03000000.
    assert shown(WORDS, bond, monkeypatch, capsys) == [
        "the flow leaves by eth1",
        "  xmit_hash_policy layer3+4: 0x5c5cfcb2 % 2 ports = 0",
        "    40000, 443 as they stand on the wire                0xbb01409c",
        "    ^ 10.0.0.1 ^ 10.0.0.2                               0xb801409c",
        "    h ^= h >> 16, h ^= h >> 8                           0xb8b9f965",
        "    the lowest bit is dropped                           0x5c5cfcb2",
        "  other policies: layer2 -> needs --to   layer2+3 -> needs --to   "
        "encap2+3 -> needs --to   encap3+4 -> eth1   vlan+srcmac -> eth2",
        "  if eth1 fails: eth2",
        "  the way back is chosen by the switch, not by this host",
    ]


def test_the_command_has_little_to_say_in_a_mode_without_a_hash(monkeypatch, capsys):
    bond = bond_with("active-backup", 1, 2)
    told = shown(WORDS, bond, monkeypatch, capsys)
    assert told == ["the flow leaves by eth1", "  it is the active port"]
