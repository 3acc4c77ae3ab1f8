"""active-backup: the election, who is told, in which order."""

import pytest
from bonds import (
    BOND_MAC,
    CUT,
    UP,
    active,
    bond_with,
    enslave,
    frames,
    link,
    mac_of,
    of_kind,
    polls,
    run,
    silent,
    write,
)

from pybondd.effects import (
    DetachPort,
    PublishTable,
    Refuse,
    SendFrame,
    SetBondMac,
    SetBondSpeed,
    SetPortMac,
    SetPortPromiscuous,
    SetPortUp,
)
from pybondd.events import (
    BondReceiveModeChanged,
    HostAddress,
    HostAddressed,
    PortOptionWritten,
    PortReleased,
    PortRenamed,
)
from pybondd.forwarding import ForwardingTable, PortEntry, Receive, Spread
from pybondd.units import milliseconds

MS = milliseconds(1)
ADDRESS = HostAddress("bond0", mac_of(1), ipv4=(bytes([10, 0, 0, 1]),))


def told(bond):
    bond.handle(HostAddressed((ADDRESS,)), now=0)
    return bond


# -- failover


def test_a_failover_publishes_first_and_then_announces():
    bond = told(bond_with("active-backup", 1, 2))
    generation = bond.table.generation
    publish, announce = silent(link(bond, 1, CUT, now=5 * MS))
    assert publish == PublishTable(
        ForwardingTable(
            spread=Spread.ONE,
            tx_ports=(2,),
            ports=(
                PortEntry(1, can_transmit=False, is_live=False, receive=Receive.SUPPRESS),
                PortEntry(2, can_transmit=True, is_live=True, receive=Receive.DELIVER),
            ),
            active_port=2,
            obeys_queue_id=True,
            generation=generation + 1,
        )
    )
    assert announce.ifindex == 2


def test_a_recovered_port_waits_as_a_backup():
    bond = bond_with("active-backup", 1, 2)
    link(bond, 1, CUT, now=5 * MS)
    link(bond, 1, UP, now=50 * MS)
    run(bond, 200)
    assert active(bond) == "eth2"


def test_with_all_links_lost_there_is_no_active_port_and_no_carrier():
    bond = bond_with("active-backup", 1, 2)
    link(bond, 1, CUT, now=5 * MS)
    effects = link(bond, 2, CUT, now=6 * MS)
    assert active(bond) is None
    assert bond.table.spread is Spread.NONE
    assert not bond.state.has_carrier
    assert SetBondSpeed(None, None) in effects


def test_an_active_port_whose_link_is_being_watched_keeps_the_traffic():
    bond = bond_with("active-backup", 1, 2, downdelay=200)
    link(bond, 1, CUT, now=5 * MS)
    polls(bond, 1)
    assert bond.table.tx_ports == (1,)


# -- announcements


@pytest.mark.parametrize(("asked", "sent"), [(0, 0), (1, 1), (2, 1), (3, 2), (5, 4)])
def test_a_failover_decided_by_the_monitor_announces_once_less_than_asked(asked, sent):
    bond = told(bond_with("active-backup", 1, 2, num_grat_arp=asked, resend_igmp=0))
    seen = link(bond, 1, CUT, now=5 * MS) + [effect for _, effect in run(bond, 2000)]
    assert len(of_kind(seen, SendFrame)) == sent


def test_announcements_are_one_poll_apart():
    bond = told(bond_with("active-backup", 1, 2, num_grat_arp=4, resend_igmp=0))
    bond.state.ports[0].facts = CUT
    assert [at for at, effect in run(bond, 2000) if isinstance(effect, SendFrame)] == [
        100,
        200,
        300,
    ]


def test_a_notification_delay_spreads_all_announcements():
    bond = told(bond_with("active-backup", 1, 2, num_grat_arp=3, peer_notif_delay=200))
    bond.state.ports[0].facts = CUT
    assert [at for at, effect in run(bond, 2000) if isinstance(effect, SendFrame)] == [
        100,
        200,
        400,
    ]


@pytest.mark.parametrize(("asked", "sent"), [(1, 0), (2, 1), (3, 2)])
def test_coming_back_from_no_active_port_loses_the_first_announcement(asked, sent):
    bond = told(bond_with("active-backup", 1, num_grat_arp=asked, resend_igmp=0))
    link(bond, 1, CUT, now=5 * MS)
    seen = link(bond, 1, UP, now=50 * MS) + [effect for _, effect in run(bond, 2000)]
    assert len(of_kind(seen, SendFrame)) == sent


def test_a_failover_by_hand_announces_as_often_as_asked():
    bond = told(bond_with("active-backup", 1, 2, num_grat_arp=2, resend_igmp=0))
    seen = write(bond, "active_slave", "eth2", now=5 * MS) + [e for _, e in run(bond, 2000)]
    assert len(of_kind(seen, SendFrame)) == 2


def test_the_announcement_is_a_gratuitous_arp_with_the_bonds_address():
    bond = told(bond_with("active-backup", 1, 2))
    mac, ip = mac_of(1), bytes([10, 0, 0, 1])
    arp = bytes.fromhex("0001080006040001") + mac + ip + bytes(6) + ip
    expected = b"\xff" * 6 + mac + b"\x08\x06" + arp
    assert frames(link(bond, 1, CUT, now=5 * MS)) == [(2, expected)]


def test_arps_go_before_interfaces_above_and_neighbour_advertisements_after_them():
    tags = ((0x8100, 100),)
    bond0 = HostAddress("bond0", mac_of(1), ipv4=(b"\n\0\0\1",), ipv6=(b"\xfd" + bytes(15),))
    ipv4, ipv6 = (b"\n\1\0\1",), (b"\xfd" + bytes(15),)
    vlan = HostAddress("v", mac_of(1), tags, ipv4=ipv4, ipv6=ipv6, depth=1)
    bond = bond_with("active-backup", 1, 2)
    bond.handle(HostAddressed((bond0, vlan)), now=0)
    sent = [frame for _, frame in frames(link(bond, 1, CUT, now=5 * MS))]
    assert [frame[12:14].hex() for frame in sent] == ["0806", "8100", "8100", "86dd"]
    assert [frame[16:18].hex() for frame in sent[1:3]] == ["0806", "86dd"]


def test_a_closed_bond_announces_nothing():
    bond = told(bond_with("active-backup", 1, 2, is_open=False))
    assert frames(write(bond, "active_slave", "eth2")) == []


# -- IGMP and MLD


def test_joined_groups_are_reported_on_the_new_port_every_200_ms():
    group = HostAddress("bond0", mac_of(1), igmp_groups=(bytes([239, 1, 1, 1]),))
    bond = bond_with("active-backup", 1, 2, resend_igmp=3)
    bond.handle(HostAddressed((group,)), now=0)
    link(bond, 1, CUT, now=10 * MS)
    reports = [(at, e.ifindex) for at, e in run(bond, 2000) if isinstance(e, SendFrame)]
    assert reports == [(14, 2), (214, 2), (414, 2)]


# -- who is elected


def test_a_primary_that_returns_takes_over():
    bond = bond_with("active-backup", 1, 2, primary="eth2")
    link(bond, 2, CUT, now=5 * MS)
    link(bond, 2, UP, now=50 * MS)
    run(bond, 200)
    assert active(bond) == "eth2"


def test_with_reselect_failure_a_returning_primary_waits():
    bond = bond_with("active-backup", 1, 2, primary="eth2", primary_reselect="failure")
    assert active(bond) == "eth2"
    link(bond, 2, CUT, now=5 * MS)
    link(bond, 2, UP, now=50 * MS)
    run(bond, 200)
    assert active(bond) == "eth1"


def test_naming_a_primary_moves_traffic_to_it_whatever_reselect_says():
    bond = bond_with("active-backup", 1, 2, primary_reselect="failure")
    write(bond, "primary", "eth2", now=5 * MS)
    assert active(bond) == "eth2"


def test_the_highest_prio_is_elected_and_the_earliest_port_on_a_tie():
    bond = bond_with("active-backup", 1, 2, 3)
    for port in (2, 3):
        bond.handle(PortOptionWritten(port, "prio", "10"), now=5 * MS)
    assert active(bond) == "eth2"


def test_prio_elects_nobody_while_a_primary_is_set():
    bond = bond_with("active-backup", 1, 2, primary="eth1")
    bond.handle(PortOptionWritten(2, "prio", "10"), now=5 * MS)
    assert active(bond) == "eth1"


def test_enslaving_a_port_undoes_a_choice_by_hand_with_reselect_always():
    bond = bond_with("active-backup", 1, 2)
    write(bond, "active_slave", "eth2", now=5 * MS)
    enslave(bond, 3, now=6 * MS)
    assert active(bond) == "eth1"


def test_clearing_the_active_port_elects_at_once():
    bond = bond_with("active-backup", 1, 2)
    write(bond, "active_slave", "eth2", now=5 * MS)
    write(bond, "active_slave", "\n", now=6 * MS)
    assert active(bond) == "eth1"


def test_a_port_without_a_link_cannot_be_made_active():
    bond = bond_with("active-backup", 1, 2)
    link(bond, 2, CUT, now=5 * MS)
    (refusal,) = write(bond, "active_slave", "eth2", now=6 * MS)
    assert isinstance(refusal, Refuse)
    assert active(bond) == "eth1"


def test_a_port_going_back_is_called_early_when_the_active_one_dies():
    bond = bond_with("active-backup", 1, 2, updelay=500)
    polls(bond, 6)
    link(bond, 2, CUT, now=700 * MS)
    polls(bond, 1)
    link(bond, 2, UP, now=750 * MS)
    polls(bond, 2)
    link(bond, 1, CUT, now=950 * MS)
    polls(bond, 1)
    assert active(bond) == "eth2"


def test_renaming_the_primary_forgets_it():
    bond = bond_with("active-backup", 1, 2, primary="eth2")
    bond.handle(PortRenamed(2, "lan0"), now=5 * MS)
    assert bond.read_option("primary") == ""
    assert active(bond) == "eth1"


def test_a_port_renamed_to_the_primarys_name_becomes_it():
    bond = bond_with("active-backup", 1, 2, primary="lan0")
    bond.handle(PortRenamed(2, "lan0"), now=5 * MS)
    assert active(bond) == "lan0"


# -- MAC addresses


def test_the_first_port_gives_its_address_to_all():
    bond = bond_with("active-backup", 1, 2)
    assert bond.state.mac == mac_of(1)
    assert [port.mac for port in bond.state.ports] == [mac_of(1)] * 2


def test_with_fail_over_mac_active_the_bond_takes_the_active_ports_address():
    bond = bond_with("active-backup", 1, 2, fail_over_mac="active")
    effects = silent(link(bond, 1, CUT, now=5 * MS))
    assert [port.mac for port in bond.state.ports] == [mac_of(1), mac_of(2)]
    assert [type(e) for e in effects] == [PublishTable, SetBondMac]
    assert bond.state.mac == mac_of(2)


def test_with_fail_over_mac_active_the_announcement_carries_the_new_address():
    bond = told(bond_with("active-backup", 1, 2, fail_over_mac="active"))
    ((port, frame),) = frames(link(bond, 1, CUT, now=5 * MS))
    assert (port, frame[6:12]) == (2, mac_of(2))


def test_with_fail_over_mac_follow_the_ports_swap_addresses():
    bond = bond_with("active-backup", 1, 2, fail_over_mac="follow")
    effects = silent(link(bond, 1, CUT, now=5 * MS))
    assert effects[1:] == [SetPortMac(2, mac_of(1)), SetPortMac(1, mac_of(2))]
    assert bond.state.mac == mac_of(1)


def test_the_last_port_to_leave_gets_its_address_back_and_the_bond_a_random_one():
    bond = bond_with("active-backup", 1)
    effects = silent(bond.handle(PortReleased(1), now=5 * MS))
    assert DetachPort(1) in effects
    assert SetPortUp(1, is_up=False) in effects
    assert bond.state.mac not in (BOND_MAC, mac_of(1))
    assert bond.state.mac[0] & 0x03 == 0x02


def test_a_released_port_gets_back_address_and_mtu():
    bond = bond_with("active-backup", 1, 2)
    assert SetPortMac(2, mac_of(2)) in bond.handle(PortReleased(2), now=5 * MS)


# -- receive mode


def test_only_the_active_port_hears_everything_for_a_promiscuous_bond():
    bond = bond_with("active-backup", 1, 2)
    assert silent(bond.handle(BondReceiveModeChanged(is_promiscuous=True), now=1)) == [
        SetPortPromiscuous(1, is_promiscuous=True)
    ]
    effects = link(bond, 1, CUT, now=5 * MS)
    assert of_kind(effects, SetPortPromiscuous) == [
        SetPortPromiscuous(1, is_promiscuous=False),
        SetPortPromiscuous(2, is_promiscuous=True),
    ]


def test_all_slaves_active_lets_backups_deliver():
    bond = bond_with("active-backup", 1, 2)
    write(bond, "all_slaves_active", "1")
    assert [entry.receive for entry in bond.table.ports] == [Receive.DELIVER] * 2
