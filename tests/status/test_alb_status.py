"""Both tables of modes 5 and 6 as values: who carries what, who sends to whom, and until when."""

import json
from dataclasses import replace

import pytest
from alb_bonds import (
    MS,
    OURS,
    alb,
    client_ip,
    client_mac,
    cut,
    hear,
    host_sends,
    meet,
    reply_to,
    request_for,
    tlb,
)
from bonds import UP, bond_with, enslave, mac_of, run

from pybondd.events import BondClosed, LoadMeasured, PortFramesLost
from pybondd.forwarding import BUCKET_COUNT
from pybondd.status.alb import alb_bond, alb_port
from pybondd.status.rlb_hash_table import rlb_hash_table
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import EthernetHeader, build_header
from pybondd.wire.ethertypes import ARP, IPV4
from pybondd.wire.ip import Ipv4, build_ipv4

MEGABIT = 1 << 20
"""Linux's."""
VLAN_10 = ((0x8100, 10),)


def told(bond, *, now_ms=0):
    return alb_bond(bond.state, bond.mode, now=now_ms * MS)


def of_port(bond, ifindex):
    return alb_port(bond.state, bond.mode, bond.state.port_by_index(ifindex))


def ip_frame(bond, number):
    """To a client; in balance-alb its bucket is 1 ^ the last octet of the address."""
    packet = build_ipv4(Ipv4(OURS, client_ip(number), 17, bytes(100)))
    return build_header(EthernetHeader(client_mac(number), bond.state.mac, IPV4)) + packet


def measure(bond, octets, unbalanced_octets=0):
    counts = tuple(octets.get(number, 0) for number in range(BUCKET_COUNT))
    bond.handle(LoadMeasured(counts, unbalanced_octets), now=0)


def bucket_of(number):
    first, second, third, fourth = client_ip(number)
    return first ^ second ^ third ^ fourth


@pytest.mark.parametrize("mode", ["balance-rr", "active-backup", "802.3ad"])
def test_other_modes_have_no_tables(mode):
    bond = bond_with(mode, 1)
    assert told(bond) is None
    assert of_port(bond, 1) is None


# -- what is sent


def test_a_bucket_shows_its_owner_and_what_it_sent():
    bond = alb(1, 2)
    host_sends(bond, ip_frame(bond, 1))
    measure(bond, {bucket_of(1): 5000}, unbalanced_octets=70)
    sending = told(bond)["transmit"]
    size_octets = len(ip_frame(bond, 1))
    assert sending["buckets"] == [
        {
            "number": bucket_of(1),
            "port": "eth1",
            "octets": 5000 + size_octets,
            "load_octets_per_s": 0,
        }
    ]
    assert sending["unbalanced_octets"] == 70
    assert (of_port(bond, 1)["buckets"], of_port(bond, 2)["buckets"]) == (1, 0)


def test_a_bucket_without_owner_still_shows_its_load():
    bond = alb(1, 2)
    host_sends(bond, ip_frame(bond, 1))
    measure(bond, {bucket_of(1): 10_000 - len(ip_frame(bond, 1))})
    run(bond, 10_000)
    (bucket,) = told(bond)["transmit"]["buckets"]
    assert (bucket["port"], bucket["octets"], bucket["load_octets_per_s"]) == (None, 0, 1001)


def test_the_room_of_a_port_is_its_speed_without_its_load():
    bond = alb(1, 2)
    host_sends(bond, ip_frame(bond, 1))
    measure(bond, {bucket_of(1): 10_000 - len(ip_frame(bond, 1))})
    run(bond, 10_000)
    host_sends(bond, ip_frame(bond, 1))
    assert of_port(bond, 1) == {
        "speed_mbps": 10_000,
        "load_octets_per_s": 1001,
        "room_bits_per_s": 10_000 * MEGABIT - 8 * 1001,
        "buckets": 1,
        "clients": 0,
    }


def test_the_room_is_what_linux_takes_it_for_where_linux_is_followed():
    bond = alb(1, alb_follows="linux")
    assert of_port(bond, 1)["room_bits_per_s"] == (10_000 - 2 * 4096) * MEGABIT


def test_a_dead_port_has_no_room():
    bond = alb(1, 2)
    cut(bond, 2, now_ms=10)
    assert of_port(bond, 2)["room_bits_per_s"] is None


def test_the_times_run_down_to_the_next_rebalancing_and_learning():
    bond = alb(1, 2, lp_interval=3)
    at = {}
    for now_ms in (0, 1000, 2900, 9800, 9900, 10_000):
        run(bond, now_ms)
        sending = told(bond)["transmit"]
        at[now_ms] = (sending["next_rebalancing_s"], sending["next_learning_s"])
    assert at == {
        0: (10.0, 2.9),
        1000: (9.0, 1.9),
        2900: (7.1, 3.0),
        9800: (0.2, 2.1),
        9900: (0.1, 2.0),
        10_000: (10.0, 1.9),
    }


def test_what_a_new_port_makes_due_is_done_with_the_next_tick():
    bond = alb(1, 2)
    run(bond, 3050)
    assert told(bond)["transmit"]["next_rebalancing_s"] == 7.0
    enslave(bond, 3, now=3050 * MS)
    assert told(bond)["transmit"]["next_rebalancing_s"] == 0.1


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: tlb(1, tlb_dynamic_lb=0), (None, None)),
        (lambda: alb(1, tlb_dynamic_lb=0), (None, 0.9)),
        (lambda: alb(1, is_open=False), (None, None)),
        (alb, (None, None)),
    ],
    ids=["tlb by hash", "alb by hash", "bond down", "no port"],
)
def test_what_is_never_done_has_no_time(make, expected):
    sending = told(make())["transmit"]
    assert (sending["next_rebalancing_s"], sending["next_learning_s"]) == expected


@pytest.mark.parametrize(
    ("make", "policy"), [(tlb, "layer2+3"), (alb, None)], ids=["balance-tlb", "balance-alb"]
)
def test_the_buckets_of_balance_tlb_are_of_a_hash_policy(make, policy):
    bond = make(1, xmit_hash_policy="layer2+3")
    assert told(bond)["transmit"]["hash_policy"] == policy


def test_without_dynamic_balance_a_hash_chooses_among_what_is_usable():
    bond = alb(1, 2, 3, tlb_dynamic_lb=0, xmit_hash_policy="layer2+3")
    cut(bond, 2, now_ms=10)
    sending = told(bond)["transmit"]
    assert (sending["is_dynamic"], sending["hash_policy"]) == (False, "layer2+3")
    assert sending["usable"] == ["eth1", "eth3"]
    assert of_port(bond, 1)["room_bits_per_s"] is None


def test_a_frame_that_no_port_could_carry_is_counted():
    bond = alb(1)
    cut(bond, 1, now_ms=10)
    run(bond, 200)
    host_sends(bond, ip_frame(bond, 1), now_ms=200)
    assert told(bond)["transmit"]["lost_frames"] == 1


# -- who sends to us


def test_balance_tlb_has_no_clients():
    bond = tlb(1, 2)
    assert told(bond)["receive"] is None
    assert of_port(bond, 1)["clients"] == 0


def test_a_client_shows_where_it_sends_and_since_when_we_know_it():
    bond = alb(1, 2)
    host_sends(bond, reply_to(bond, 1), now_ms=1000)
    host_sends(bond, reply_to(bond, 2, tags=VLAN_10), now_ms=2000)
    host_sends(bond, reply_to(bond, 1), now_ms=4000)
    second, first = told(bond, now_ms=5500)["receive"]["clients"]
    assert first == {
        "ip": "10.0.0.11",
        "our_ip": "10.0.0.1",
        "mac": client_mac(1).hex(":"),
        "our_mac": mac_of(1).hex(":"),
        "tci": 0,
        "port": "eth1",
        "port_mac": mac_of(1).hex(":"),
        "age_s": 4.5,
        "last_arp_s": 1.5,
        "needs_update": True,
    }
    assert (second["ip"], second["tci"], second["port"]) == ("10.0.0.12", 10, "eth2")
    assert second["port_mac"] == mac_of(2).hex(":")
    assert (second["age_s"], second["last_arp_s"]) == (3.5, 3.5)


def test_the_address_that_a_client_was_told_is_the_ports_present_one():
    bond = alb(1, 2)
    host_sends(bond, reply_to(bond, 1))
    host_sends(bond, reply_to(bond, 2))
    cut(bond, 1, now_ms=10)
    run(bond, 100)
    clients = told(bond, now_ms=100)["receive"]["clients"]
    assert {client["port"] for client in clients} == {"eth2"}
    # The new active port has the bond's address now.
    assert {client["port_mac"] for client in clients} == {mac_of(1).hex(":")}


def test_a_client_that_was_asked_has_no_mac_until_it_answers():
    bond = alb(1, 2)
    host_sends(bond, request_for(bond, client_ip(1)))
    (client,) = told(bond)["receive"]["clients"]
    assert client["mac"] == "00:00:00:00:00:00"
    arp = Arp(ArpOperation.REPLY, client_mac(1), client_ip(1), bond.state.mac, OURS)
    header = build_header(EthernetHeader(bond.state.mac, client_mac(1), ARP))
    hear(bond, 1, header + build_arp(arp), now_ms=300)
    (client,) = told(bond, now_ms=800)["receive"]["clients"]
    assert (client["mac"], client["last_arp_s"]) == (client_mac(1).hex(":"), 0.5)


def test_a_client_without_any_port_shows_none():
    bond = alb(1)
    meet(bond, 1)
    cut(bond, 1, now_ms=10)
    run(bond, 200)
    receive = told(bond, now_ms=200)["receive"]
    (client,) = receive["clients"]
    assert (client["port"], client["port_mac"], receive["next_port"]) == (None, None, None)


def test_the_rounds_of_updates_count_down():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    seen = []
    run(bond, 1000)
    assert told(bond)["receive"]["rounds_left"] == 0
    cut(bond, 2, now_ms=1050)
    for now_ms in (1050, 1100, 3200, 5300, 7400, 9500):
        run(bond, now_ms)
        receive = told(bond, now_ms=now_ms)["receive"]
        seen.append((receive["rounds_left"], receive["next_round_s"]))
    assert seen == [(4, 2.1), (4, 2.0), (3, 2.0), (2, 2.0), (1, 2.0), (0, None)]


def test_the_next_port_in_turn_is_shown_and_not_used_up():
    bond = alb(1, 2, 3)
    meet(bond, 1)
    assert [told(bond)["receive"]["next_port"] for _ in range(3)] == 3 * ["eth2"]
    assert list(meet(bond, 2).values()) == [2]


def test_the_stand_in_is_shown_with_what_it_stands_in_for_and_its_end():
    bond = alb(1, 2, 3)
    assert told(bond)["receive"]["stand_in"] is None
    run(bond, 1000)
    cut(bond, 1, now_ms=1050)
    run(bond, 4000)
    assert told(bond)["receive"]["stand_in"] == {
        "port": "eth2",
        "ends_in_s": 7.0,
        "addresses": {"eth1": mac_of(2).hex(":")},
    }
    run(bond, 11_000)
    assert told(bond)["receive"]["stand_in"] is None


def test_the_tally_counts_what_was_done_with_arp():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    host_sends(bond, request_for(bond, client_ip(3)))
    bond.handle(PortFramesLost(2, 500), now=10**9)
    tally = told(bond)["receive"]["tally"]
    assert (tally["replies"], tally["requests"], tally["updates"]) == (2, 1, 0)
    assert tally["lost"] == 500
    assert set(tally) == {
        *("replies", "requests", "untouched", "received", "updates", "purged", "replaced"),
        *("malformed_from_host", "malformed_from_port", "lost"),
    }


def test_a_bond_that_was_set_down_knows_nobody():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    host_sends(bond, ip_frame(bond, 1))
    bond.handle(BondClosed(), now=0)
    shown = told(bond)
    assert (shown["transmit"]["buckets"], shown["receive"]["clients"]) == ([], [])


def test_all_of_it_is_json():
    bond = alb(1, 2)
    meet(bond, 1, 2, 3)
    host_sends(bond, ip_frame(bond, 1))
    cut(bond, 1, now_ms=10)
    run(bond, 200)
    shown = [told(bond, now_ms=300), of_port(bond, 1), of_port(bond, 2)]
    assert json.loads(json.dumps(shown)) == shown


def test_the_tables_are_never_longer_than_linuxs():
    bond = alb(1, 2)
    for high in range(2):
        for low in range(256):
            ip = bytes([10, 0, high, low])
            arp = Arp(ArpOperation.REPLY, bond.state.mac, OURS, client_mac(1), ip)
            header = build_header(EthernetHeader(client_mac(1), bond.state.mac, ARP))
            host_sends(bond, header + build_arp(arp))
    measure(bond, dict.fromkeys(range(BUCKET_COUNT), 9))
    shown = told(bond)
    assert len(shown["receive"]["clients"]) == 256
    assert len(shown["transmit"]["buckets"]) == 256


# -- Linux's own text


def test_the_text_of_debugfs_has_linuxs_columns():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    host_sends(bond, request_for(bond, bytes([192, 168, 100, 200])))
    assert rlb_hash_table(told(bond)["receive"]) == (
        "SourceIP        DestinationIP   Destination MAC   DEV\n"
        "10.0.0.1        192.168.100.200 00:00:00:00:00:00 eth1\n"
        "10.0.0.1        10.0.0.12       02:00:00:00:c0:02 eth2\n"
        "10.0.0.1        10.0.0.11       02:00:00:00:c0:01 eth1\n"
    )


def test_the_text_of_debugfs_says_none_where_no_port_is_left():
    bond = alb(1)
    meet(bond, 1)
    cut(bond, 1, now_ms=10)
    run(bond, 200)
    last = rlb_hash_table(told(bond)["receive"]).splitlines()[-1]
    assert last == "10.0.0.1        10.0.0.11       02:00:00:00:c0:01 (none)"


def test_a_speed_is_shown_as_it_was_last_read():
    bond = alb(1)
    enslave(bond, 2, replace(UP, speed_mbps=None, duplex=None))
    assert of_port(bond, 2)["speed_mbps"] is None
    assert of_port(bond, 2)["room_bits_per_s"] > of_port(bond, 1)["room_bits_per_s"]
