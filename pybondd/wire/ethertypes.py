"""Which EtherTypes do we know by name?

Numbers as in the IEEE Registration Authority's public list and Linux 6.12 if_ether.h.
"""

from typing import Final

IPV4: Final = 0x0800
ARP: Final = 0x0806
BATMAN: Final = 0x4305
"""B.A.T.M.A.N. advanced mesh."""
TRANSPARENT_ETHERNET: Final = 0x6558
"""A whole Ethernet frame follows (inside GRE)."""
RARP: Final = 0x8035
VLAN: Final = 0x8100
"""IEEE Std 802.1Q-2022 customer tag."""
IPV6: Final = 0x86DD
SLOW: Final = 0x8809
"""IEEE Std 802.3-2022 annex 57A, slow protocols: LACP and Marker."""
PPP_IN_GRE: Final = 0x880B
"""RFC 2637 enhanced GRE carries PPP under this number."""
MPLS_UNICAST: Final = 0x8847
MPLS_MULTICAST: Final = 0x8848
PPPOE_SESSION: Final = 0x8864
SERVICE_VLAN: Final = 0x88A8
"""IEEE Std 802.1Q-2022 service tag, the outer of two."""
TIPC: Final = 0x88CA
LLDP: Final = 0x88CC
PTP: Final = 0x88F7
"""IEEE Std 1588-2019 annex F."""
PRP: Final = 0x88FB
CFM: Final = 0x8902
"""IEEE Std 802.1Q-2022 connectivity fault management."""
FCOE: Final = 0x8906
HSR: Final = 0x892F
LOOPBACK: Final = 0x9000
"""Configuration testing protocol; Linux's learning packets carry it."""
