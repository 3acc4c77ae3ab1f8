"""What must two systems have come to, some time after nothing disturbs them any more?

The answer is computed from cables, links and settings, not from what the machines say, as far as
the standard or Linux decides it. Where they do not (two systems that prefer different aggregators
may wait for each other for ever, in Linux) nothing is demanded.
"""

from itertools import combinations

from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.port import Duplex
from pybondd.sim.checks_lacp import CARRIES, SENDS
from pybondd.units import milliseconds
from pybondd.wire.slow import PortState

TOLD = (
    PortState.ACTIVITY
    | PortState.SHORT_TIMEOUT
    | PortState.AGGREGATION
    | PortState.SYNCHRONIZATION
    | PortState.COLLECTING
)
"""Of Distributing, independent control tells with the next period only, and nobody reads it."""
LINK_BOUND_MS = 4000
"""From a link event to traffic, both sides fast. Counted in passes of 100 ms: 1 until the monitor
polls, 1 INITIALIZE, 1 EXPIRED and WAITING, 20 of Aggregate_Wait_Time, 1 for a port that polled
later, 1 ATTACHED, 3 until the window opens for the word of it, 1 until the partner collects, 3 for
its answer, 1 until we collect: 33. The rest is for orders of passes that cost one more each."""
OUTAGE_BOUND_MS = 4200
"""From the end of a silent outage: 1.2 s until somebody speaks (a period of 10 passes, and at most
two until the window opens), then no more than 3 s as after a link event."""
LOOP_BOUND_MS, SLOW_LOOP_MS = 3_600, 100_000
"""Three periods of the partner's silence, with a late timer."""
LASTING_PASSES = 14
"""How long must an agreement last? Two old pictures may agree until one side has been silent for
too long, so an outage that is over shows up to a period (10 passes) and a window (2) later, and the
machines see it in the next pass. One more for where the passes stand."""
SLOW_BOUND_MS = 33_200
"""If somebody need not speak for 30 s (to a partner who asks for slow, or in Linux to one that
nothing is known of), that comes first, with two passes until the window opens; then no more than
3 s as after a link event."""
HELD_REST_PASSES = 10
"""After the hold that follows a first join, attached ports have only to tell each other: 1 pass to
collect, 3 until the window opens for the word of it, 1 until the partner collects, 3 for its
answer, and under independent control 1 more on both sides."""


def bound_ms(scene):
    """How long may an agreement take from now on?

    A late timer (jiffy) makes each pass longer. Ports of a bond that was open before its first port
    joined are held back, 8 s as in Linux; they negotiate meanwhile. In Linux the choice that ends
    the hold is told with the next periodic LACPDU only.
    """
    held = max(site.lacp.selection_hold for site in scene.sites)
    are_mended = all(is_mended(site) for site in scene.sites)
    is_slow = not are_mended or not all(is_fast(site) for site in scene.sites)
    passes = (SLOW_BOUND_MS if is_slow else OUTAGE_BOUND_MS) / 100
    passes = max(passes, held + HELD_REST_PASSES) if are_mended else passes + held
    return passes * pass_ms(scene)


def pass_ms(scene):
    """The longest time between two passes of one system."""
    return max(100 + site.jiffy_ns / 1e6 for site in scene.sites)


def links(scene):
    """Each pair of ports, of two sites that are up, that could speak LACP with each other."""
    for near in scene.sites:
        for interface in near.interfaces:
            far, other = scene.far_end(interface) or (None, None)
            if far is None or far is near:
                continue
            if speaks(near, interface) and speaks(far, other) and one_is_active(near, far):
                yield near, near.port(interface), far, far.port(other)


def speaks(site, interface):
    """As far as its interface goes, whatever the bond knows of it."""
    facts = interface.facts
    can = facts.is_running and facts.duplex is Duplex.FULL and facts.speed_mbps is not None
    return site.bond.is_open and site.has(interface) and can


def one_is_active(near, far):
    return near.lacp.settings.is_active or far.lacp.settings.is_active


def disagreements(scene):
    """What is not as it should be, in words; nothing once all is well."""
    pairs = list(links(scene))
    for near, port, _, other in pairs:
        where = f"{near.name} {port.name}"
        if not port.member.is_link_up:
            yield f"{where}: the link is not up"
        elif port.receive_box is not ReceiveBox.CURRENT:
            yield f"{where}: {port.receive_box}"
        elif port.partner.identity != other.actor.identity:
            yield f"{where}: knows {port.partner}, there is {other.actor}"
        elif (port.partner.state ^ other.actor.state) & TOLD:
            yield f"{where}: believes {PortState(port.partner.state).letters}"
        elif port.is_in_active_aggregator and other.is_in_active_aggregator:
            yield from not_working(near, port, where)
        elif not port.is_in_active_aggregator:
            yield from not_resting(near, port, where)
    yield from wrongly_grouped(pairs)
    yield from wrongly_chosen(scene, pairs)


def is_fast(site):
    return site.options.get("lacp_rate", "slow") == "fast"


def is_mended(site):
    return site.options.get("lacp_follows", "mended") == "mended"


def not_resting(site, port, where):
    """In Linux a port whose aggregator lost the choice goes on telling that it carries.

    And one that worked alone, and was attached when its partner spoke, keeps its marks there.
    """
    keeps_its_marks = not is_mended(site) and port.mux_box is MuxBox.ATTACHED
    if not (port.member.is_backup or keeps_its_marks):
        yield f"{where}: in use though another aggregator is chosen"
    if is_mended(site) and port.mux_box in CARRIES:
        yield f"{where}: {port.mux_box} though another aggregator is chosen"


def not_working(site, port, where):
    if port.mux_box not in SENDS:
        yield f"{where}: {port.mux_box}"
    elif port.member.is_backup or port.member.is_inactive:
        yield f"{where}: backup {port.member.is_backup} inactive {port.member.is_inactive}"
    elif port.member.ifindex not in site.bond.bond.table.tx_ports:
        yield f"{where}: not in the table"


def wrongly_grouped(pairs):
    """Ports of one key to one key of one system are together, and no others."""
    for (near, port, far, other), (site, second, far2, other2) in combinations(pairs, 2):
        if near is not site:
            continue
        belong = (
            port.actor.key == second.actor.key
            and far is far2
            and other.actor.key == other2.actor.key
        )
        if belong != (port.aggregator is second.aggregator):
            yield f"{near.name}: {port.name} and {second.name} together: {not belong}"


def wrongly_chosen(scene, pairs):
    """A bond with a partner uses an aggregator with a partner; one with a link uses one at all."""
    for site in scene.sites:
        active = site.lacp.active_aggregator
        has_partner = any(near is site for near, *_ in pairs)
        has_link = any(p.member.is_link_up and p.member.is_running for p in site.lacp.ports)
        if site.bond.is_open and has_link and active is None:
            yield f"{site.name}: no aggregator is in use"
        if has_partner and active is not None and not any(map(hears_its_partner, active.ports)):
            yield f"{site.name}: nobody is heard at the aggregator in use"


def hears_its_partner(port):
    """A partner whose word has expired still counts as one, until it is given up."""
    return port.receive_box is ReceiveBox.CURRENT


def wait_for_agreement(scene, bound_ms, step_ms=100):
    """Milliseconds until nothing disagrees for a while. Fails if that takes longer than allowed."""
    now_ms = agreed_ms = 0
    while now_ms <= agreed_ms + LASTING_PASSES * pass_ms(scene):
        wrong = next(disagreements(scene), None)
        assert not wrong or now_ms < bound_ms, f"{now_ms} ms: {wrong} (seed {scene.world.seed})"
        scene.run(step_ms)
        now_ms += step_ms
        if wrong:
            agreed_ms = now_ms
    return agreed_ms


def assert_traffic_passes(scene):
    """Every pair of sites that works together carries each frame once, by whatever port.

    A port that was in use before its cable became a loop is found out when its partner has been
    silent for three periods; in Linux never, since there its own word counts.
    """
    if any(uses_a_loop(scene, site) for site in scene.sites):
        scene.run(LOOP_BOUND_MS if all(is_fast(site) for site in scene.sites) else SLOW_LOOP_MS)
    joined = {
        (near.name, far.name): (near, far)
        for near, port, far, other in links(scene)
        if port.is_in_active_aggregator and other.is_in_active_aggregator
    }
    for near, far in joined.values():
        active = near.lacp.active_aggregator
        if not near.bond.has_carrier or not far.bond.has_carrier or active is None:
            continue
        if uses_a_loop(scene, near) and not is_mended(near):
            continue
        frames = [_frame(near, far, n) for n in range(2 * len(active.ports))]
        far.bond.upper.heard.clear()
        for frame in frames:
            assert len(near.bond.send_from_host(frame)) == 1
        scene.world.run_for(milliseconds(1))
        heard = [frame for frame in far.bond.upper.heard if frame in frames]
        assert sorted(heard) == sorted(frames), f"{near.name} to {far.name}: {len(heard)} arrived"


def uses_a_loop(scene, site):
    """Whether frames may leave by a port that faces another one of its own system."""
    in_use = site.bond.bond.table.tx_ports
    ends = [scene.far_end(each) for each in site.interfaces if each.ifindex in in_use]
    return any(far is site for far, _ in filter(None, ends))


def _frame(near, far, number):
    """A frame of a flow of its own: the default policy hashes addresses.

    The source differs, as behind a bridge: a network card hears its own address only.
    """
    source, destination = near.bond.mac[:5] + bytes((number,)), far.bond.mac
    return destination + source + b"\x08\x00" + number.to_bytes(2, "big") * 23
