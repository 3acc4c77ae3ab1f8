"""What must hold of balance-tlb and balance-alb at every instant, and of every frame they send?

With alb_follows=linux the rules about addresses do not hold in balance-tlb, because there, as in
Linux, a user's new address goes to all ports.
"""

from collections.abc import Callable, Iterator

from pybondd.balance.balanced import octets_xored
from pybondd.balance.clients import CLIENT_COUNT, Client
from pybondd.bond import Bond
from pybondd.forwarding import BUCKET_COUNT
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.modes.stand_in import STAND_IN_TICKS
from pybondd.option import BondMode
from pybondd.port import Link
from pybondd.sim.interface import Interface
from pybondd.state import BalanceFollows
from pybondd.wire.arp import ArpOperation, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import HEADER_OCTETS, take_tag
from pybondd.wire.ethertypes import ARP
from pybondd.wire.learning import is_learning_frame

Interfaces = dict[int, Interface]


def is_balancing(bond: Bond) -> bool:
    """Whether these rules are for this bond."""
    return isinstance(bond.mode, BalanceTlb)


# -- at every instant


def every_port_has_an_address_of_its_own(bond: Bond, interfaces: Interfaces) -> Iterator[str]:
    """The active one that of the bond; and each is what its interface and the table say."""
    state = bond.state
    macs = {port.name: interfaces[port.ifindex].mac for port in state.ports}
    if len(set(macs.values())) < len(macs):
        yield f"one address twice: {_texts(macs)}"
    for port, entry in zip(state.ports, bond.table.ports, strict=True):
        if not port.mac == entry.mac == macs[port.name]:
            yield f"{port.name} has {macs[port.name].hex(':')}, believes {port.mac.hex(':')}"
    if state.active and state.active.mac != state.mac:
        yield f"{state.active.name} is active without the bond's address"


def the_active_port_alone_hears_groups(bond: Bond, interfaces: Interfaces) -> Iterator[str]:
    """Every port transmits; the others hear what is for one station, or nothing."""
    state = bond.state
    hearing = [port for port in state.ports if not port.is_inactive]
    if any(port.is_backup for port in state.ports):
        yield "a port is a backup"
    if state.active and state.active.is_inactive:
        yield f"{state.active.name} is active and deaf"
    if not state.options.all_slaves_active and any(p is not state.active for p in hearing):
        yield f"hearing {[port.name for port in hearing]}, active {state.active}"
    if state.active is None and any(port.link is Link.UP for port in state.ports):
        yield "a port is UP and none is active"


def buckets_belong_to_ports(bond: Bond, interfaces: Interfaces) -> Iterator[str]:
    """Each bucket has a port of the bond or none, and no port has a load without a bucket."""
    mode = bond.mode
    assert isinstance(mode, BalanceTlb)
    owners = {id(bucket.port) for bucket in mode.transmit.buckets if bucket.port}
    if not owners <= {id(port) for port in bond.state.ports}:
        yield "a bucket of a port that has left"
    if len(mode.transmit.buckets) != BUCKET_COUNT:
        yield f"{len(mode.transmit.buckets)} buckets"
    known = {port.ifindex for port in bond.state.ports}
    if not set(mode.transmit.loads) <= known:
        yield f"loads of {set(mode.transmit.loads) - known}"


def clients_stand_in_their_places(bond: Bond, interfaces: Interfaces) -> Iterator[str]:
    """At most one for each place, with a port whose link was not found dead, or without."""
    if not isinstance(bond.mode, BalanceAlb):
        return
    clients = list(bond.mode.receive.clients.walk())
    if len(clients) != len(bond.mode.receive.clients) or len(clients) > CLIENT_COUNT:
        yield f"{len(clients)} clients"
    for client in clients:
        if bond.mode.receive.clients.at(client.ip) is not client:
            yield f"{client} is not in place {octets_xored(client.ip)}"
        yield from _wrong_port(bond, client)


def _wrong_port(bond: Bond, client: Client) -> Iterator[str]:
    port = client.port
    if port is None:
        return
    if port not in bond.state.ports:
        yield f"{client.ip.hex()} has {port.name}, which has left"
    elif bond.state.is_open and port.link not in (Link.UP, Link.FAIL):
        yield f"{client.ip.hex()} has {port.name}, whose link is {port.link.text}"


def who_stands_in_is_active_and_hears_all(bond: Bond, interfaces: Interfaces) -> Iterator[str]:
    """And not for longer than ten seconds after the last reason to."""
    if not isinstance(bond.mode, BalanceAlb):
        return
    stand_in = bond.mode.stand_in
    if stand_in.port not in (None, bond.state.active) or stand_in.ticks >= STAND_IN_TICKS:
        yield f"{stand_in.port} stands in since {stand_in.ticks} ticks"
    for port in bond.state.ports:
        is_heard = bond.state.is_promiscuous and port is bond.state.active
        if port.stands_in != (port is stand_in.port):
            yield f"{port.name} stands in, or does not"
        if interfaces[port.ifindex].is_promiscuous != (is_heard or port.stands_in):
            yield f"{port.name} hears all, or does not"


RULES: tuple[Callable[[Bond, Interfaces], Iterator[str]], ...] = (
    every_port_has_an_address_of_its_own,
    the_active_port_alone_hears_groups,
    buckets_belong_to_ports,
    clients_stand_in_their_places,
    who_stands_in_is_active_and_hears_all,
)


def what_is_wrong(bond: Bond, interfaces: Interfaces) -> Iterator[str]:
    """By every rule above."""
    for rule in RULES:
        if rule is every_port_has_an_address_of_its_own and _macs_may_be_equal(bond):
            continue
        for wrong in rule(bond, interfaces):
            yield f"{rule.__name__}: {wrong}"


def _macs_may_be_equal(bond: Bond) -> bool:
    """A user's new address goes to all ports of balance-tlb, and stays, in Linux."""
    options = bond.state.options
    return options.mode is BondMode.BALANCE_TLB and options.alb_follows == BalanceFollows.LINUX


# -- of every frame


def wrong_frame(bond: Bond, interfaces: Interfaces, sender: Interface, frame: bytes) -> str:
    """What is wrong with this frame that leaves by `sender`, or nothing.

    Two ports never show a switch one address, but for a dead port's, which is taught by the port
    that is active then. An ARP reply of ours tells the address of the port that it leaves by.
    """
    if _macs_may_be_equal(bond):
        return ""
    untagged, _ = take_tag(frame)
    source = untagged[6:12]
    owners = [each for each in interfaces.values() if each.mac == source]
    if is_learning_frame(untagged):
        alive = [each for each in owners if each is not sender and not _is_dead(bond, each)]
        return f"{sender.name} teaches the address of {alive[0].name}" if alive else ""
    active = bond.state.active
    if source != sender.mac and (active is None or sender.ifindex != active.ifindex):
        return f"{sender.name} is not active and shows {source.hex(':')}"
    if owners and sender not in owners:
        return f"{sender.name} shows the address of {owners[0].name}"
    return _wrong_arp(bond, sender, untagged)


def _is_dead(bond: Bond, interface: Interface) -> bool:
    port = bond.state.port_by_index(interface.ifindex)
    return port is None or not port.can_transmit


def _wrong_arp(bond: Bond, sender: Interface, untagged: bytes) -> str:
    if int.from_bytes(untagged[12:14], "big") != ARP or not isinstance(bond.mode, BalanceAlb):
        return ""
    try:
        arp = parse_arp(untagged[HEADER_OCTETS:])
    except WireError:
        return ""
    may_tell = {sender.mac}
    if arp.operation is ArpOperation.REQUEST:
        may_tell.add(bond.state.mac)
    return "" if arp.sender_mac in may_tell else f"{sender.name} tells {arp.sender_mac.hex(':')}"


def _texts(macs: dict[str, bytes]) -> dict[str, str]:
    return {name: mac.hex(":") for name, mac in macs.items()}
