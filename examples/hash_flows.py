"""Which port does each flow take, under each xmit_hash_policy? Needs no privileges.

python examples/hash_flows.py [number of ports]
"""

import struct
import sys

from pybondd.balance.hashing import transmit_hash
from pybondd.forwarding import HashPolicy

HOST, SERVER = bytes.fromhex("020000000001"), bytes.fromhex("020000000102")
POLICIES = {
    "layer2": HashPolicy.LAYER2,
    "layer2+3": HashPolicy.LAYER23,
    "layer3+4": HashPolicy.LAYER34,
    "encap2+3": HashPolicy.ENCAP23,
    "encap3+4": HashPolicy.ENCAP34,
    "vlan+srcmac": HashPolicy.VLAN_SRCMAC,
}


def tcp_frame(source: str, target: str, source_port: int, target_port: int) -> bytes:
    """As much of a TCP segment over IPv4 as a hash looks at."""
    tcp = struct.pack("!HHIIBBHHH", source_port, target_port, 0, 0, 0x50, 0x02, 0, 0, 0)
    addresses = bytes(map(int, f"{source}.{target}".split(".")))
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + addresses
    return SERVER + HOST + b"\x08\x00" + ip + tcp


def main() -> None:
    """Print a table: a line for each flow, a column for each policy."""
    ports = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    print(f"{'flow':<40}" + "".join(f"{name:>13}" for name in POLICIES))
    for source_port in range(40000, 40008):
        frame = tcp_frame("192.0.2.10", "192.0.2.77", source_port, 443)
        taken = [f"eth{transmit_hash(policy, frame) % ports}" for policy in POLICIES.values()]
        flow = f"192.0.2.10:{source_port} -> 192.0.2.77:443"
        print(f"{flow:<40}" + "".join(f"{port:>13}" for port in taken))
    print("Between two hosts only a policy that looks at the TCP ports uses more than one port.")


if __name__ == "__main__":
    main()
