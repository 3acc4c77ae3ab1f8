"""What was the bond of a recording like when the recording began?

A snapshot tells a part: addresses, the active port, what clients believe. The rest is supposed: a
few beginnings are possible, and one of them must lead to all that was recorded.
"""

from dataclasses import dataclass

from alb_happenings import Happenings
from alb_recording import ipv4
from iproute2_words import parse_mac

from pybondd.balance.clients import Client

SOME_OCTETS = 4200
"""What the active port may have carried without a bucket before: enough to count as a load."""


@dataclass(frozen=True)
class Start:
    """What a recording does not tell of the bond at its beginning.

    `first_turn`: clients were dealt out in their order from this port on, and have not been told
    since a request of the bond's host; None: each has the port whose address it believes.
    """

    last_port: str | None = None
    delay: int = 20
    newest_first: bool = True
    rebalance_ticks: int = 0
    unbalanced_octets: int = 0
    slips_late: bool = True
    first_turn: int | None = None
    is_pending: bool = False


class Beginning:
    """Puts the bond of a replay into the state in which a recording may have begun."""

    def __init__(self, replay, start):
        self._replay, self._start = replay, start
        self._recording, self._bond = replay.recording, replay.bond

    def take(self):
        """Make the bond what it was at the first snapshot, and what is supposed beyond that."""
        mode, start = self._bond.mode, self._start
        mode.rebalance_ticks = start.rebalance_ticks
        mode.transmit.unbalanced_octets = start.unbalanced_octets
        snapshot = self._first_snapshot()
        if snapshot:
            self._take_snapshot(snapshot)
        if self._replay.is_alb:
            self._take_clients(snapshot)
        for queue in self._replay.pending.values():
            queue.clear()

    def _take_snapshot(self, snapshot):
        state = self._bond.state
        by_name = {port.name: port for port in state.ports}
        for name, link in snapshot["links"].items():
            if name in by_name and "LOWER_UP" not in link.get("flags", "LOWER_UP"):
                self._replay.set_carrier(name, has_carrier=False)
                self._replay.commit()
        for name, link in snapshot["links"].items():
            if name in by_name:
                by_name[name].mac = parse_mac(link["address"])
        state.active = by_name.get(snapshot["active_slave"] or "")
        for port in state.ports:
            (state.set_active if port is state.active else state.set_inactive)(port)
        if state.active is None:
            return
        active = snapshot["links"][snapshot["active_slave"]]
        is_heard = active["promiscuity"] > snapshot["links"]["bond0"]["promiscuity"]
        if is_heard and self._replay.is_alb:
            self._bond.mode.stand_in.port = state.active
            state.active.stands_in = state.active.is_promiscuous = True

    def _take_clients(self, snapshot):
        mode, start = self._bond.mode, self._start
        mode.receive.must_deal = mode.receive.is_update_due = False
        mode.receive.retries = 0
        mode.receive.last_port = self._bond.state.port_by_name(start.last_port or "")
        mode.receive.delay = start.delay
        known = self._known_clients(snapshot) if snapshot else self._supposed_clients()
        for turn, (our_ip, ip, client_mac, believed) in enumerate(known):
            port = self._port_at_start(turn, believed)
            if port:
                our_mac = self._bond.state.mac
                tci = self._recording.vlan_of(our_ip)
                client = Client(our_ip, ip, our_mac, client_mac, port, tci)
                client.needs_update = start.is_pending
                mode.receive.clients.put(client)
                if believed:
                    self._replay.beliefs.suppose(client_mac, our_ip, believed)
                if start.first_turn is not None:
                    mode.receive.last_port = port
        mode.receive.is_update_due = start.is_pending

    def _known_clients(self, snapshot):
        """(our address, the client's, its MAC, what it believes) in the order of their names."""
        for name in sorted(snapshot["neigh"], reverse=not self._start.newest_first):
            _, mac = self._recording.clients.get(name, (None, None))
            for ours, believed, *_ in map(str.split, snapshot["neigh"][name] if mac else ()):
                our_ip = ipv4(ours)
                if believed != "-" and our_ip in dict(self._own()):
                    ip = self._recording.client_ip(name, our_ip)
                    yield our_ip, ip, mac, parse_mac(believed)

    def _own(self):
        """Our addresses, each with its interface."""
        return [(address, name) for name, address in self._recording.own_addresses]

    def _supposed_clients(self):
        """All clients of the setup, if they are supposed to be known; no snapshot tells."""
        own = [address for address, name in self._own() if name == "bond0"]
        for ips, mac in self._recording.clients.values():
            if own and self._start.first_turn is not None:
                yield own[0], ips[0], mac, None

    def _port_at_start(self, turn, believed):
        ports = self._bond.state.ports
        if self._start.first_turn is not None:
            return ports[(self._start.first_turn + turn) % len(ports)]
        return next((port for port in ports if port.mac == believed), None)

    def _first_snapshot(self):
        """The first one, if nothing had happened before."""
        snapshots, events = self._recording.snapshots, self._recording.events
        happened = [each["t"] for each in events if Happenings(self._recording).are_in(each)]
        if snapshots and snapshots[0]["t"] <= min(happened, default=snapshots[0]["t"]):
            return snapshots[0]
        return None


def starts(recording):
    """What the bond may have been like, the likeliest first."""
    slips = (True, False)
    if recording.is_fresh:
        return [Start(slips_late=late) for late in slips]
    begun = [
        Start(rebalance_ticks=age, unbalanced_octets=octets, slips_late=late)
        for late in slips
        for octets in (0, SOME_OCTETS)
        for age in (range(100) if _is_about_load(recording) else (0,))
    ]
    if not recording.clients or recording.options["mode"] == "balance-tlb":
        return begun
    known = [
        Start(last_port, delay, newest_first, slips_late=late)
        for delay in (20, 0, *range(19, 0, -1))
        for late in slips
        for newest_first in (True, False)
        for last_port in (None, *recording.ports)
    ]
    dealt = [
        Start(None, delay, first_turn=turn, is_pending=is_pending, slips_late=late)
        for turn in range(len(recording.ports))
        for late in slips
        for is_pending in (True, False)
        for delay in range(21)
    ]
    return [*begun, *known, *dealt]


def _is_about_load(recording):
    """Is there traffic that is rebalanced? ARP and learning frames are not."""
    return any(not each.is_learning and each.arp is None for each in recording.sent)
