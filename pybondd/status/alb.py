"""What does pybondd show of modes 5 and 6? Who carries what is sent, who sends to whom, and when
that is looked at again.

Times come from ticks of a tenth of a second, so they are right to one tick.
"""

from dataclasses import asdict

from pybondd.balance.clients import Client
from pybondd.balance.rlb import ReceiveBalance
from pybondd.balance.tlb import Bucket
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.modes.balance_tlb import REBALANCE_TICKS, TICKS_PER_S, BalanceTlb
from pybondd.modes.base import Mode
from pybondd.modes.stand_in import STAND_IN_TICKS, StandIn
from pybondd.options import OPTIONS
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.ages import age_s
from pybondd.status.alb_shapes import (
    AlbBondJson,
    AlbPortJson,
    BucketJson,
    ClientJson,
    ReceiveJson,
    StandInJson,
    TransmitJson,
)
from pybondd.units import Instant


def alb_bond(state: BondState, mode: Mode, *, now: Instant) -> AlbBondJson | None:
    """Both tables at the moment `now`; None in every other mode."""
    if not isinstance(mode, BalanceTlb):
        return None
    return {
        "follows": OPTIONS["alb_follows"].name_of(state.options.alb_follows),
        "transmit": _transmit(state, mode),
        "receive": _receive(state, mode, now=now) if isinstance(mode, BalanceAlb) else None,
    }


def _transmit(state: BondState, mode: BalanceTlb) -> TransmitJson:
    is_dynamic = bool(state.options.tlb_dynamic_lb)
    by_address = is_dynamic and isinstance(mode, BalanceAlb)
    policy = OPTIONS["xmit_hash_policy"].name_of(state.options.xmit_hash_policy)
    numbered = enumerate(mode.transmit.buckets)
    return {
        "is_dynamic": is_dynamic,
        "hash_policy": None if by_address else policy,
        "usable": [] if is_dynamic else [port.name for port in mode.usable or ()],
        "buckets": [_bucket(number, bucket) for number, bucket in numbered if _was_used(bucket)],
        "unbalanced_octets": mode.transmit.unbalanced_octets,
        "lost_frames": mode.lost,
        "next_rebalancing_s": next_rebalancing_s(state, mode),
        "next_learning_s": _next_learning_s(state, mode),
    }


def _bucket(number: int, bucket: Bucket) -> BucketJson:
    return {
        "number": number,
        "port": bucket.port.name if bucket.port else None,
        "octets": bucket.octets,
        "load_octets_per_s": bucket.load_octets_per_s,
    }


def _was_used(bucket: Bucket) -> bool:
    """A bucket gets its port with its first frame, and never measures less than 1 after it."""
    return bool(bucket.octets or bucket.load_octets_per_s)


def next_rebalancing_s(state: BondState, mode: BalanceTlb) -> float | None:
    """Seconds until all buckets choose anew; None if that is never done."""
    if not state.options.tlb_dynamic_lb or not _ticks_run(state, mode):
        return None
    return _left_s(REBALANCE_TICKS - mode.rebalance_ticks)


def _next_learning_s(state: BondState, mode: BalanceTlb) -> float | None:
    if not _ticks_run(state, mode):
        return None
    return _left_s(state.options.lp_interval * TICKS_PER_S - mode.learning_ticks)


def _ticks_run(state: BondState, mode: BalanceTlb) -> bool:
    """As in Linux, balance-tlb that measures nothing teaches nothing either."""
    is_watched = isinstance(mode, BalanceAlb) or bool(state.options.tlb_dynamic_lb)
    return is_watched and state.is_open and bool(state.ports)


def _left_s(ticks: int) -> float:
    """What is due already is done with the next tick."""
    return max(ticks, 1) / TICKS_PER_S


# -- receive balancing


def _receive(state: BondState, mode: BalanceAlb, *, now: Instant) -> ReceiveJson:
    balance = mode.receive
    turn = balance.whose_turn(state)
    return {
        "clients": [_client(client, now=now) for client in balance.clients.walk()],
        "rounds_left": balance.retries + 1 if balance.is_update_due else 0,
        "next_round_s": _next_round_s(balance),
        "next_port": turn.name if turn else None,
        "stand_in": stand_in_of(state, mode.stand_in),
        "tally": asdict(balance.tally),
    }


def _next_round_s(balance: ReceiveBalance) -> float | None:
    """The tick that finds no delay left is the one that tells."""
    return (balance.delay + 1) / TICKS_PER_S if balance.is_update_due else None


def _client(client: Client, *, now: Instant) -> ClientJson:
    return {
        "ip": ip_text(client.ip),
        "our_ip": ip_text(client.our_ip),
        "mac": client.mac.hex(":"),
        "our_mac": client.our_mac.hex(":"),
        "tci": client.tci,
        "port": client.port.name if client.port else None,
        "port_mac": client.port.mac.hex(":") if client.port else None,
        "age_s": age_s(client.met_at, now=now),
        "last_arp_s": age_s(client.last_arp_at, now=now),
        "needs_update": client.needs_update,
    }


def ip_text(ipv4: bytes) -> str:
    """Four octets as people write them."""
    return ".".join(map(str, ipv4))


def stand_in_of(state: BondState, stand_in: StandIn) -> StandInJson | None:
    """Who takes what is sent to the addresses of dead ports, and for how long; None if nobody."""
    if stand_in.port is None:
        return None
    return {
        "port": stand_in.port.name,
        "ends_in_s": _left_s(STAND_IN_TICKS - stand_in.ticks),
        "addresses": {
            each.name: each.mac.hex(":") for each in state.ports if not each.can_transmit
        },
    }


# -- one port


def alb_port(state: BondState, mode: Mode, port: Port) -> AlbPortJson | None:
    """What falls to this port now; None in every other mode."""
    if not isinstance(mode, BalanceTlb):
        return None
    measures = bool(state.options.tlb_dynamic_lb) and port.can_transmit
    return {
        "speed_mbps": port.speed_mbps,
        "load_octets_per_s": mode.transmit.load_of(port),
        "room_bits_per_s": mode.transmit.room_of(port) if measures else None,
        "buckets": sum(bucket.port is port for bucket in mode.transmit.buckets),
        "clients": clients_of(mode, port),
    }


def clients_of(mode: Mode, port: Port) -> int:
    """How many clients are to send to this port's address; 0 where clients know only the bond's."""
    if not isinstance(mode, BalanceAlb):
        return 0
    return sum(client.port is port for client in mode.receive.clients.walk())
