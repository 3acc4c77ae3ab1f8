"""What happens every 100 ms, and what between. Linux 6.12 bond_3ad_state_machine_handler."""

import pytest
from lacp_ports import (
    changes,
    everything,
    hear,
    join,
    link,
    open_system,
    port_distributing,
    port_joined,
    run,
    sent,
    system_with,
)

from pybondd.lacp.boxes import MuxBox, PeriodicBox, ReceiveBox
from pybondd.lacp.passes import MAX_PDUS_PER_PASS, frame_received, link_changed, run_pass
from pybondd.lacp.system import System
from pybondd.wire.slow import SLOW_ADDRESS, Lacpdu, parse_slow

HEADER = SLOW_ADDRESS + bytes.fromhex("02000000b001 8809")


def test_without_ports_time_does_not_pass():
    system = System(selection_hold=5)
    run_pass(system)
    assert system.selection_hold == 5


def test_the_hold_ends_with_a_choice():
    system = system_with()
    port = join(system)
    port.begin, port.selected, port.aggregator = False, True, port.own
    port.own.ports = [port]
    system.selection_hold = 2
    run_pass(system)
    assert (system.selection_hold, port.own.is_active) == (1, False)
    run_pass(system)
    assert (system.selection_hold, port.own.is_active) == (0, True)


def test_the_first_pass_runs_every_machine_once_in_order():
    port = port_joined()
    run(port)
    noted = [(move.machine, move.new.name) for move in port.system.outbox]
    assert noted == [
        ("receive", "INITIALIZE"),
        ("receive", "PORT_DISABLED"),
        ("periodic", "NO_PERIODIC"),
        ("mux", "DETACHED"),
    ]
    assert (port.begin, port.selected, port.ntt, port.transmit_window) == (False, True, True, 2)


def test_the_second_pass_asks():
    port = port_joined()
    run(port, 2)
    boxes = (port.receive_box, port.periodic_box, port.mux_box)
    assert boxes == (ReceiveBox.EXPIRED, PeriodicBox.FAST_PERIODIC, MuxBox.WAITING)


def test_ports_run_in_the_order_in_which_they_joined():
    system = open_system(ports=3)
    run_pass(system)
    assert [move.port.name for move in system.outbox if move.machine == "mux"] == [
        "eth1",
        "eth2",
        "eth3",
    ]


def test_between_passes_only_the_receive_machine_reacts():
    port = port_joined()
    run(port, 2)
    changed = changes(port, lambda port: hear(port, "ATGSCD"))
    for for_people in ("counters", "pdus_this_pass", "picture", "last_heard_ns"):
        changed.pop(for_people, None)
    assert set(changed) == {
        "receive_box",
        "partner",
        "partner_state",
        "actor_state",
        "matched",
        "selected",
        "churn_restart",
    }


# Too many at once.


def test_a_storm_ends_in_front_of_the_machine_and_begins_anew_with_each_pass():
    port = port_distributing()
    run(port)
    counted = port.counters.lacpdu_rx
    for _ in range(100):
        hear(port, "ATGSCD")
    assert port.counters.lacpdu_rx == counted + MAX_PDUS_PER_PASS
    assert port.counters.over_limit == 100 - MAX_PDUS_PER_PASS
    run(port)
    hear(port, "ATGSCD")
    assert port.counters.lacpdu_rx == counted + MAX_PDUS_PER_PASS + 1


def test_a_storm_on_one_port_takes_nothing_from_another():
    system = open_system(ports=2)
    run_pass(system)
    for _ in range(100):
        hear(system.ports[0], "ATG")
    hear(system.ports[1], "ATG")
    assert (system.ports[1].counters.lacpdu_rx, system.ports[1].counters.over_limit) == (1, 0)


# What is no LACPDU.

MALFORMED = [
    ("cut", bytes([1, 1]) + bytes(107), "lacpdu_illegal_rx"),
    ("a cut marker", bytes([2, 1, 1, 16]) + bytes(105), "lacpdu_illegal_rx"),
    ("nothing at all", b"", "lacpdu_illegal_rx"),
    ("another slow protocol", bytes([3]) + bytes(109), "lacpdu_unknown_rx"),
    ("a marker of no kind", bytes([2, 1, 9, 16]) + bytes(106), "marker_unknown_rx"),
]


@pytest.mark.parametrize(
    ("pdu", "counter"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_a_malformed_frame_is_counted_and_changes_nothing(pdu, counter):
    port = port_distributing()
    counted = everything(port)["counters"]
    changed = changes(port, lambda port: frame_received(port, HEADER + pdu))
    assert changed.pop("counters") == counted | {counter: counted[counter] + 1}
    assert set(changed) <= {"pdus_this_pass"}


# The link.


def test_a_link_change_chooses_at_once():
    system = open_system(ports=2)
    run(system.ports[0], 2)
    assert system.active_aggregator is system.ports[0].own
    link(system.ports[0], up=False)
    assert system.active_aggregator is system.ports[1].own


def test_a_port_without_a_link_stays_in_its_aggregator_and_says_nothing():
    port = port_distributing()
    link(port, up=False)
    port.system.outbox.clear()
    run(port, 100)
    assert (port.selected, port.aggregator, sent(port.system)) == (True, port.own, [])


def test_a_link_that_is_back_carries_after_22_passes():
    port = port_distributing()
    link(port, up=False)
    run(port, 10)
    link(port, up=True)
    passes = 0
    while passes < 100 and (not passes or port.mux_box is not MuxBox.COLLECTING_DISTRIBUTING):
        run(port)
        hear(port, "ATGSCD")
        passes += 1
    assert passes == 23


def test_a_link_that_was_not_seen_to_be_lost_starts_nothing():
    """Without a monitor the key stays, and so does everything."""
    port = port_distributing()
    assert changes(port, lambda port: link_changed(port, is_up=True)) == {}


def test_what_is_sent_after_a_pass_tells_of_that_pass():
    port = port_distributing()
    run(port, 3)
    pdu = parse_slow(sent(port.system)[-1])
    assert isinstance(pdu, Lacpdu)
    assert pdu.actor == port.actor
