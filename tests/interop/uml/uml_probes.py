"""Inside the guest: what the real driver's ARP monitor asks, and what ours would ask there."""

import itertools
from ipaddress import ip_address

from uml_frames import ETH_ARP, ETH_IPV6, ICMPV6
from uml_world import HOST, WIRE, Capture, batch, inside, mac, world

from pybondd.linux.netlink import Route
from pybondd.linux.target_routes import target_routes
from pybondd.monitors.arp_probes import send_probes
from pybondd.port import LinkFacts, Port
from pybondd.state import BondState

INTERVAL_MS = 200
PAUSE_S = 0.1  # between the probes of two passes, which leave at once
PASSES = 4
SOLICITATION = 135


def asked(*, targets: list[str], commands: list[str]) -> dict[str, list[str]]:
    """The frames of one pass, by the kernel's bond and by ours with the same routes."""
    options = f"mode active-backup arp_interval {INTERVAL_MS} {words_for(targets)}"
    with world(1):
        batch(HOST, f"link add bond0 type bond {options}", "link set eth0 master bond0")
        batch(HOST, "link set bond0 up", *commands)
        capture = Capture(WIRE, ["wire0"])
        seen = [each for each in capture.wait(10**6, PASSES * INTERVAL_MS / 1000) if is_probe(each)]
        capture.close()
        return {"kernel": last_whole_pass(seen), "ours": ours(targets)}


def words_for(targets: list[str]) -> str:
    four, six = (
        ",".join(each for each in targets if ip_address(each).version == version)
        for version in (4, 6)
    )
    return f"{f'arp_ip_target {four}' if four else ''} {f'ns_ip6_target {six}' if six else ''}"


def is_probe(seen) -> bool:
    """An ARP request or a solicitation, tagged or not; addresses found by themselves make none."""
    at = 12
    while seen.frame[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    kind = int.from_bytes(seen.frame[at : at + 2], "big")
    content = seen.frame[at + 2 :]
    if kind == ETH_IPV6:
        return content[6] == ICMPV6 and content[40] == SOLICITATION
    return kind == ETH_ARP


def last_whole_pass(seen) -> list[str]:
    """The frames of the last pass but one, which the end of the capture cannot have cut."""
    passes = [[]]
    for before, each in itertools.pairwise([None, *seen]):
        if before and each.at_s - before.at_s > PAUSE_S:
            passes.append([])
        passes[-1].append(each.frame.hex())
    return passes[-2] if len(passes) > 1 else []


def ours(targets: list[str]) -> list[str]:
    packed = tuple(ip_address(each).packed for each in targets)
    with inside(HOST), Route() as route:
        bond = route.interface("bond0")
        routes = target_routes(route, bond.ifindex, packed)
    state = BondState("bond0", bond.mac, seed=0)
    state.options.arp_ip_targets = [each for each in packed if len(each) == 4]
    state.options.ns_ip6_targets = [each for each in packed if len(each) == 16]
    state.probing.routes = {each.target: each for each in routes}
    own = bytes.fromhex(mac(0).replace(":", ""))
    send_probes(state, Port(1, "eth0", own, own, 1500, LinkFacts()), now=0)
    return [effect.frame.hex() for effect in state.outbox]
