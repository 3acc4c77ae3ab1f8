"""Which port a flow takes in modes 5 and 6, with which source, and how the answers come back.

What is foretold is compared with what the bond then does.
"""

import random
from dataclasses import replace

import pytest
from alb_bonds import (
    MS,
    OURS,
    alb,
    client_ip,
    client_mac,
    cut,
    host_sends,
    meet,
    repair,
    reply_to,
    request_for,
    shown,
    tlb,
)
from bonds import UP, enslave, link, run

from pybondd.cli.explain import flow_lines
from pybondd.daemon.explaining import flow_json
from pybondd.events import HostAddress, HostAddressed, LoadMeasured
from pybondd.explain.flow import explain_flow
from pybondd.explain.question import frame_of, parse_question
from pybondd.forwarding import BUCKET_COUNT
from pybondd.wire.arp import ArpOperation
from pybondd.wire.ethernet import with_tags
from pybondd.wire.ethertypes import VLAN

US = "10.0.0.1"
MAKERS = {
    "balance-tlb": tlb,
    "balance-alb": alb,
    "balance-tlb by hash": lambda *ports: tlb(
        *ports, tlb_dynamic_lb=0, xmit_hash_policy="layer3+4"
    ),
    "balance-alb by hash": lambda *ports: alb(
        *ports, tlb_dynamic_lb=0, xmit_hash_policy="layer3+4"
    ),
}
SEEDS = range(8)
STEPS = 30


def explain(bond, texts):
    return explain_flow(bond.state, bond.mode, parse_question({"src": US} | texts))


def to_client(number, **more):
    return {"dst": f"10.0.0.{10 + number}", "to": client_mac(number).hex(":")} | more


def client_text(number):
    return {"dst": f"10.0.0.{10 + number}"}


# -- what is foretold happens


def any_question(chance):
    number = chance.randrange(20)
    kinds = (
        to_client(number, sport=str(chance.randrange(9)), dport="443"),
        to_client(number, proto="arp-reply"),
        client_text(number) | {"proto": "arp-request"},
        {"dst": "224.0.0.22", "proto": chance.choice(("igmp", "other"))},
        {"dst": "255.255.255.255", "proto": "udp"},
        {"src": "fe80::1", "dst": f"fe80::{number}", "to": "02:00:00:00:c0:09"},
        {"src": "fe80::1", "dst": f"ff02::{number + 1}"},
        {"src": "fe80::1", "dst": f"ff02::1:ff00:{number}", "proto": "nd"},
        {"src": "::", "dst": "ff02::16"},
        to_client(number, vlan="10"),
    )
    return {"src": US} | chance.choice(kinds)


def happen(bond, chance, now_ms):
    """Something that moves buckets, clients or addresses."""
    match chance.randrange(6):
        case 0:
            cut(bond, chance.choice((1, 2, 3)), now_ms=now_ms)
        case 1 | 2:
            for ifindex in (1, 2, 3):
                repair(bond, ifindex, now_ms=now_ms)
        case 3:
            slow = replace(UP, speed_mbps=chance.choice((100, 1000, 2500)))
            link(bond, chance.choice((1, 2, 3)), slow, now=now_ms * MS)
        case 4:
            load = tuple(chance.randrange(10**7) for _ in range(BUCKET_COUNT))
            bond.handle(LoadMeasured(load, chance.randrange(10**7)), now=now_ms * MS)
    now_ms += chance.choice((10, 100, 1000, 10_500))
    run(bond, now_ms)
    return now_ms


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mode", MAKERS)
def test_a_frame_leaves_by_the_port_and_with_the_source_that_were_foretold(mode, seed):
    chance = random.Random(f"{mode}/{seed}")
    bond, now_ms = MAKERS[mode](1, 2, 3), 0
    told_ports = set()
    for _ in range(STEPS):
        now_ms = happen(bond, chance, now_ms)
        question = parse_question(any_question(chance))
        told = explain_flow(bond.state, bond.mode, question)
        frame = frame_of(question, source_mac=bond.state.mac)
        tags = ((VLAN, question.vlan),) if question.vlan else ()
        sent = host_sends(bond, with_tags(frame, tags), now_ms=now_ms)
        # A new client that takes another's place makes the bond tell the old one first.
        *_, (ifindex, frame) = sent or [(None, b"")]
        if not told.port:
            assert not sent, told
            continue
        assert (told.port, told.source_mac) == (f"eth{ifindex}", frame[6:12].hex(":")), told
        told_ports.add(told.port)
    assert told_ports


@pytest.mark.parametrize("mode", MAKERS)
def test_asking_changes_nothing(mode):
    bond = MAKERS[mode](1, 2, 3)
    meet(bond, *range(5)) if mode.startswith("balance-alb") else None
    before = repr(
        [bond.mode.transmit, getattr(bond.mode, "receive", None) and vars(bond.mode.receive)]
    )
    chance = random.Random(0)
    for _ in range(100):
        explain_flow(bond.state, bond.mode, parse_question(any_question(chance)))
    after = repr(
        [bond.mode.transmit, getattr(bond.mode, "receive", None) and vars(bond.mode.receive)]
    )
    assert before == after


def test_the_active_port_sends_what_the_host_made_even_if_it_could_not_take_the_bonds_address():
    bond = alb(1, 2)
    bond.state.active.mac = client_mac(7)
    assert explain(bond, to_client(1)).source_mac == bond.state.mac.hex(":")


# -- buckets


def test_a_bucket_without_a_port_shows_the_room_of_each():
    bond = alb(1)
    enslave(bond, 2, replace(UP, speed_mbps=1000))
    link(bond, 1, replace(UP, speed_mbps=None), now=0)
    told = explain(bond, to_client(1))
    assert told.port == "eth1"
    assert told.why == "bucket 1 has no port: its next frame chooses the one with most room"
    assert told.steps == (
        ("all octets of 10.0.0.11 ^ each other", "1"),
        ("room of eth1: speed unknown, the most, less 0 octets/s", "4294967295.0 Mbit/s"),
        ("room of eth2: 1000 Mbit/s less 0 octets/s", "1000.0 Mbit/s"),
    )


def test_a_bucket_with_a_port_stays_there_until_the_rebalancing():
    bond = alb(1, 2, 3)
    run(bond, 3000)
    host_sends(bond, frame_of(parse_question({"src": US} | to_client(1)), source_mac=bytes(6)))
    told = explain(bond, to_client(1))
    assert (told.port, told.then) == ("eth1", "eth2 or eth3")
    assert told.why == "bucket 1 is eth1's until all buckets choose anew in 7.0 s"


def test_a_bucket_whose_port_just_failed_costs_one_frame():
    bond = alb(1, 2, downdelay=500)
    host_sends(bond, frame_of(parse_question({"src": US} | to_client(1)), source_mac=bytes(6)))
    cut(bond, 1, now_ms=10)
    told = explain(bond, to_client(1))
    assert (told.port, told.what) == ("", "the next frame of the flow is dropped")
    assert told.why == "bucket 1 is eth1's, which cannot transmit; it is given back with it"


def test_in_balance_tlb_the_bucket_is_an_octet_of_the_hash():
    bond = tlb(1, 2, xmit_hash_policy="layer3+4")
    told = explain(bond, to_client(1, sport="40000", dport="443"))
    used = next(choice for choice in told.choices if choice.is_in_use)
    assert told.steps[0] == (f"its lowest octet, {used.word & 255:#04x}", str(used.word & 255))
    assert [choice.port for choice in told.choices] == 6 * ["eth1"]


def test_in_balance_tlb_a_policy_that_hashes_the_next_hop_asks_for_it():
    told = explain(tlb(1, 2), client_text(1))
    assert (told.port, told.why) == ("", "xmit_hash_policy layer2 hashes it: give it with --to MAC")


def test_without_dynamic_balance_too():
    told = explain(tlb(1, 2, tlb_dynamic_lb=0), client_text(1))
    assert told.what == "the port of the flow hangs on the next hop's MAC address"


def test_without_dynamic_balance_the_hash_counts_usable_ports():
    bond = alb(1, 2, 3, tlb_dynamic_lb=0, xmit_hash_policy="layer3+4")
    told = explain(bond, to_client(1, sport="40000", dport="443"))
    assert told.why.startswith("tlb_dynamic_lb=0, xmit_hash_policy layer3+4: ")
    cut(bond, int(told.port[3:]), now_ms=10)
    run(bond, 200)
    assert explain(bond, to_client(1, sport="40000", dport="443")).port == told.then


# -- by the active port only


@pytest.mark.parametrize(
    ("make", "texts", "why"),
    [
        (alb, {"dst": "255.255.255.255"}, "a broadcast comes from one address"),
        (tlb, {"dst": "255.255.255.255"}, "a broadcast comes from one address"),
        (
            alb,
            {"dst": "255.255.255.255", "to": "02:00:00:00:c0:01"},
            "a broadcast comes from one address",
        ),
        (
            alb,
            {"dst": "10.0.0.255", "to": "ff:ff:ff:ff:ff:ff"},
            "a broadcast comes from one address",
        ),
        (
            alb,
            {"dst": "224.0.0.22", "proto": "igmp"},
            "IGMP tells the switch behind which port the member of a group is",
        ),
        (tlb, {"dst": "224.0.0.5"}, "balance-tlb shares out what goes to one station only"),
        (alb, {"src": "fe80::1", "dst": "ff02::1"}, "a frame to all IPv6 nodes is a broadcast"),
        (alb, {"src": "::", "dst": "ff02::16"}, "who has no address yet is heard by one port only"),
        (
            alb,
            {"src": "fe80::1", "dst": "fe80::2", "proto": "nd"},
            "neighbour discovery comes from the address that it tells of",
        ),
        (
            tlb,
            {"dst": "10.0.0.11", "proto": "arp-request"},
            "ARP comes from the address that it tells of",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_not_balanced_leaves_by_the_active_port_and_says_why(make, texts, why):
    told = explain(make(1, 2), texts)
    assert (told.port, told.why) == ("eth1", f"{why}: the active port")


def test_multicast_is_balanced_in_balance_alb():
    assert explain(alb(1, 2), {"dst": "224.0.0.5"}).why.startswith("bucket ")


def test_what_needs_the_active_port_is_dropped_when_that_cannot_transmit():
    bond = alb(1, 2, downdelay=500)
    cut(bond, 1, now_ms=10)
    told = explain(bond, {"dst": "255.255.255.255"})
    assert (told.port, told.what) == ("", "the flow is dropped")
    assert explain(bond, to_client(1)).port == "eth2"


def test_all_is_dropped_when_no_port_can_transmit():
    bond = alb(1, downdelay=500)
    cut(bond, 1, now_ms=10)
    assert explain(bond, to_client(1)).why == "no port can transmit at this moment"


# -- ARP in balance-alb


def arp_told(bond, number, kind):
    return explain(bond, to_client(number, proto=f"arp-{kind}"))


def test_the_answer_to_a_client_says_the_address_of_its_port():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    told = arp_told(bond, 2, "reply")
    (ifindex, frame), *_ = host_sends(bond, reply_to(bond, 2))
    assert (told.port, told.why) == (f"eth{ifindex}", "10.0.0.12 is a client of eth2")
    assert shown(frame).sender_mac.hex(":") in told.back
    assert told.back.startswith("it says that 10.0.0.1 is at ")


def test_a_request_of_ours_keeps_the_bonds_address_and_says_what_that_does():
    bond = alb(1, 2)
    meet(bond, 1)
    told = explain(bond, client_text(5) | {"proto": "arp-request"})
    ((ifindex, frame),) = host_sends(bond, request_for(bond, client_ip(5)))
    assert told.port == f"eth{ifindex}" == "eth2"
    assert told.why == "10.0.0.15 is a new client: the next in turn of the fastest ports"
    assert shown(frame).operation == ArpOperation.REQUEST
    assert (
        f"it says that 10.0.0.1 is at {shown(frame).sender_mac.hex(':')}, the active" in told.back
    )


def test_a_client_that_takes_the_place_of_another_is_told_of():
    bond = alb(1, 2)
    meet(bond, 1)
    told = explain(bond, {"dst": "10.0.11.0", "proto": "arp-reply", "to": "02:00:00:00:c0:09"})
    assert told.why.endswith("10.0.0.11 loses its place in the table to it")


def test_a_client_without_a_port_takes_the_next_in_turn():
    bond = alb(1, 2)
    meet(bond, 1)
    for ifindex in (1, 2):
        cut(bond, ifindex, now_ms=10)
    run(bond, 200)
    link(bond, 2, UP, now=250 * MS)
    bond.mode.receive.must_deal = False
    told = arp_told(bond, 1, "reply")
    assert (told.port, told.why) == (
        "eth2",
        "10.0.0.11 is a client without a port: the next in turn",
    )


def test_an_arp_of_a_bridge_above_is_not_touched():
    bond = alb(1, 2)
    bridge = HostAddress("br0", bond.state.mac, ipv4=(OURS,), depth=1, is_bridge=True)
    bond.handle(HostAddressed((bridge,)), now=0)
    told = arp_told(bond, 1, "reply")
    assert (told.port, told.back) == ("eth1", "")
    assert told.why == "10.0.0.1 is a bridge's, which answers for others too: the active port"


def test_an_arp_is_dropped_where_its_port_is_the_active_one_without_a_link():
    bond = alb(1, 2, downdelay=500)
    bridge = HostAddress("br0", bond.state.mac, ipv4=(OURS,), depth=1, is_bridge=True)
    bond.handle(HostAddressed((bridge,)), now=0)
    cut(bond, 1, now_ms=10)
    assert arp_told(bond, 1, "reply").what == "the ARP is dropped"


# -- the way back


def test_in_balance_tlb_all_answers_come_to_the_active_port():
    told = explain(tlb(1, 2), to_client(1))
    assert told.back == "the way back is eth1: whoever answers knows the bond's address only"


def test_a_client_answers_to_the_address_that_it_was_told():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    assert explain(bond, client_text(2)).back == (
        "the way back is eth2: 10.0.0.12 is yet to be told 02:00:00:00:00:02"
    )
    run(bond, 1000)
    assert explain(bond, client_text(2)).back == (
        "the way back is eth2: 10.0.0.12 was told 02:00:00:00:00:02"
    )


def test_who_sits_behind_a_client_answers_through_it():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    told = explain(bond, {"dst": "192.0.2.7", "to": client_mac(2).hex(":")})
    assert told.back.startswith("the way back is eth2: 10.0.0.12 ")


@pytest.mark.parametrize(
    ("texts", "back"),
    [
        (
            client_text(9),
            "the way back is eth1: 10.0.0.19 was not met, so it knows the bond's address",
        ),
        (
            {"src": "fe80::1", "dst": "fe80::2"},
            "the way back is eth1: balance-alb tells only IPv4 clients where to send",
        ),
        ({"dst": "224.0.0.5"}, ""),
    ],
    ids=["a stranger", "IPv6", "a group"],
)
def test_the_others_answer_to_the_active_port(texts, back):
    bond = alb(1, 2)
    meet(bond, 1)
    assert explain(bond, texts).back == back


# -- a flow that comes in


def with_our_address(bond):
    ours = HostAddress("bond0", bond.state.mac, ipv4=(OURS,), ipv6=(bytes(15) + b"\1",))
    bond.handle(HostAddressed((ours,)), now=0)
    return bond


@pytest.mark.parametrize(
    ("make", "source", "answer"),
    [
        (alb, "10.0.0.12", ("eth2", "10.0.0.12 was told 02:00:00:00:00:02")),
        (alb, "10.0.0.19", ("eth1", "10.0.0.19 was not met, so it knows the bond's address")),
        (tlb, "10.0.0.12", ("eth1", "whoever answers knows the bond's address only")),
    ],
    ids=["a client", "a stranger", "balance-tlb"],
)
def test_a_flow_to_us_comes_in_by_the_port_that_its_sender_knows(make, source, answer):
    bond = with_our_address(make(1, 2))
    meet(bond, 1, 2)
    run(bond, 1000)
    told = explain(bond, {"src": source, "dst": US})
    assert (told.port, told.why) == answer
    assert told.what == f"the flow comes in by {told.port}"


def test_a_flow_to_us_does_not_come_in_where_its_sender_has_no_port_left():
    bond = with_our_address(alb(1, 2))
    meet(bond, 1)
    bond.mode.receive.clients.at(client_ip(1)).port = None
    told = explain(bond, {"src": "10.0.0.11", "dst": US})
    assert (told.port, told.what) == ("", "the flow does not come in")
    assert told.why == "no port is left for 10.0.0.11 to send to"
    assert explain(bond, client_text(1)).back.startswith("there is no way back: no port is left")


def test_the_command_prints_it_all():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    assert flow_lines(flow_json(bond, {"src": US} | client_text(2))) == [
        "the flow leaves by eth1",
        "  bucket 6 has no port: its next frame chooses the one with most room",
        "    all octets of 10.0.0.12 ^ each other                6",
        "    room of eth1: 10000 Mbit/s less 0 octets/s          10000.0 Mbit/s",
        "    room of eth2: 10000 Mbit/s less 0 octets/s          10000.0 Mbit/s",
        "  its source address is 02:00:00:00:00:01",
        "  if eth1 fails: eth2",
        "  the way back is eth2: 10.0.0.12 is yet to be told 02:00:00:00:00:02",
    ]
