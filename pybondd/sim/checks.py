"""What must hold of a bond at every instant, whatever happened to it?

Each rule is a function that says what is wrong, or nothing. `watch` makes a world ask all of them
after each thing that happens.
"""

from collections.abc import Callable, Iterator
from functools import partial

from pybondd.option import BondMode
from pybondd.port import Link
from pybondd.sim import checks_balance
from pybondd.sim.bonded import SimulatedBond
from pybondd.sim.interface import Interface
from pybondd.sim.world import World

Rule = Callable[[SimulatedBond], Iterator[str]]


def watch(world: World, *bonds: SimulatedBond) -> None:
    """After each thing that happens in `world`, assert every rule of every bond."""
    world.observers.append(lambda: check(*bonds))
    for bond in bonds:
        bond.when_sending.append(partial(_check_frame, bond))


def _check_frame(bond: SimulatedBond, sender: Interface, frame: bytes) -> None:
    if checks_balance.is_balancing(bond.bond):
        wrong = checks_balance.wrong_frame(bond.bond, bond.interfaces, sender, frame)
        assert not wrong, f"{wrong}: {frame.hex()} (seed {bond.world.seed})"


def check(*bonds: SimulatedBond) -> None:
    """Assert every rule of every bond now."""
    for bond in bonds:
        for rule in RULES:
            for wrong in rule(bond):
                raise AssertionError(f"{rule.__name__}: {wrong} (seed {bond.world.seed})")


def the_table_names_the_attached_ports(bond: SimulatedBond) -> Iterator[str]:
    """What forwards, what is attached and what the bond knows are the same ports."""
    in_table = [entry.ifindex for entry in bond.bond.table.ports]
    in_state = [port.ifindex for port in bond.bond.state.ports]
    if in_table != in_state or set(in_state) != bond.attached:
        yield f"table {in_table}, state {in_state}, attached {bond.attached}"


def the_published_table_is_the_one_in_force(bond: SimulatedBond) -> Iterator[str]:
    """The data plane has what the control plane believes it has."""
    if bond.tables and bond.tables[-1] != bond.bond.table:
        yield f"published {bond.tables[-1]}, in force {bond.bond.table}"


def generations_grow_by_one(bond: SimulatedBond) -> Iterator[str]:
    """No table is skipped and none is published twice."""
    if len(bond.tables) >= 2:
        before, after = bond.tables[-2:]
        if after.generation != before.generation + 1:
            yield f"{before.generation} is followed by {after.generation}"


def the_table_tells_the_truth_of_each_port(bond: SimulatedBond) -> Iterator[str]:
    """Live means running and link UP, by the interface's own facts; a backup does not transmit."""
    for entry, port in zip(bond.bond.table.ports, bond.bond.state.ports, strict=True):
        facts = bond.interfaces[port.ifindex].facts
        is_live = facts.is_running and port.link is Link.UP
        if entry.is_live != is_live or entry.can_transmit != (is_live and not port.is_backup):
            yield f"{entry} although {facts} and link {port.link.text}"


def at_most_one_port_works_in_active_backup(bond: SimulatedBond) -> Iterator[str]:
    """One port sends and delivers; it belongs to the bond; it is chosen as long as one is UP.

    Beside it those may that the ARP monitor tries, until its next pass.
    """
    state = bond.bond.state
    if state.options.mode is not BondMode.ACTIVE_BACKUP:
        return
    working = [port for port in state.ports if not port.is_backup]
    hearing = [port for port in state.ports if not port.is_inactive]
    tried = [port for port in working if state.options.arp_interval and port.link is Link.BACK]
    if set(working) - {state.active, *tried}:
        yield f"working {[port.name for port in working]}, active {state.active}"
    if state.active is not None and state.active not in working:
        yield f"{state.active.name} is active and set aside"
    if len(hearing) > max(1, len(working)) and not state.options.all_slaves_active:
        yield f"hearing {[port.name for port in hearing]}"
    if state.active is None and any(port.link is Link.UP for port in state.ports):
        yield "a port is UP and none is active"
    if state.active is not None and state.active.link not in (Link.UP, Link.FAIL):
        yield f"{state.active.name} is active and its link is {state.active.link.text}"


def all_ports_are_used_elsewhere(bond: SimulatedBond) -> Iterator[str]:
    """In modes 0, 2 and 3 nothing is ever suppressed, but what the ARP monitor gave up."""
    state = bond.bond.state
    if state.options.mode in (BondMode.BALANCE_RR, BondMode.BALANCE_XOR, BondMode.BROADCAST):
        for port in state.ports:
            given_up = bool(state.options.arp_interval) and port.link is not Link.UP
            if (port.is_backup or port.is_inactive) and not given_up:
                yield f"{port.name} is set aside in mode {state.options.mode.name}"


def active_and_primary_belong_to_the_bond(bond: SimulatedBond) -> Iterator[str]:
    """Neither points to a port that has left."""
    state = bond.bond.state
    for port in (state.active, state.primary):
        if port is not None and port not in state.ports:
            yield f"{port.name} has left"


def addresses_follow_the_policy(bond: SimulatedBond) -> Iterator[str]:
    """fail_over_mac: one address for all, or the active port has the bond's.

    That all ports differ is no rule: with "follow" an interface that comes back finds its own
    address on another port, which Linux does not prevent either.
    """
    state = bond.bond.state
    if bond.mac != state.mac:
        yield f"the interface has {bond.mac.hex(':')}, the bond {state.mac.hex(':')}"
    if checks_balance.is_balancing(bond.bond):
        return
    macs = {port.name: bond.interfaces[port.ifindex].mac for port in state.ports}
    moves = state.options.mode is BondMode.ACTIVE_BACKUP and state.options.fail_over_mac
    if not moves:
        yield from (f"{name} has {mac.hex(':')}" for name, mac in macs.items() if mac != bond.mac)
        return
    if state.active is not None and macs[state.active.name] != bond.mac:
        yield f"{state.active.name} is active without the bond's address"


def balancing_modes_keep_their_rules(bond: SimulatedBond) -> Iterator[str]:
    """balance-tlb and balance-alb: see checks_balance.py."""
    if checks_balance.is_balancing(bond.bond):
        yield from checks_balance.what_is_wrong(bond.bond, bond.interfaces)


def the_mtu_is_shared(bond: SimulatedBond) -> Iterator[str]:
    """Every port has the bond's MTU."""
    for ifindex in bond.attached:
        if bond.interfaces[ifindex].mtu != bond.mtu:
            yield f"{bond.interfaces[ifindex].name} has {bond.interfaces[ifindex].mtu}"


def the_carrier_follows_the_links(bond: SimulatedBond) -> Iterator[str]:
    """The bond has a carrier if and only if a port's link is UP; 802.3ad has rules of its own."""
    if bond.bond.mode.lacp is not None:
        return
    has_link = any(port.link is Link.UP for port in bond.bond.state.ports)
    if bond.has_carrier != has_link:
        yield f"carrier {bond.has_carrier}, links {[p.link.text for p in bond.bond.state.ports]}"


def the_bond_knows_the_facts(bond: SimulatedBond) -> Iterator[str]:
    """No change of an interface has been missed."""
    for port in bond.bond.state.ports:
        facts = bond.interfaces[port.ifindex].facts
        if port.facts != facts:
            yield f"{port.name}: {port.facts} instead of {facts}"


def nothing_is_sent_on_a_foreign_port(bond: SimulatedBond) -> Iterator[str]:
    """Not before a port is attached, not after it is detached."""
    if bond.sent_on_foreign_port:
        yield f"{bond.sent_on_foreign_port} frames"


def every_frame_is_accounted_for(bond: SimulatedBond) -> Iterator[str]:
    """Frames in are frames out plus drops with a reason."""
    imbalance = bond.forwarder.counters().imbalance
    if any(imbalance):
        yield f"{imbalance} frames"


def a_released_interface_is_as_it_was(bond: SimulatedBond) -> Iterator[str]:
    """Its own MAC and MTU, and down, as Linux leaves it."""
    for interface, (mac, mtu) in bond.released.items():
        if interface.mac != mac or interface.mtu != mtu:
            yield f"{interface.name}: {interface.mac.hex(':')}, MTU {interface.mtu}"


def deadlines_lie_ahead(bond: SimulatedBond) -> Iterator[str]:
    """No deadline is forgotten, and being asked early changes nothing."""
    upcoming = bond.bond.next_deadline()
    now = bond.world.now
    if upcoming is not None and upcoming[0] + bond.jiffy_ns < now:
        yield f"{upcoming[1]} was due {now - upcoming[0]} ns ago"
    if upcoming is None or upcoming[0] > now:
        effects = bond.bond.advance(now=now)
        if effects:
            yield f"asked early, it wants {effects}"


RULES: tuple[Rule, ...] = (
    the_table_names_the_attached_ports,
    the_published_table_is_the_one_in_force,
    generations_grow_by_one,
    the_table_tells_the_truth_of_each_port,
    at_most_one_port_works_in_active_backup,
    all_ports_are_used_elsewhere,
    active_and_primary_belong_to_the_bond,
    addresses_follow_the_policy,
    balancing_modes_keep_their_rules,
    the_mtu_is_shared,
    the_carrier_follows_the_links,
    the_bond_knows_the_facts,
    nothing_is_sent_on_a_foreign_port,
    every_frame_is_accounted_for,
    a_released_interface_is_as_it_was,
    deadlines_lie_ahead,
)
