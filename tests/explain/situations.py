"""A situation for every answer: how it comes about in virtual time, and which port is meant."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bonds import CUT, SET_DOWN, UP, bond_with, enslave, link
from pairs import Wiring, aggregated

from pybondd.bond import Bond
from pybondd.events import BondClosed, OptionWritten, PortFrame, PortOptionWritten
from pybondd.port import Duplex
from pybondd.units import MILLISECOND_NS
from pybondd.wire.slow import Lacpdu, build_lacpdu

SLOW_PORT = replace(UP, speed_mbps=1000)
HALF = replace(UP, duplex=Duplex.HALF)
NO_SPEED = replace(UP, speed_mbps=None, duplex=None)


@dataclass(frozen=True)
class Scene:
    """A bond at a moment, and the port that somebody asks about."""

    bond: Bond
    now: int = 0
    ifindex: int = 1


def ms(count: float) -> int:
    return round(count * MILLISECOND_NS)


# -- the link


def bond_is_set_down() -> Scene:
    bond = bond_with("active-backup", 1)
    bond.handle(BondClosed(), now=0)
    return Scene(bond)


def port_is_set_down() -> Scene:
    bond = bond_with("balance-rr", 1, 2)
    link(bond, 1, SET_DOWN, now=0)
    return Scene(bond)


def cable_is_cut() -> Scene:
    bond = bond_with("balance-rr", 1, 2)
    link(bond, 1, CUT, now=0)
    return Scene(bond)


def speed_got_lost() -> Scene:
    wiring, bond = aggregated()
    link(bond, 1, NO_SPEED, now=wiring.now)
    return Scene(bond, wiring.now)


def link_came_back_without_a_monitor() -> Scene:
    bond = bond_with("balance-rr", 1, 2)
    link(bond, 1, CUT, now=0)
    bond.advance(now=ms(100))
    bond.handle(OptionWritten("miimon", "0"), now=ms(100))
    link(bond, 1, UP, now=ms(200))
    return Scene(bond, ms(200))


def updelay_runs() -> Scene:
    bond = bond_with("balance-rr", 1, 2, updelay=500)
    link(bond, 1, CUT, now=0)
    bond.advance(now=ms(100))
    link(bond, 1, UP, now=ms(150))
    bond.advance(now=ms(200))
    return Scene(bond, ms(200))


def link_came_back_between_two_polls() -> Scene:
    bond = bond_with("balance-rr", 1, 2)
    link(bond, 1, CUT, now=0)
    bond.advance(now=ms(100))
    link(bond, 1, UP, now=ms(150))
    return Scene(bond, ms(150))


def link_came_back_to_a_broadcast() -> Scene:
    bond = bond_with("broadcast", 1, 2)
    link(bond, 1, CUT, now=0)
    bond.advance(now=ms(100))
    link(bond, 1, UP, now=ms(150))
    return Scene(bond, ms(150))


def active_port_lives_on_downdelay() -> Scene:
    bond = bond_with("active-backup", 1, 2, downdelay=500)
    link(bond, 1, CUT, now=ms(50))
    bond.advance(now=ms(100))
    return Scene(bond, ms(100))


# -- the active port


def primary_works() -> Scene:
    return Scene(bond_with("active-backup", 1, 2, primary="eth2"))


def primary_came_back_too_late() -> Scene:
    options = {"primary": "eth1", "primary_reselect": "failure"}
    bond = bond_with("active-backup", 1, 2, **options)
    for facts, at in ((CUT, 0), (UP, 150)):
        link(bond, 1, facts, now=ms(at))
        bond.advance(now=ms(at + 100))
    return Scene(bond, ms(250))


def primary_is_not_faster() -> Scene:
    scene = primary_came_back_too_late()
    scene.bond.handle(OptionWritten("primary_reselect", "better"), now=scene.now)
    return scene


def another_has_higher_prio() -> Scene:
    bond = bond_with("active-backup", 1, 2)
    bond.handle(PortOptionWritten(2, "prio", "5"), now=0)
    return Scene(bond)


def another_was_first() -> Scene:
    return Scene(bond_with("active-backup", 1, 2), ifindex=2)


# -- LACP: hearing


def lacp_has_not_run() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1)
    return Scene(bond)


def cable_leads_back() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    wiring.plug((bond, 1), (bond, 2))
    wiring.run(5)
    return Scene(bond, wiring.now, ifindex=2)


def port_is_half_duplex() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1)
    wiring.deliver(bond, enslave(bond, 2, HALF, now=wiring.now))
    wiring.run(1)
    return Scene(bond, wiring.now, ifindex=2)


def duplex_was_never_known() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1)
    wiring.deliver(bond, enslave(bond, 2, NO_SPEED, now=wiring.now))
    wiring.run(1)
    return Scene(bond, wiring.now, ifindex=2)


def second_port_waits_for_its_first_lacpdu() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    wiring.run(1)
    return Scene(bond, wiring.now, ifindex=2)


def nobody_ever_spoke() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    wiring.run(5)
    return Scene(bond, wiring.now, ifindex=2)


def passive_and_nobody_spoke() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2, lacp_active="off")
    wiring.run(5)
    return Scene(bond, wiring.now, ifindex=2)


def only_noise_came() -> Scene:
    scene = nobody_ever_spoke()
    noise = bytes.fromhex("0180c2000002 020000000099 8809 0a".replace(" ", "")).ljust(124, b"\0")
    scene.bond.handle(PortFrame(2, noise), now=scene.now)
    return scene


def _silenced(seconds: float) -> Scene:
    wiring, bond = aggregated(lacp_rate="fast")
    wiring.silent.append((wiring.bonds[1], 1))
    wiring.run(seconds)
    return Scene(bond, wiring.now)


def partner_just_fell_silent() -> Scene:
    return _silenced(4)


def partner_fell_silent_long_ago() -> Scene:
    return _silenced(60)


def partner_hears_another() -> Scene:
    """Every LACPDU of the partner speaks of another port."""
    return _lied_to(lambda pdu: replace(pdu, partner=replace(pdu.partner, key=7)))


def partner_hears_nobody() -> Scene:
    """The partner's receive path is broken: it never hears us."""
    wiring = Wiring()
    bond, partner = wiring.bond("bond0", 1), wiring.bond("switch", 1)
    wiring.plug((bond, 1), (partner, 1))
    wiring.silent.append((bond, 1))
    wiring.run(5)
    return Scene(bond, wiring.now)


def partner_thinks_we_do_not_aggregate() -> Scene:
    def individual(pdu: Lacpdu) -> Lacpdu:
        return replace(pdu, partner=replace(pdu.partner, state=pdu.partner.state & ~0x04))

    return _lied_to(individual)


def _lied_to(lie: Callable[[Lacpdu], Lacpdu], seconds: float = 3, **options: object) -> Scene:
    """A pair of two ports; what comes in on the first is changed on its way."""
    wiring, bond = aggregated(**options)
    partner, source = wiring.bonds[1], bytes.fromhex("020000000001")
    wiring.silent.append((partner, 1))
    for _ in range(round(seconds * 10)):
        wiring.run(0.1)
        ours, theirs = bond.mode.lacp.ports[0], partner.mode.lacp.ports[0]
        told = lie(Lacpdu(theirs.actor, ours.actor))
        frame = build_lacpdu(told, source=source)
        wiring.deliver(bond, bond.handle(PortFrame(1, frame), now=wiring.now))
    return Scene(bond, wiring.now)


# -- LACP: aggregation


def two_speeds(**options: object) -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2, **options)
    partner = wiring.bond("switch", 1, 2)
    for each in (bond, partner):
        wiring.deliver(each, enslave(each, 3, SLOW_PORT, now=wiring.now))
    for ifindex in (1, 2, 3):
        wiring.plug((bond, ifindex), (partner, ifindex))
    wiring.run(5)
    return Scene(bond, wiring.now, ifindex=3)


def user_key_was_changed() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1)
    partner = wiring.bond("switch", 1, 2)
    bond.handle(BondClosed(), now=wiring.now)
    wiring.write(bond, "ad_user_port_key", 5)
    wiring.deliver(bond, enslave(bond, 2, now=wiring.now))
    wiring.open(bond)
    for ifindex in (1, 2):
        wiring.plug((bond, ifindex), (partner, ifindex))
    wiring.run(5)
    return Scene(bond, wiring.now, ifindex=2)


def two_switches(port_count: int = 2, **options: object) -> Scene:
    """The last port goes to another switch than the others."""
    wiring = Wiring()
    indices = range(1, port_count + 1)
    bond = wiring.bond("bond0", *indices, **options)
    first, second = wiring.bond("switch1", *indices), wiring.bond("switch2", *indices)
    for ifindex in indices[:-1]:
        wiring.plug((bond, ifindex), (first, ifindex))
    wiring.plug((bond, port_count), (second, port_count))
    wiring.run(5)
    return Scene(bond, wiring.now, ifindex=port_count)


def greater_bandwidth_wins() -> Scene:
    return two_switches(3, ad_select="bandwidth")


def more_ports_win() -> Scene:
    return two_switches(3, ad_select="count")


def higher_priorities_win() -> Scene:
    return two_switches(3, ad_select="actor_port_prio")


def tie_keeps_the_older_one() -> Scene:
    return two_switches(ad_select="bandwidth")


def many_ports_elsewhere() -> Scene:
    return two_switches(6)


def two_port_channels() -> Scene:
    def other_key(pdu: Lacpdu) -> Lacpdu:
        return replace(pdu, actor=replace(pdu.actor, key=77))

    return _lied_to(other_key)


def no_aggregator_was_chosen() -> Scene:
    """Before the choice, with a port in an aggregator: half a pass."""
    wiring, bond = aggregated()
    for each in bond.mode.lacp.aggregators:
        each.is_active = False
    bond.state.publish(bond.mode.table(bond.state))
    return Scene(bond, wiring.now)


def aggregate_wait_runs() -> Scene:
    wiring, bond = aggregated(seconds=0.6)
    return Scene(bond, wiring.now, ifindex=2)


def another_port_has_not_waited() -> Scene:
    wiring, bond = aggregated(1)
    partner = wiring.bonds[1]
    for ifindex, seconds in ((2, 1), (3, 1.5)):
        for each in (bond, partner):
            wiring.deliver(each, enslave(each, ifindex, now=wiring.now))
        wiring.plug((bond, ifindex), (partner, ifindex))
        wiring.run(seconds)
    return Scene(bond, wiring.now, ifindex=2)


def ports_may_still_appear() -> Scene:
    wiring, bond = aggregated(seconds=0.5)
    bond.mode.lacp.selection_hold = 60
    wiring.run(4)
    return Scene(bond, wiring.now)


def partner_stays_out_of_sync() -> Scene:
    return _lied_to(_with_state(0x05))


def partner_stays_out_of_sync_for_long() -> Scene:
    return _lied_to(_with_state(0x05), seconds=70)


def _with_state(state: int) -> Callable[[Lacpdu], Lacpdu]:
    return lambda pdu: replace(pdu, actor=replace(pdu.actor, state=state))


def partner_does_not_collect() -> Scene:
    return _lied_to(_with_state(0x0D), coupled_control="off")


def one_pass_is_missing() -> Scene:
    """The first moment at which everything is true."""
    wiring, bond = aggregated(1, seconds=0)
    port = bond.mode.lacp.ports[0]
    for _ in range(100):
        if port.mux_box is not None and port.mux_box.name == "ATTACHED" and port.partner.state & 8:
            return Scene(bond, wiring.now)
        wiring.run(0.1)
    raise AssertionError("the moment never came")


def too_few_links() -> Scene:
    wiring, bond = aggregated(min_links=2)
    wiring.cut(bond, 2)
    wiring.run(0.2)
    return Scene(bond, wiring.now)


def strict_and_nobody_there() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, lacp_strict="on")
    wiring.run(5)
    return Scene(bond, wiring.now)


def not_in_the_table() -> Scene:
    bond = bond_with("balance-xor", 1, 2)
    bond.mode.usable = (2,)
    bond.state.publish(bond.mode.table(bond.state))
    return Scene(bond)


# -- carrying


def active_port_works() -> Scene:
    return Scene(bond_with("active-backup", 1, 2))


def round_robin_works() -> Scene:
    return Scene(bond_with("balance-rr", 1, 2))


def single_port_works() -> Scene:
    return Scene(bond_with("broadcast", 1))


def aggregated_pair() -> Scene:
    wiring, bond = aggregated()
    return Scene(bond, wiring.now)


def works_alone_into_a_loop() -> Scene:
    return replace(cable_leads_back(), ifindex=1)


def negotiates_while_it_works_alone() -> Scene:
    wiring, bond = aggregated(1, seconds=0.6)
    return Scene(bond, wiring.now)


def only_port_left() -> Scene:
    scene = cable_is_cut()
    return replace(scene, ifindex=2)


def works_alone() -> Scene:
    wiring = Wiring()
    bond = wiring.bond("bond0", 1, 2)
    wiring.run(5)
    return Scene(bond, wiring.now)


def partner_only_collects() -> Scene:
    return _lied_to(_with_state(0x1D))
