"""Which share a port of modes 5 and 6 has, and why another has it."""

import random
from dataclasses import replace

import pytest
from alb_bonds import MS, alb, client_mac, cut, host_sends, meet, repair, tlb
from bonds import CUT, UP, bond_with, enslave, link, run, write

from pybondd.cli import explain as verb
from pybondd.daemon.explaining import answer_json
from pybondd.events import BondClosed, BondMacChanged, LoadMeasured, PortReleased
from pybondd.explain.answer import Reason
from pybondd.explain.port import explain_port
from pybondd.explain.question import frame_of, parse_question

FAST = replace(UP, speed_mbps=2500)
SLOW = replace(UP, speed_mbps=1000)
LATER = 10_000
"""Milliseconds until the first rebalancing."""


def told(bond, ifindex, now_ms=0):
    port = bond.state.port_by_index(ifindex)
    return explain_port(bond.state, bond.mode, port, now=now_ms * MS)


def notes(bond, ifindex, now_ms=0):
    return list(told(bond, ifindex, now_ms).notes)


def two_speeds(make=alb, **options):
    bond = make(**options)
    enslave(bond, 1, SLOW)
    enslave(bond, 2, FAST)
    return bond


def send_to(bond, *numbers, octets=0):
    """A frame to each client, and what the data plane counts after it."""
    for number in numbers:
        texts = {"src": "10.0.0.1", "dst": f"10.0.0.{10 + number}"}
        question = parse_question(texts | {"to": client_mac(number).hex(":")})
        host_sends(bond, frame_of(question, source_mac=bond.state.mac))
    owned = (octets * (bucket.port is not None) for bucket in bond.mode.transmit.buckets)
    bond.handle(LoadMeasured(tuple(owned), 0), now=0)


def test_every_port_with_a_link_carries_traffic():
    bond = alb(1, 2)
    for ifindex in (1, 2):
        answer = told(bond, ifindex)
        assert (answer.carries, answer.reason) == (True, None)
        assert answer.why == "it is one of 2 usable ports"


def test_the_only_port_with_a_link_is_told_so():
    bond = tlb(1, 2)
    cut(bond, 2, now_ms=10)
    assert told(bond, 1).why == "it is the only usable port"
    assert told(bond, 2).reason is Reason.NO_CARRIER


def test_a_port_of_another_mode_has_no_notes():
    assert notes(bond_with("balance-rr", 1, 2), 1) == []


def test_a_port_of_a_bond_that_is_down_has_none_either():
    bond = alb(1, 2)
    bond.handle(BondClosed(), now=0)
    assert (told(bond, 1).reason, notes(bond, 1)) == (Reason.BOND_DOWN, [])


# -- sending


def test_before_any_frame_no_port_has_a_bucket():
    bond = tlb(1, 2)
    assert notes(bond, 1)[0] == "it sends nothing: no bucket is in use"


def test_before_the_first_rebalancing_all_buckets_are_one_ports():
    bond = alb(1, 2)
    send_to(bond, 1, 2)
    run(bond, 3000)
    assert notes(bond, 1)[0] == "it sends 2 of 2 used buckets, 0 octets/s as last measured"
    assert notes(bond, 2)[0] == (
        "it sends nothing: nothing was measured yet, so all choose eth1, for 7.0 s more"
    )


def test_a_slower_port_has_less_room():
    bond = two_speeds()
    send_to(bond, 1, octets=1000)
    run(bond, LATER)
    send_to(bond, 1)
    assert notes(bond, 1)[0] == (
        "it sends nothing: eth2 had more room, with 2500 Mbit/s against 1000 Mbit/s"
    )
    assert notes(bond, 2)[0].startswith("it sends 1 of 1 used buckets, ")


def test_a_port_of_the_same_speed_may_have_been_too_late():
    bond = alb(1, 2)
    send_to(bond, 1, octets=1000)
    run(bond, LATER)
    send_to(bond, 1)
    assert notes(bond, 2)[0] == (
        "it sends nothing: other ports had more room when the buckets in use chose"
    )


def test_a_hash_needs_no_buckets():
    bond = tlb(1, 2, tlb_dynamic_lb=0)
    assert notes(bond, 2)[0] == (
        "tlb_dynamic_lb=0: a hash gives each usable port the same share of the flows"
    )


def test_an_unknown_speed_is_told_of():
    bond = alb(1)
    enslave(bond, 2, replace(UP, speed_mbps=None, duplex=None))
    assert notes(bond, 2)[0] == "its speed is unknown, which counts as more than any other"


# -- receiving


def test_in_balance_tlb_one_port_receives():
    bond = tlb(1, 2)
    assert notes(bond, 1)[1:] == [
        "it receives for all ports, since others know the bond's address only"
    ]
    assert notes(bond, 2)[1:] == ["eth1, the active port, receives for it"]


def test_the_clients_of_a_port_are_counted():
    bond = alb(1, 2)
    meet(bond, 1, 2, 3)
    assert notes(bond, 1)[1:] == [
        "2 of 3 clients send to its address 02:00:00:00:00:01",
        "it hears broadcasts, and everybody who was told no other port's address",
    ]
    assert notes(bond, 2)[1:] == ["1 of 3 clients send to its address 02:00:00:00:00:02"]


def test_a_port_without_clients_says_that_none_was_met():
    assert notes(alb(1, 2), 2)[1] == "no client sends to it: none was met yet"


def test_a_port_without_clients_says_whose_turn_it_is():
    bond = alb(1, 2, 3)
    meet(bond, 1)
    assert notes(bond, 3)[1] == (
        "no client sends to it: clients take turns, and the next new one is given to eth2"
    )


def test_a_slower_port_gets_no_clients():
    bond = two_speeds()
    meet(bond, 1, 2)
    assert notes(bond, 1)[1] == (
        "no client sends to it: only the fastest ports get clients, and eth2 has 2500 Mbit/s"
    )


# -- addresses


def test_an_exchanged_address_is_told_of_at_both_ends():
    bond = alb(1, 2)
    assert not [note for note in notes(bond, 1) if "its address" in note and "was" in note]
    run(bond, 1000)
    cut(bond, 1, now_ms=1050)
    run(bond, 2000)
    assert notes(bond, 1, 2000) == [
        "its address 02:00:00:00:00:02 was eth2's; its own is 02:00:00:00:00:01",
        "eth2 takes what is sent to its address for 9.0 s more",
    ]
    assert notes(bond, 2, 2000)[-2:] == [
        "its address 02:00:00:00:00:01 was eth1's; its own is 02:00:00:00:00:02",
        "it takes what is sent to the address of eth1, for 9.0 s more",
    ]


def test_an_address_that_a_user_gave_is_the_bonds():
    bond = tlb(1, 2)
    bond.handle(BondMacChanged(bytes.fromhex("020000000077")), now=0)
    assert notes(bond, 1)[-1] == (
        "its address 02:00:00:00:00:77 was the bond's; its own is 02:00:00:00:00:01"
    )


def test_who_stands_in_for_a_port_that_left_says_so():
    bond = alb(1, 2)
    bond.handle(PortReleased(2), now=0)
    assert notes(bond, 1)[-1] == (
        "it takes what is sent to the address of a port that left, for 10.0 s more"
    )


# -- the command, and whatever happens


def test_the_notes_stand_below_what_is_met():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    answer = answer_json(bond, "eth2", now=0, is_privileged=False)
    assert verb.lines(answer, width=0) == [
        "eth2 carries traffic of bond0",
        "  ✓ carrier up, 10000 Mb/s full",
        "  ✓ it is one of 2 usable ports",
        "  · it sends nothing: no bucket is in use",
        "  · 1 of 2 clients send to its address 02:00:00:00:00:02",
    ]


def happen(bond, chance, now_ms):
    ifindex = chance.choice((1, 2, 3))
    match chance.randrange(6):
        case 0 | 1:
            link(bond, ifindex, CUT, now=now_ms * MS)
        case 2 | 3:
            repair(bond, ifindex, now_ms=now_ms)
        case 4:
            send_to(bond, *range(chance.randrange(9)), octets=chance.randrange(10**6))
        case 5:
            write(bond, chance.choice(("updelay", "downdelay")), chance.choice(("0", "300")))
    now_ms += chance.choice((10, 100, 1000, 10_500))
    run(bond, now_ms)
    return now_ms


@pytest.mark.parametrize("make", [tlb, alb], ids=["balance-tlb", "balance-alb"])
@pytest.mark.parametrize("seed", range(8))
def test_every_port_is_explained_whatever_happens(make, seed):
    chance, now_ms = random.Random(seed), 0
    bond = make(1, 2, 3)
    for _ in range(30):
        now_ms = happen(bond, chance, now_ms)
        for port in bond.state.ports:
            answer = told(bond, port.ifindex, now_ms)
            assert answer.reason is not Reason.UNKNOWN
            assert answer.carries == (port.can_transmit and bond.state.has_carrier)
            assert bool(answer.notes) or not answer.carries
