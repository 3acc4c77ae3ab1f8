"""The watch over LACP sees what is wrong: each rule is broken by hand once."""

from dataclasses import replace

import pytest
from lacp_agreement import LINK_BOUND_MS, assert_traffic_passes, disagreements, wait_for_agreement
from lacp_scenes import FAST, lacp_scene

from pybondd.effects import SendFrame
from pybondd.lacp.boxes import MuxBox, PeriodicBox, ReceiveBox
from pybondd.sim.checks_lacp import BOND_RULES, PASS_RULES, PORT_RULES, SYSTEM_RULES
from pybondd.wire.slow import Lacpdu, PortState, build_lacpdu


def agreed(options=FAST):
    scene = lacp_scene(2, 2, options=options)
    wait_for_agreement(scene, LINK_BOUND_MS)
    return scene


def set_port(**values):
    def break_it(site):
        for name, value in values.items():
            setattr(site.lacp.ports[0], name, value)

    return break_it


def say(flag, *, on):
    return lambda site: site.lacp.ports[0].set_actor(flag, on=on)


def hear(flag, *, on):
    return lambda site: site.lacp.ports[0].set_partner(flag, on=on)


def another_partner(site):
    port = site.lacp.ports[0]
    port.partner = replace(port.partner, key=port.partner.key + 1)


def another_name(site):
    port = site.lacp.ports[0]
    port.actor = replace(port.actor, system=bytes(6))


def listed_twice(site):
    port = site.lacp.ports[0]
    port.aggregator.ports.append(port)


def listed_elsewhere(site):
    site.lacp.aggregators[1].ports.append(site.lacp.ports[0])


def two_in_use(site):
    for aggregator in site.lacp.aggregators:
        aggregator.is_active = True


def an_old_key(site):
    site.lacp.aggregators[1].key = 7


def individual_pair(site):
    site.lacp.aggregators[0].is_individual = True


def same_number(site):
    site.lacp.ports[1].actor = replace(site.lacp.ports[1].actor, port_number=1)


def unsent(site):
    site.lacp.tell_error(site.lacp.ports[0], "left over")


def stale_table(site):
    site.lacp.ports[0].member.is_backup = True


def without_a_port(site):
    site.lacp.ports.pop()


BREAKS = {
    "collects": say(PortState.COLLECTING, on=False),
    "distributes": say(PortState.DISTRIBUTING, on=False),
    "box": set_port(mux_box=MuxBox.ATTACHED),
    "unselected": set_port(aggregator=None),
    "partner": another_partner,
    "periodic timer too long": set_port(periodic_timer=10),
    "periodic timer stopped": set_port(periodic_timer=0, periodic_box=PeriodicBox.FAST_PERIODIC),
    "silence without end": set_port(current_while=0),
    "silence too long": set_port(current_while=901),
    "waiting too long": set_port(wait_while=21),
    "churn too long": set_port(actor_churn_timer=601),
    "left over": set_port(window_opens=True),
    "name": another_name,
    "passive": say(PortState.ACTIVITY, on=False),
    "slow": say(PortState.SHORT_TIMEOUT, on=False),
    "expired": say(PortState.EXPIRED, on=True),
    "defaulted": say(PortState.DEFAULTED, on=True),
    "not matched": set_port(matched=False),
    "disabled": set_port(port_enabled=False),
    "twice": listed_twice,
    "elsewhere": listed_elsewhere,
    "two in use": two_in_use,
    "old key": an_old_key,
    "individual": individual_pair,
    "number": same_number,
    "unsent": unsent,
    "table": stale_table,
    "ports": without_a_port,
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_state_that_must_not_be_is_seen_at_once(name):
    scene = agreed()
    site = scene.sites[0]
    BREAKS[name](site)
    pretend_a_pass(site)
    with pytest.raises(AssertionError):
        scene.watch.look()


def test_a_transmit_window_that_never_opens_is_seen():
    scene = agreed()
    scene.sites[0].lacp.ports[0].transmit_window = 9
    scene.sites[0].bond.turns += 1
    with pytest.raises(AssertionError, match="timers"):
        scene.watch.look()


def test_a_state_that_may_be_is_left_alone():
    scene = agreed()
    scene.sites[0].bond.turns += 1
    scene.watch.look()
    pretend_a_pass(scene.sites[0])
    scene.watch.look()


def test_every_rule_is_a_sentence():
    for rule in (*PORT_RULES, *PASS_RULES, *SYSTEM_RULES, *BOND_RULES):
        assert rule.__name__.count("_") >= 3
        assert rule.__doc__


AFTER_A_PASS = {
    "partner out of sync": hear(PortState.SYNCHRONIZATION, on=False),
    "we out of sync": say(PortState.SYNCHRONIZATION, on=False),
}


def pretend_a_pass(site):
    """As if the passes that have come and gone had done nothing."""
    for port in site.lacp.ports:
        port.transmit_window = port.transmit_window % 3 + 1
    site.bond.turns += 1


def look_after_passes(scene, site, count):
    scene.watch.look()
    for _ in range(count):
        pretend_a_pass(site)
        scene.watch.look()


@pytest.mark.parametrize("name", AFTER_A_PASS)
def test_a_port_that_goes_on_carrying_out_of_sync_is_seen_after_the_pass(name):
    scene = agreed()
    AFTER_A_PASS[name](scene.sites[0])
    scene.sites[0].bond.turns += 1
    scene.watch.look()
    pretend_a_pass(scene.sites[0])
    with pytest.raises(AssertionError, match="carries"):
        scene.watch.look()


def test_an_lacpdu_that_nobody_sends_is_missed():
    scene = agreed()
    site = scene.sites[0]
    for port in site.lacp.ports:
        port.ntt = False
    with pytest.raises(AssertionError, match="nothing was sent"):
        look_after_passes(scene, site, 20)


def test_a_wish_that_nobody_fulfils_is_seen():
    scene = agreed()
    site = scene.sites[0]
    site.lacp.ports[0].ntt = True
    with pytest.raises(AssertionError, match="wanted"):
        look_after_passes(scene, site, 5)


def test_a_mux_that_leaps_is_seen():
    scene = agreed()
    site = scene.sites[0]
    port = site.lacp.ports[0]
    port.mux_box, port.wait_while = MuxBox.WAITING, 20
    port.set_actor(PortState.COLLECTING | PortState.DISTRIBUTING, on=False)
    pretend_a_pass(site)
    with pytest.raises(AssertionError, match="the mux went"):
        scene.watch.look()


def test_a_partner_that_is_given_up_early_is_seen():
    scene = agreed()
    site = scene.sites[0]
    port = site.lacp.ports[0]
    port.receive_box, port.current_while, port.matched = ReceiveBox.EXPIRED, 30, False
    port.set_actor(PortState.EXPIRED, on=True)
    port.set_partner(PortState.SYNCHRONIZATION, on=False)
    site.bond.turns += 1
    with pytest.raises(AssertionError, match="gave the partner up"):
        scene.watch.look()


def sent(site, frame):
    site.bond.effects.append((site.world.now, SendFrame(site.interfaces[0].ifindex, frame)))
    site.bond.turns += 1


def true_pdu(site):
    port = site.lacp.ports[0]
    return Lacpdu(port.actor, port.partner)


FRAMES = {
    "not of this pass": lambda site, pdu, source: build_lacpdu(pdu, source=source),
    "garbage": lambda site, pdu, source: bytes(124),
    "another source": lambda site, pdu, source: build_lacpdu(pdu, source=bytes(6)),
    "too long": lambda site, pdu, source: build_lacpdu(pdu, source=source) + b"\0",
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_must_not_leave_is_seen(name):
    scene = agreed()
    site = scene.sites[0]
    sent(site, FRAMES[name](site, true_pdu(site), site.lacp.ports[0].member.permanent_mac))
    with pytest.raises(AssertionError, match="sent on"):
        scene.watch.look()


def test_two_lacpdus_in_one_window_are_seen():
    scene = agreed()
    site = scene.sites[0]
    frame = build_lacpdu(true_pdu(site), source=site.lacp.ports[0].member.permanent_mac)
    for _ in range(2):
        sent(site, frame)
    pretend_a_pass(site)
    with pytest.raises(AssertionError, match="after the one before"):
        scene.watch.look()


def test_an_lacpdu_that_does_not_tell_the_truth_is_seen():
    scene = agreed()
    site = scene.sites[0]
    pdu = true_pdu(site)
    lie = Lacpdu(replace(pdu.actor, state=0), pdu.partner)
    sent(site, build_lacpdu(lie, source=site.lacp.ports[0].member.permanent_mac))
    pretend_a_pass(site)
    with pytest.raises(AssertionError, match="not what is"):
        scene.watch.look()


def test_a_counter_that_goes_back_is_seen():
    scene = agreed()
    site = scene.sites[0]
    site.lacp.ports[0].counters.lacpdu_rx -= 1
    site.bond.turns += 1
    with pytest.raises(AssertionError, match="counter"):
        scene.watch.look()


# The oracle.


def test_two_ends_that_do_not_agree_are_seen():
    scene = agreed()
    another_partner(scene.sites[0])
    assert list(disagreements(scene))


def test_a_port_that_is_not_in_use_is_seen():
    scene = agreed()
    scene.sites[0].lacp.ports[0].mux_box = MuxBox.ATTACHED
    assert list(disagreements(scene))


def test_ports_that_belong_together_and_are_not_are_seen():
    scene = agreed()
    port = scene.sites[0].lacp.ports[1]
    port.aggregator = port.own
    assert any("together" in wrong for wrong in disagreements(scene))


def test_traffic_that_is_lost_is_seen():
    scene = agreed()
    assert_traffic_passes(scene)
    scene.world.cables[0].is_mute = True
    with pytest.raises(AssertionError, match="arrived"):
        assert_traffic_passes(scene)
