"""Which share of the traffic has this port in modes 5 and 6, and if none, why not?"""

from collections.abc import Iterator

from pybondd.balance.capacity import speed_of
from pybondd.explain.situation import Situation
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.port import Port
from pybondd.status.alb import clients_of, next_rebalancing_s, stand_in_of


def share_notes(asked: Situation) -> tuple[str, ...]:
    """What the port sends and receives, whose address it has; empty in every other mode."""
    mode = asked.mode
    if not isinstance(mode, BalanceTlb) or not asked.state.is_open:
        return ()
    notes = [*_working(asked, mode)] if asked.port.can_transmit else []
    return (*notes, *_address(asked), *_stand_in(asked))


def _working(asked: Situation, mode: BalanceTlb) -> Iterator[str]:
    if asked.port.speed_mbps is None:
        yield "its speed is unknown, which counts as more than any other"
    yield _sending(asked, mode)
    if isinstance(mode, BalanceAlb):
        yield from _receiving_clients(asked, mode)
    elif asked.port is asked.state.active:
        yield "it receives for all ports, since others know the bond's address only"
    elif asked.state.active:
        yield f"{asked.state.active.name}, the active port, receives for it"


# -- sending


def _sending(asked: Situation, mode: BalanceTlb) -> str:
    if not asked.state.options.tlb_dynamic_lb:
        return "tlb_dynamic_lb=0: a hash gives each usable port the same share of the flows"
    owners = [bucket.port for bucket in mode.transmit.buckets if bucket.port is not None]
    own = owners.count(asked.port)
    if own:
        load = mode.transmit.load_of(asked.port)
        return f"it sends {own} of {len(owners)} used buckets, {load} octets/s as last measured"
    if not owners:
        return "it sends nothing: no bucket is in use"
    return f"it sends nothing: {_why_no_bucket(asked, mode)}"


def _why_no_bucket(asked: Situation, mode: BalanceTlb) -> str:
    """Buckets choose the port with most room; before any load is measured, that is the speed."""
    usable = [port for port in asked.state.ports if port.can_transmit]
    fastest = max(usable, key=speed_of)
    if not any(bucket.load_octets_per_s for bucket in mode.transmit.buckets):
        left_s = next_rebalancing_s(asked.state, mode)
        until = "" if left_s is None else f", for {left_s:.1f} s more"
        return f"nothing was measured yet, so all choose {fastest.name}{until}"
    if speed_of(asked.port) < speed_of(fastest):
        return f"{fastest.name} had more room, with {_speed(fastest)} against {_speed(asked.port)}"
    return "other ports had more room when the buckets in use chose"


def _speed(port: Port) -> str:
    return "unknown speed" if port.speed_mbps is None else f"{port.speed_mbps} Mbit/s"


# -- receiving


def _receiving_clients(asked: Situation, mode: BalanceAlb) -> Iterator[str]:
    own, known = clients_of(mode, asked.port), len(mode.receive.clients)
    if own:
        yield f"{own} of {known} clients send to its address {asked.port.mac.hex(':')}"
    else:
        yield f"no client sends to it: {_why_no_client(asked, mode)}"
    if asked.port is asked.state.active:
        yield "it hears broadcasts, and everybody who was told no other port's address"


def _why_no_client(asked: Situation, mode: BalanceAlb) -> str:
    fastest = max((port for port in asked.state.ports if port.can_transmit), key=speed_of)
    if speed_of(asked.port) < speed_of(fastest):
        return f"only the fastest ports get clients, and {fastest.name} has {_speed(fastest)}"
    if not len(mode.receive.clients):
        return "none was met yet"
    turn = mode.receive.whose_turn(asked.state)
    assert turn is not None, "this port can transmit"
    return f"clients take turns, and the next new one is given to {turn.name}"


# -- addresses


def _address(asked: Situation) -> Iterator[str]:
    """The active port got the bond's address, and its predecessor the one that it had."""
    port, state = asked.port, asked.state
    if port.mac == port.permanent_mac:
        return
    owner = next((each.name for each in state.ports if each.permanent_mac == port.mac), None)
    whose = f"{owner}'s" if owner else "the bond's" if port.mac == state.mac else "no port's"
    yield f"its address {port.mac.hex(':')} was {whose}; its own is {port.permanent_mac.hex(':')}"


def _stand_in(asked: Situation) -> Iterator[str]:
    if not isinstance(asked.mode, BalanceAlb):
        return
    shown = stand_in_of(asked.state, asked.mode.stand_in)
    if shown is None:
        return
    left = f"for {shown['ends_in_s']:.1f} s more"
    if shown["port"] == asked.name:
        whose = ", ".join(shown["addresses"]) or "a port that left"
        yield f"it takes what is sent to the address of {whose}, {left}"
    elif asked.name in shown["addresses"]:
        yield f"{shown['port']} takes what is sent to its address {left}"
