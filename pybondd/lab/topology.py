"""Which cables lie where? The networks of the labs, laid with real veth pairs.

behind a switch (failover, tlb, alb):          bond to bond (rr, xor, broadcast, lacp):

    here        switch       server                here          far
    eth0 ────── sw0 ┐                              eth0 ──────── eth0
    eth1 ────── sw1 ┴ br0 ── eth0, of one          eth1 ──────── eth1
                             host or several

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
FAR_ADDRESSES = ("10.77.0.11", "10.77.0.12", "10.77.0.13", "10.77.0.14")
"""Of several hosts behind one switch."""
PREFIX_BITS = 24
FIRST_NEAR_INDEX = 101
"""Interface index of the first port here. Linux tells of a lost carrier at once only when an
interface's index differs from its veth peer's; equal ones, which two fresh namespaces would give,
make it wait for up to a second (Linux 6.12 net/core/link_watch.c linkwatch_urgent_event)."""


@dataclass(frozen=True, slots=True)
class Topology:
    """`cables` maps each port here to the name of its far end, which lies in `cable_end`.

    `hosts` are the far hosts by their address.
    """

    cables: dict[str, str]
    cable_end: NetworkNamespace
    hosts: dict[str, NetworkNamespace]


def behind_a_switch(ports: Sequence[str], addresses: Sequence[str]) -> Topology:
    """Ports here, a learning switch, and hosts with these addresses that it already reaches."""
    switch = new_network_namespace()
    hosts = {address: new_network_namespace() for address in addresses}
    cables = {port: f"sw{number}" for number, port in enumerate(ports)}
    _lay(cables, switch)
    with switch.entered(), IPRoute() as links:
        links.link("add", ifname="br0", kind="bridge", br_stp_state=0)
        for name in cables.values():
            _put_on_bridge(links, name)
        for number, (address, host) in enumerate(hosts.items()):
            peer = {"ifname": "eth0", "address": _mac_of(address), "net_ns_fd": host.descriptor}
            links.link("add", ifname=f"down{number}", kind="veth", peer=peer)
            _put_on_bridge(links, f"down{number}")
        links.link("set", index=_index(links, "br0"), state="up")
    for address, host in hosts.items():
        with host.entered():
            give_address("eth0", address)
    return Topology(cables, switch, hosts)


def bond_to_bond(ports: Sequence[str]) -> Topology:
    """Ports here and ports of the same names there. Both ends still need their bond."""
    far = new_network_namespace()
    cables = {port: port for port in ports}
    _lay(cables, far)
    return Topology(cables, far, {FAR_ADDRESS: far})


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
            links.link(
                "add", index=index, ifname=near_name, kind="veth", peer=peer,
                address=f"02:00:00:00:00:e{near_name[-1]}",
            )  # fmt: skip


def _put_on_bridge(links: IPRoute, name: str) -> None:
    links.link("set", index=_index(links, name), master=_index(links, "br0"), state="up")


def _mac_of(address: str) -> str:
    """A MAC address that ends in the same digits as this IP address, which has at most two."""
    return f"02:00:00:00:00:{address.split('.')[-1]:0>2}"


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
