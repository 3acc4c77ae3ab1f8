"""Which cables lie where? The networks of the labs, laid with real veth pairs.

behind a switch (failover):                    bond to bond (rr, xor, broadcast):

    here        switch       server                here          far
    eth0 ────── sw0 ┐                              eth0 ──────── eth0
    eth1 ────── sw1 ┴ br0 ── eth0                  eth1 ──────── eth1

A switch learns one address behind one port, so in the modes that send one address out of several
ports it would move the address back and forth; there the far end has to be a bond as well.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pyroute2 import IPRoute

from pybondd.lab.namespaces import NetworkNamespace, new_network_namespace
from pybondd.units import Instant

NEAR_ADDRESS = "10.77.0.1"
FAR_ADDRESS = "10.77.0.2"
PREFIX_BITS = 24
FIRST_NEAR_INDEX = 101
"""Interface index of the first port here. Linux tells of a lost carrier at once only when an
interface's index differs from its veth peer's; equal ones, which two fresh namespaces would give,
make it wait for up to a second (Linux 6.12 net/core/link_watch.c linkwatch_urgent_event)."""


@dataclass(frozen=True, slots=True)
class Topology:
    """`cables` maps each port here to the name of its far end, which lies in `cable_end`.

    `far_host` is where the echo host lives.
    """

    cables: dict[str, str]
    cable_end: NetworkNamespace
    far_host: NetworkNamespace


def behind_a_switch(ports: Sequence[str]) -> Topology:
    """Ports here, a learning switch, and a server behind it that is already reachable."""
    switch, server = new_network_namespace(), new_network_namespace()
    cables = {port: f"sw{number}" for number, port in enumerate(ports)}
    _lay(cables, switch)
    with switch.entered(), IPRoute() as links:
        links.link("add", ifname="br0", kind="bridge", br_stp_state=0)
        links.link(
            "add",
            ifname="down0",
            kind="veth",
            peer={"ifname": "eth0", "net_ns_fd": server.descriptor},
        )
        for name in (*cables.values(), "down0"):
            links.link("set", index=_index(links, name), master=_index(links, "br0"), state="up")
        links.link("set", index=_index(links, "br0"), state="up")
    with server.entered():
        give_address("eth0", FAR_ADDRESS)
    return Topology(cables, switch, server)


def bond_to_bond(ports: Sequence[str]) -> Topology:
    """Ports here and ports of the same names there. Both ends still need their bond."""
    far = new_network_namespace()
    cables = {port: port for port in ports}
    _lay(cables, far)
    return Topology(cables, far, far)


def give_address(name: str, address: str) -> None:
    """Set an interface of the namespace we are in up, with this address."""
    with IPRoute() as links:
        index = _index(links, name)
        links.addr("add", index=index, address=address, prefixlen=PREFIX_BITS)
        links.link("set", index=index, state="up")


def cut(topology: Topology, port: str) -> Instant:
    """Pull the far end's plug: this port loses its carrier. Returns when."""
    return set_far_end(topology, port, state="down")


def repair(topology: Topology, port: str) -> Instant:
    """Plug it in again. Returns when."""
    return set_far_end(topology, port, state="up")


def address_of(name: str) -> bytes:
    """The MAC address (6 octets) of an interface of the namespace we are in."""
    with IPRoute() as links:
        (link,) = links.get_links(_index(links, name))
        return bytes.fromhex(str(link.get("address")).replace(":", ""))


def _lay(cables: dict[str, str], far: NetworkNamespace) -> None:
    _raise_loopback()
    with far.entered():
        _raise_loopback()
    with IPRoute() as links:
        for index, (near_name, far_name) in enumerate(cables.items(), FIRST_NEAR_INDEX):
            peer = {"ifname": far_name, "net_ns_fd": far.descriptor}
            links.link("add", index=index, ifname=near_name, kind="veth", peer=peer)


def _raise_loopback() -> None:
    with IPRoute() as links:
        links.link("set", index=_index(links, "lo"), state="up")


def set_far_end(topology: Topology, port: str, *, state: str) -> Instant:
    """Set the far end of a cable up or down. Returns when."""
    with topology.cable_end.entered(), IPRoute() as links:
        index = _index(links, topology.cables[port])
        # The clock is read after the preparations, which take longer than a failover.
        moment_ns = time.monotonic_ns()
        links.link("set", index=index, state=state)
    return moment_ns


def _index(links: IPRoute, name: str) -> int:
    found: list[int] = links.link_lookup(ifname=name)
    assert len(found) == 1, f"interface {name} is not there"
    return found[0]
