"""Which IP protocols and extension headers do we know by name?

Numbers of the IANA registry "Assigned Internet Protocol Numbers"; an IPv6 next header draws from
the same list.
"""

from typing import Final

HOP_BY_HOP: Final = 0
ICMP: Final = 1
IGMP: Final = 2
IPV4: Final = 4
TCP: Final = 6
UDP: Final = 17
DCCP: Final = 33
IPV6: Final = 41
ROUTING: Final = 43
FRAGMENT: Final = 44
GRE: Final = 47
ESP: Final = 50
AUTHENTICATION: Final = 51
ICMPV6: Final = 58
DESTINATION_OPTIONS: Final = 60
SCTP: Final = 132
UDP_LITE: Final = 136
MPLS: Final = 137
