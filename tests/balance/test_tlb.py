"""The transmit table: which port carries which bucket."""

import pytest

from pybondd.balance.capacity import gap, speed_of
from pybondd.balance.tlb import BUCKET_COUNT, TransmitTable
from pybondd.port import Duplex, Link, LinkFacts, Port


def port(ifindex, speed_mbps=1000, *, can_transmit=True):
    facts = LinkFacts(is_up=True, has_carrier=can_transmit)
    mac = bytes(5) + bytes([ifindex])
    made = Port(ifindex, f"eth{ifindex}", mac, mac, 1500, facts, link=Link.UP)
    made.speed_mbps, made.duplex = speed_mbps, Duplex.FULL
    return made


def chosen(table, ports, *numbers, size_octets=1000):
    return [table.choose(number, ports, size_octets).ifindex for number in numbers]


# -- choosing


def test_before_anything_was_measured_all_buckets_go_to_the_first_port():
    assert chosen(TransmitTable(), [port(1), port(2)], 0, 7, 255) == [1, 1, 1]


def test_a_faster_port_has_more_room():
    assert chosen(TransmitTable(), [port(1, 1000), port(2, 2500)], 0) == [2]


def test_a_port_that_cannot_transmit_is_not_chosen():
    assert chosen(TransmitTable(), [port(1, can_transmit=False), port(2)], 0) == [2]


def test_without_a_usable_port_there_is_none_and_nothing_is_counted():
    table = TransmitTable()
    assert table.choose(3, [port(1, can_transmit=False)], 1000) is None
    assert table.buckets[3].octets == 0


def test_an_owner_stays_the_owner_when_it_fails_until_the_bucket_is_given_back():
    table, ports = TransmitTable(), [port(1), port(2)]
    chosen(table, ports, 0)
    ports[0].facts = LinkFacts(is_up=True, has_carrier=False)
    assert chosen(table, ports, 0) == [1]
    table.give_back(ports[0], takes_load=False)
    assert chosen(table, ports, 0) == [2]


# -- measuring


def test_a_load_is_the_octets_of_ten_seconds_divided_by_ten_and_one():
    table, ports = TransmitTable(), [port(1)]
    table.choose(5, ports, 12_345)
    table.rebalance(ports, None)
    assert table.buckets[5].load_octets_per_s == 1 + 1234
    assert table.buckets[5].octets == 0


def test_after_a_rebalance_heavy_buckets_spread():
    table, ports = TransmitTable(), [port(1), port(2), port(3)]
    for number, count in ((11, 20), (12, 10), (13, 8), (14, 5), (15, 2), (16, 1)):
        for _ in range(count):
            table.choose(number, ports, 10_000)
    table.rebalance(ports, ports[0])
    assert chosen(table, ports, 12, 14, 11, 13, 15, 16) == [1, 2, 3, 2, 1, 1]


def test_what_the_active_port_carried_without_a_bucket_is_its_load_at_first():
    table, ports = TransmitTable(), [port(1), port(2)]
    table.unbalanced_octets = 10_000
    table.rebalance(ports, ports[0])
    assert table.load_of(ports[0]) == 1000
    assert table.unbalanced_octets == 0
    assert chosen(table, ports, 0) == [2]


def test_a_bucket_without_an_owner_keeps_its_old_measurement():
    table, ports = TransmitTable(), [port(1)]
    table.choose(5, ports, 10_000)
    table.rebalance(ports, None)
    table.rebalance(ports, None)
    assert table.buckets[5].load_octets_per_s == 1001


def test_buckets_given_back_without_load_keep_octets_and_measurement():
    table, ports = TransmitTable(), [port(1), port(2)]
    table.choose(5, ports, 10_000)
    table.give_back(ports[0], takes_load=False)
    bucket = table.buckets[5]
    assert (bucket.port, bucket.octets, bucket.load_octets_per_s) == (None, 10_000, 0)
    assert table.load_of(ports[0]) == 0


def test_what_the_data_plane_sent_counts_like_what_was_chosen_here():
    table, ports = TransmitTable(), [port(1)]
    table.choose(5, ports, 1000)
    table.count(5, 9000)
    table.rebalance(ports, None)
    assert table.buckets[5].load_octets_per_s == 1001


@pytest.mark.parametrize(("wraps", "load"), [(False, 1 + (2**32 + 50) // 10), (True, 1 + 5)])
def test_octets_beyond_32_bits_are_lost_in_linux_only(wraps, load):
    table, ports = TransmitTable(wraps=wraps), [port(1)]
    table.choose(5, ports, 50)
    table.count(5, 2**32)
    table.unbalanced_octets = 2**32 + 70
    table.rebalance(ports, ports[0])
    assert table.buckets[5].load_octets_per_s == load
    assert table.load_of(ports[0]) == (7 if wraps else (2**32 + 70) // 10)


def test_forgetting_empties_every_bucket_and_load():
    table, ports = TransmitTable(), [port(1)]
    table.choose(5, ports, 10_000)
    table.rebalance(ports, None)
    table.choose(5, ports, 10_000)
    table.forget()
    assert len(table.buckets) == BUCKET_COUNT
    assert table.buckets[5].load_octets_per_s == 0
    assert table.load_of(ports[0]) == 0


# -- the gap


def test_a_load_in_octets_counts_eightfold_against_the_speed():
    assert gap(port(1, 1), 131_072, wraps=False) == 0


def test_an_overloaded_port_has_less_than_no_room():
    assert gap(port(1, 10), 2_000_000, wraps=False) < 0


def test_an_unknown_speed_counts_as_faster_than_any():
    assert speed_of(port(1, None)) > speed_of(port(2, 400_000))


@pytest.mark.parametrize(
    ("speeds", "first_as_linux", "first_by_size"),
    [
        pytest.param((1000, 4095), 2, 2, id="just below the wrap"),
        pytest.param((1000, 4096), 1, 2, id="4096 counts as nothing"),
        pytest.param((10_000, 2500), 2, 1, id="10 Gbit/s count as 1808"),
        pytest.param((25_000, 1000), 2, 1, id="25 Gbit/s count as 424"),
    ],
)
def test_in_32_bits_a_speed_counts_modulo_4096(speeds, first_as_linux, first_by_size):
    ports = [port(1, speeds[0]), port(2, speeds[1])]
    assert chosen(TransmitTable(wraps=True), ports, 0) == [first_as_linux]
    assert chosen(TransmitTable(), ports, 0) == [first_by_size]
