"""Who believes what now? Asks the bond, and the far hosts' neighbour tables."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pyroute2 import IPRoute

from pybondd.lab.bonds import BondHost
from pybondd.lab.recording import Sight
from pybondd.lab.topology import NEAR_ADDRESS, Topology
from pybondd.units import MILLISECOND_NS, SECOND_NS, Duration, Instant

GLANCE_NS: Duration = 200 * MILLISECOND_NS
"""Between two looks, one of which costs about 150 ms of processor time; and how long the traffic is
watched by which a sight is judged."""


@dataclass(frozen=True, slots=True)
class Look:
    """Look around, `after_ns` from the step before, until what is seen `is_settled`.

    If that does not come about while probes are sent, the last sight is kept, for the judgement.
    """

    title: str
    after_ns: Duration
    is_settled: Callable[[Sight], bool]


def look(wanted: Look, topology: Topology, bond: BondHost, *, deadline_ns: Instant) -> Sight:
    """What is seen when all has settled, or at the deadline; traffic goes on for a glance."""
    while True:
        sight = _sight(wanted.title, topology, bond)
        time.sleep(GLANCE_NS / SECOND_NS)
        if wanted.is_settled(sight) or sight.moment_ns > deadline_ns:
            return sight


def _sight(title: str, topology: Topology, bond: BondHost) -> Sight:
    status = bond.status()
    tables = status["pybondd"]["alb"]
    receiving = tables["receive"] if tables else None
    neighbours: dict[str, bytes] = {}
    for address, host in topology.hosts.items():
        with host.entered():
            if (mac := _mac_of(NEAR_ADDRESS)) is not None:
                neighbours[address] = mac
    return Sight(
        title,
        time.monotonic_ns(),
        status["linkinfo"]["info_data"].get("active_slave", ""),
        {port["ifname"]: mac_octets(port["address"]) for port in status["ports"]},
        neighbours,
        {client["ip"]: client["port"] for client in receiving["clients"]} if receiving else {},
        {
            port["ifname"]: port["pybondd"]["alb"]["load_octets_per_s"]
            for port in status["ports"]
            if tables
        },
    )


def mac_octets(text: str) -> bytes:
    """02:00:00:00:00:e0 as 6 octets."""
    return bytes.fromhex(text.replace(":", ""))


def _mac_of(address: str) -> bytes | None:
    """The MAC address that the namespace we are in has for an IP address, if it has one."""
    with IPRoute() as links:
        known = (entry.get("lladdr") for entry in links.get_neighbours(dst=address))
        return next((mac_octets(mac) for mac in known if mac), None)
