"""Every answer of `explain port`, in the situation that it is for."""

import pytest
import situations
from pairs import aggregated

from pybondd.explain.answer import Reason
from pybondd.explain.port import explain_port

ANSWERS = [
    (
        situations.bond_is_set_down,
        Reason.BOND_DOWN,
        "eth1 carries no traffic: bond0 is set down",
        ("no port of a bond that is down carries anything; LACP and the monitor stand still"),
        "ip link set bond0 up",
    ),
    (
        situations.port_is_set_down,
        Reason.PORT_DOWN,
        "eth1 carries no traffic: it is set down",
        "somebody set the interface down; pybondd does not set it up again",
        "ip link set eth1 up",
    ),
    (
        situations.cable_is_cut,
        Reason.NO_CARRIER,
        "eth1 carries no traffic: it has no carrier",
        "the cable is out or broken, or the switch port is shut",
        "look at cable, transceiver and switch port; ethtool eth1 shows the link",
    ),
    (
        situations.speed_got_lost,
        Reason.SPEED_UNKNOWN,
        "eth1 carries no traffic: its speed or duplex is unknown",
        "this mode goes by speed, so a port without one cannot come up",
        "ethtool -s eth1 speed N duplex full; some virtual devices know no speed at all",
    ),
    (
        situations.link_came_back_without_a_monitor,
        Reason.NO_MONITOR,
        "eth1 carries no traffic: nobody watches its link",
        "the port was down once, and miimon=0 means that its return is never looked for",
        "pybondd set bond0 miimon=100",
    ),
    (
        situations.updelay_runs,
        Reason.UPDELAY,
        "eth1 carries no traffic: it waits for updelay",
        "the carrier is back; 400 ms of 500 ms are left",
        "wait; updelay protects from a switch that is not ready when its carrier is",
    ),
    (
        situations.link_came_back_between_two_polls,
        Reason.NOT_SEEN_YET,
        "eth1 carries no traffic: the monitor still calls it down",
        "the carrier is there, but the monitor looks every 100 ms only",
        "ask again in a moment",
    ),
    (
        situations.link_came_back_to_a_broadcast,
        Reason.NOT_SEEN_YET,
        "eth1 carries no traffic: the monitor still calls it down",
        "the carrier is there, but the monitor looks every 100 ms only",
        "ask again in a moment",
    ),
    (
        situations.active_port_lives_on_downdelay,
        Reason.NO_CARRIER,
        "eth1 carries no traffic: it has no carrier",
        (
            "the cable is out or broken, or the switch port is shut; downdelay gives it "
            "400 ms more before it is given up"
        ),
        "look at cable, transceiver and switch port; ethtool eth1 shows the link",
    ),
    (
        situations.primary_works,
        Reason.PRIMARY_IS_ACTIVE,
        "eth1 carries no traffic: eth2 is the active port",
        "eth2 is the primary and works",
        "nothing is wrong; to prefer eth1: pybondd set bond0 primary=eth1",
    ),
    (
        situations.primary_came_back_too_late,
        Reason.PRIMARY_WAITS,
        "eth1 carries no traffic: it is the primary, but eth2 is the active port",
        "primary_reselect=failure: a primary that returns waits until eth2 fails",
        "pybondd activate bond0 eth1, or pybondd set bond0 primary_reselect=always",
    ),
    (
        situations.primary_is_not_faster,
        Reason.PRIMARY_WAITS,
        "eth1 carries no traffic: it is the primary, but eth2 is the active port",
        "primary_reselect=better: a primary that returns must be faster than eth2",
        "pybondd activate bond0 eth1, or pybondd set bond0 primary_reselect=always",
    ),
    (
        situations.another_has_higher_prio,
        Reason.HIGHER_PRIO_IS_ACTIVE,
        "eth1 carries no traffic: eth2 is the active port",
        "eth2 has prio 5, eth1 has 0",
        "nothing is wrong; to prefer eth1: pybondd set bond0 prio=eth1:6",
    ),
    (
        situations.another_was_first,
        Reason.BACKUP,
        "eth2 carries no traffic: eth1 is the active port",
        "one port works at a time; eth2 takes over when eth1 fails",
        "nothing is wrong; to change over now: pybondd activate bond0 eth2",
    ),
    (
        situations.lacp_has_not_run,
        Reason.NOT_BEGUN,
        "eth1 carries no traffic: LACP has not begun on it",
        ("the port is in no aggregator until LACP's machines have run, which they do every 100 ms"),
        "ask again in a moment",
    ),
    (
        situations.cable_leads_back,
        Reason.LOOPED,
        "eth2 carries no traffic: it hears this bond's own LACPDUs, last 0.0 s ago",
        (
            "the cable leads back to this host, or another host is the same system "
            "02:b0:00:00:00:01 (a clone?)"
        ),
        ("follow the cable of eth2; on one of two clones: pybondd set bond0 ad_actor_system=MAC"),
    ),
    (
        situations.port_is_half_duplex,
        Reason.HALF_DUPLEX,
        "eth2 carries no traffic: it is half duplex",
        ("LACP aggregates full duplex links only, and an individual port loses to any other"),
        "let both ends negotiate, or ethtool -s eth2 duplex full",
    ),
    (
        situations.duplex_was_never_known,
        Reason.HALF_DUPLEX,
        "eth2 carries no traffic: no duplex known",
        ("LACP aggregates full duplex links only, and an individual port loses to any other"),
        "let both ends negotiate, or ethtool -s eth2 duplex full",
    ),
    (
        situations.second_port_waits_for_its_first_lacpdu,
        Reason.FIRST_LACPDU_AWAITED,
        "eth2 carries no traffic: it has not heard an LACPDU yet",
        "the link is new; a partner is waited for, 2.1 s more",
        "wait; then ask again",
    ),
    (
        situations.nobody_ever_spoke,
        Reason.NEVER_HEARD,
        "eth2 carries no traffic: nobody speaks LACP at its other end",
        "no LACPDU has ever come in",
        (
            "configure LACP on the switch port; to see what it sends: tcpdump -ei eth2 "
            "ether proto 0x8809"
        ),
    ),
    (
        situations.passive_and_nobody_spoke,
        Reason.NEVER_HEARD,
        "eth2 carries no traffic: nobody speaks LACP at its other end",
        (
            "no LACPDU has ever come in; this side is passive (lacp_active=off), so two "
            "passive sides wait for each other"
        ),
        (
            "configure LACP on the switch port; to see what it sends: tcpdump -ei eth2 "
            "ether proto 0x8809"
        ),
    ),
    (
        situations.only_noise_came,
        Reason.NEVER_HEARD,
        "eth2 carries no traffic: nobody speaks LACP at its other end",
        "no LACPDU has ever come in, only 1 slow frames that are none",
        (
            "configure LACP on the switch port; to see what it sends: tcpdump -ei eth2 "
            "ether proto 0x8809"
        ),
    ),
    (
        situations.partner_just_fell_silent,
        Reason.FELL_SILENT,
        "eth1 carries no traffic: its partner has fallen silent",
        "its last LACPDU came 4.0 s ago; it is given up in 2.0 s",
        ("is LACP still configured on the switch port? Does a device between drop slow protocols?"),
    ),
    (
        situations.partner_fell_silent_long_ago,
        Reason.FELL_SILENT,
        "eth1 carries no traffic: its partner has fallen silent",
        "its last LACPDU came 60.0 s ago",
        ("is LACP still configured on the switch port? Does a device between drop slow protocols?"),
    ),
    (
        situations.partner_hears_another,
        Reason.NOT_KNOWN_TO_PARTNER,
        "eth1 carries no traffic: its partner does not know this port",
        "it takes us for key 7, but we are 15",
        ("ask again in a second; if it lasts, the switch does not receive what this port sends"),
    ),
    (
        situations.partner_hears_nobody,
        Reason.NOT_KNOWN_TO_PARTNER,
        "eth1 carries no traffic: its partner does not know this port",
        "its LACPDUs say that it hears nobody",
        ("ask again in a second; if it lasts, the switch does not receive what this port sends"),
    ),
    (
        situations.partner_thinks_we_do_not_aggregate,
        Reason.NOT_KNOWN_TO_PARTNER,
        "eth1 carries no traffic: its partner does not know this port",
        "it takes us for a port that does not aggregate",
        ("ask again in a second; if it lasts, the switch does not receive what this port sends"),
    ),
    (
        situations.two_speeds,
        Reason.OTHER_KEY,
        "eth3 carries no traffic: its key is 9, that of eth1, eth2 is 15",
        (
            "ports of another speed or duplex do not join; aggregator 1 (2 ports up, "
            "20000 Mb/s) is in use, not 2 (1 port up, 1000 Mb/s): ad_select=stable keeps "
            "it while one of its ports has a link"
        ),
        "give all ports the same speed; see ethtool eth3",
    ),
    (
        situations.user_key_was_changed,
        Reason.OTHER_KEY,
        "eth2 carries no traffic: its key is 335, that of eth1 is 15",
        (
            "ad_user_port_key was changed after the first of them joined; aggregator 1 "
            "(1 port up, 10000 Mb/s) is in use, not 2 (1 port up, 10000 Mb/s): "
            "ad_select=stable keeps it while one of its ports has a link"
        ),
        "pybondd remove bond0 eth2, then add it again; see ethtool eth2",
    ),
    (
        situations.two_switches,
        Reason.OTHER_SYSTEM,
        (
            "eth2 carries no traffic: it leads to partner 65535,02:b0:00:00:00:03, eth1 "
            "to 65535,02:b0:00:00:00:02"
        ),
        (
            "aggregator 1 (1 port up, 10000 Mb/s) is in use, not 2 (1 port up, 10000 "
            "Mb/s): ad_select=stable keeps it while one of its ports has a link"
        ),
        "connect eth2 to the same switch as eth1, or join the switches (MLAG, stack)",
    ),
    (
        situations.greater_bandwidth_wins,
        Reason.OTHER_SYSTEM,
        (
            "eth3 carries no traffic: it leads to partner 65535,02:b0:00:00:00:03, eth1, "
            "eth2 to 65535,02:b0:00:00:00:02"
        ),
        (
            "aggregator 1 (2 ports up, 20000 Mb/s) is in use, not 2 (1 port up, 10000 "
            "Mb/s): ad_select=bandwidth takes the greatest bandwidth"
        ),
        ("connect eth3 to the same switch as eth1, eth2, or join the switches (MLAG, stack)"),
    ),
    (
        situations.more_ports_win,
        Reason.OTHER_SYSTEM,
        (
            "eth3 carries no traffic: it leads to partner 65535,02:b0:00:00:00:03, eth1, "
            "eth2 to 65535,02:b0:00:00:00:02"
        ),
        (
            "aggregator 1 (2 ports up, 20000 Mb/s) is in use, not 2 (1 port up, 10000 "
            "Mb/s): ad_select=count takes the most ports"
        ),
        ("connect eth3 to the same switch as eth1, eth2, or join the switches (MLAG, stack)"),
    ),
    (
        situations.higher_priorities_win,
        Reason.OTHER_SYSTEM,
        (
            "eth3 carries no traffic: it leads to partner 65535,02:b0:00:00:00:03, eth1, "
            "eth2 to 65535,02:b0:00:00:00:02"
        ),
        (
            "aggregator 1 (priorities 510, 2 ports up, 20000 Mb/s) is in use, not 2 "
            "(priorities 255, 1 port up, 10000 Mb/s): ad_select=actor_port_prio takes "
            "the greatest sum of priorities"
        ),
        ("connect eth3 to the same switch as eth1, eth2, or join the switches (MLAG, stack)"),
    ),
    (
        situations.tie_keeps_the_older_one,
        Reason.OTHER_SYSTEM,
        (
            "eth2 carries no traffic: it leads to partner 65535,02:b0:00:00:00:03, eth1 "
            "to 65535,02:b0:00:00:00:02"
        ),
        (
            "aggregator 1 (1 port up, 10000 Mb/s) is in use, not 2 (1 port up, 10000 "
            "Mb/s): ad_select=bandwidth takes the greatest bandwidth, and on a tie the "
            "one already in use"
        ),
        "connect eth2 to the same switch as eth1, or join the switches (MLAG, stack)",
    ),
    (
        situations.many_ports_elsewhere,
        Reason.OTHER_SYSTEM,
        (
            "eth6 carries no traffic: it leads to partner 65535,02:b0:00:00:00:03, eth1, "
            "eth2, eth3 and 2 more to 65535,02:b0:00:00:00:02"
        ),
        (
            "aggregator 1 (5 ports up, 50000 Mb/s) is in use, not 2 (1 port up, 10000 "
            "Mb/s): ad_select=stable keeps it while one of its ports has a link"
        ),
        (
            "connect eth6 to the same switch as eth1, eth2, eth3 and 2 more, or join the "
            "switches (MLAG, stack)"
        ),
    ),
    (
        situations.two_port_channels,
        Reason.OTHER_PARTNER_KEY,
        "eth1 carries no traffic: its partner has key 77 for it, 15 for eth2",
        (
            "aggregator 1 (1 port up, 10000 Mb/s) is in use, not 2 (1 port up, 10000 "
            "Mb/s): ad_select=stable keeps it while one of its ports has a link"
        ),
        (
            "put the switch ports of eth1 and eth2 into one port channel; ports of "
            "different speed have different keys there too"
        ),
    ),
    (
        situations.no_aggregator_was_chosen,
        Reason.NOT_CHOSEN,
        "eth1 carries no traffic: no aggregator is chosen yet",
        "the choice is made when a port joins an aggregator, or a link comes or goes",
        "ask again in a moment",
    ),
    (
        situations.aggregate_wait_runs,
        Reason.AGGREGATE_WAIT,
        "eth2 carries no traffic: it waits 1.5 s more",
        "two seconds are given to other ports, so that all of them join at once",
        "wait",
    ),
    (
        situations.another_port_has_not_waited,
        Reason.OTHERS_WAIT,
        "eth2 carries no traffic: it waits for eth3",
        ("the ports of an aggregator start together, and these have not waited long enough"),
        "wait; if it lasts: pybondd explain port bond0 eth3",
    ),
    (
        situations.ports_may_still_appear,
        Reason.PORTS_AWAITED,
        "eth1 carries no traffic: bond0 waits 2.0 s more for ports to appear",
        "the bond is new, and the best aggregator is known when all ports are there",
        "wait",
    ),
    (
        situations.partner_stays_out_of_sync,
        Reason.PARTNER_OUT_OF_SYNC,
        "eth1 carries no traffic: its partner has not put its end into the aggregate",
        "its LACPDUs say that it is not in sync",
        (
            "ask the switch why port 1 of 02:b0:00:00:00:02 is not bundled: another "
            "speed, another port channel, its limit of links"
        ),
    ),
    (
        situations.partner_stays_out_of_sync_for_long,
        Reason.PARTNER_OUT_OF_SYNC,
        "eth1 carries no traffic: its partner has not put its end into the aggregate",
        "its LACPDUs say that it is not in sync, and has not been for a minute",
        (
            "ask the switch why port 1 of 02:b0:00:00:00:02 is not bundled: another "
            "speed, another port channel, its limit of links"
        ),
    ),
    (
        situations.partner_does_not_collect,
        Reason.PARTNER_NOT_COLLECTING,
        "eth1 carries no traffic: its partner does not collect yet",
        "coupled_control=off: this side sends when the partner says that it takes",
        "the switch must enable its port; coupled_control=on does not wait for it",
    ),
    (
        situations.one_pass_is_missing,
        Reason.NEXT_PASS,
        "eth1 carries no traffic: it is about to be used",
        "every condition is met; the machines take one step every 100 ms",
        "ask again in a moment",
    ),
    (
        situations.too_few_links,
        Reason.MIN_LINKS,
        "eth1 carries no traffic: bond0 has no carrier: 1 of 2 links",
        "min_links=2, and fewer ports of aggregator 1 have a link",
        "repair the other links, or pybondd set bond0 min_links=1",
    ),
    (
        situations.strict_and_nobody_there,
        Reason.STRICT,
        "eth1 carries no traffic: bond0 has no carrier: 0 of 1 ports collect and distribute",
        "lacp_strict=on counts ports that both sides use, where else links are enough",
        "configure LACP on the switch, or pybondd set bond0 lacp_strict=off",
    ),
    (
        situations.not_in_the_table,
        Reason.UNKNOWN,
        "eth1 carries no traffic: it is not in the forwarding table",
        (
            "every condition that pybondd knows is met, so this is a moment between two "
            "steps or a bug"
        ),
        "ask again; if it lasts, report it with pybondd status bond0 --json",
    ),
    (
        situations.active_port_works,
        None,
        "eth1 carries traffic of bond0",
        "it is the active port",
        "",
    ),
    (
        situations.round_robin_works,
        None,
        "eth1 carries traffic of bond0",
        "it is one of 2 usable ports",
        "",
    ),
    (
        situations.single_port_works,
        None,
        "eth1 carries traffic of bond0",
        "it is the only usable port",
        "",
    ),
    (
        situations.aggregated_pair,
        None,
        "eth1 carries traffic of bond0",
        "aggregated with partner 02:b0:00:00:00:02, port 1: 2 of 2 ports",
        "",
    ),
    (
        situations.works_alone_into_a_loop,
        None,
        "eth1 carries traffic of bond0",
        (
            "beware: it hears this bond's own LACPDUs, last 0.0 s ago; the cable leads "
            "back to this host, or another host is the same system 02:b0:00:00:00:01 (a "
            "clone?)"
        ),
        ("follow the cable of eth1; on one of two clones: pybondd set bond0 ad_actor_system=MAC"),
    ),
    (
        situations.negotiates_while_it_works_alone,
        None,
        "eth1 carries traffic of bond0",
        ("it worked alone, and goes on while it negotiates with partner 02:b0:00:00:00:02, port 1"),
        "",
    ),
    (
        situations.only_port_left,
        None,
        "eth2 carries traffic of bond0",
        "it is the only usable port",
        "",
    ),
    (
        situations.works_alone,
        None,
        "eth1 carries traffic of bond0",
        ("nobody speaks LACP at the other end, so it works alone, as if there were no bond"),
        "configure LACP on the switch ports to use all of them",
    ),
    (
        situations.partner_only_collects,
        None,
        "eth1 carries traffic of bond0",
        (
            "aggregated with partner 02:b0:00:00:00:02, port 1: 2 of 2 ports; the "
            "partner does not send to us by it"
        ),
        "look at the switch's side of the link",
    ),
]


def answer_to(scene):
    bond = scene.bond
    port = bond.state.port_by_index(scene.ifindex)
    return explain_port(bond.state, bond.mode, port, now=scene.now)


@pytest.mark.parametrize(
    ("scene", "reason", "what", "why", "remedy"),
    ANSWERS,
    ids=[row[0].__name__.replace("_", " ") for row in ANSWERS],
)
def test_the_first_condition_that_is_not_met_is_told_with_its_cure(
    scene, reason, what, why, remedy
):
    told = answer_to(scene())
    assert (told.reason, told.what, told.why, told.remedy) == (reason, what, why, remedy)
    assert told.carries is (reason is None)


def test_every_reason_has_a_situation():
    assert {row[1] for row in ANSWERS} - {None} == set(Reason)


def test_what_holds_is_told_in_the_order_in_which_it_was_looked_at():
    assert answer_to(situations.one_pass_is_missing()).met == (
        "carrier up, 10000 Mb/s full",
        "LACPDUs received, last 0.0 s ago",
        "partner agrees about us",
        "its aggregator 1 is in use",
        "partner in sync",
    )


def test_the_conditions_after_the_first_one_that_fails_are_not_looked_at():
    assert answer_to(situations.cable_is_cut()).met == ()
    assert answer_to(situations.nobody_ever_spoke()).met == ("carrier up, 10000 Mb/s full",)


def test_ports_of_a_negotiation_are_explained_at_every_moment_of_it():
    for tenths in range(60):
        _, bond = aggregated(seconds=tenths / 10)
        for port in bond.state.ports:
            told = explain_port(bond.state, bond.mode, port, now=tenths * 10**8)
            assert told.reason is not Reason.UNKNOWN, (tenths, told)
