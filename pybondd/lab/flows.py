"""Lab xor: each flow stays on one cable. Does the formula foretell which?"""

import struct
from collections import Counter

from pybondd.balance.hashing import transmit_hash
from pybondd.forwarding import HashPolicy
from pybondd.lab.charts import FlowFate, draw_flows
from pybondd.lab.lab import Lab, Telling
from pybondd.lab.measures import cable_of_probe, lost
from pybondd.lab.picture import bars
from pybondd.lab.probe_format import ECHO_PORT, FIRST_FLOW_PORT, payload_of
from pybondd.lab.recording import Recording
from pybondd.lab.topology import FAR_ADDRESS, NEAR_ADDRESS

ETHERTYPE_IPV4 = 0x0800
PROTOCOL_UDP = 17


def flow_frame(flow: int) -> bytes:
    """A frame of this flow as far as layer3+4 looks: addresses and ports, no checksums.

    The MAC addresses are zero, since this policy leaves them out for UDP over IPv4.
    """
    payload = payload_of(flow, 0)
    udp = struct.pack("!HHHH", FIRST_FLOW_PORT + flow, ECHO_PORT, 8 + len(payload), 0)
    addresses = bytes(map(int, f"{NEAR_ADDRESS}.{FAR_ADDRESS}".split(".")))
    total = 20 + len(udp) + len(payload)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, total, 0, 0x4000, 64, PROTOCOL_UDP, 0) + addresses
    return struct.pack("!12xH", ETHERTYPE_IPV4) + ip + udp + payload


def foretold_port(flow: int, ports: tuple[str, ...]) -> str:
    """The port that layer3+4 gives this flow when all `ports` are usable, in their order."""
    return ports[transmit_hash(HashPolicy.LAYER34, flow_frame(flow)) % len(ports)]


def fates(recording: Recording) -> list[FlowFate]:
    """Each flow: foretold port and the cables it really took."""
    setup = recording.setup
    cables = cable_of_probe(recording)
    seen: dict[int, set[str]] = {flow: set() for flow in range(setup.flows)}
    for probe in recording.probes:
        seen[probe.flow].update(cables.get(probe.sequence, ()))
    return [
        FlowFate(
            f"UDP {NEAR_ADDRESS}:{FIRST_FLOW_PORT + flow} → {FAR_ADDRESS}:{ECHO_PORT}",
            foretold_port(flow, setup.ports),
            tuple(sorted(taken)),
        )
        for flow, taken in seen.items()
    ]


def judge(recording: Recording) -> tuple[str, ...]:
    """Why the flows did not go as foretold; () if they did."""
    gone = lost(recording.probes)
    complaints = [f"{gone} probes were lost, though nothing was cut"] if gone else []
    complaints += [
        f"{fate.name} took {', '.join(fate.seen) or 'no cable'} instead of {fate.predicted}"
        for fate in fates(recording)
        if not fate.is_as_predicted
    ]
    return tuple(complaints)


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """Flow by flow: foretold and seen."""
    del is_coloured  # the words say it
    found = fates(recording)
    right = sum(fate.is_as_predicted for fate in found)
    taken = Counter(port for fate in found for port in fate.seen)
    result = (
        f"{right} of {len(found)} flows took the port that layer3+4 foretold; "
        f"{lost(recording.probes)} of {len(recording.probes)} probes lost"
    )
    rows = [
        f"{fate.name}   foretold {fate.predicted}   took {', '.join(fate.seen) or '-'} "
        f"{'✓' if fate.is_as_predicted else '✗'}"
        for fate in found
    ]
    flows_of_ports = [(port, taken[port]) for port in recording.setup.ports]
    picture = (*rows, "", "flows by each cable:", *bars(flows_of_ports, width=width))
    svg = draw_flows(
        recording.setup.ports,
        found,
        headline=f"One flow, one port: {right} of {len(found)} go where the formula says",
        subtitle="balance-xor, xmit_hash_policy layer3+4; each line was seen on the cable "
        "where it ends",
    )
    return Telling(result, picture, svg, judge(recording))


FLOWS = Lab(
    name="xor",
    mode="balance-xor",
    options=("--xmit-hash-policy", "layer3+4"),
    has_far_bond=True,
    count=2000,
    burst=1,
    turns=range(10),
    tell=tell,
    try_next=(
        "python examples/hash_flows.py    the same flows under all six policies",
        "pybondd lab rr                   without a hash: every frame takes the next port",
        "pybondd lab failover             what happens when a cable is cut",
    ),
)
