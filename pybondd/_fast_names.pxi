# Under which names does the compiled twin know numbers and shapes? Those of pybondd/wire and
# pybondd/balance, where it is said what they mean and where they come from.

from libc.stdint cimport uint8_t, uint16_t, uint32_t

# -- forwarding.py HashPolicy

cdef enum:
    POLICY_LAYER2 = 0
    POLICY_LAYER34 = 1
    POLICY_LAYER23 = 2
    POLICY_ENCAP23 = 3
    POLICY_ENCAP34 = 4
    POLICY_VLAN_SRCMAC = 5

# -- wire/ethertypes.py

cdef enum:
    ETHERTYPE_IPV4 = 0x0800
    ETHERTYPE_ARP = 0x0806
    ETHERTYPE_BATMAN = 0x4305
    ETHERTYPE_TRANSPARENT_ETHERNET = 0x6558
    ETHERTYPE_RARP = 0x8035
    ETHERTYPE_VLAN = 0x8100
    ETHERTYPE_IPV6 = 0x86DD
    ETHERTYPE_PPP_IN_GRE = 0x880B
    ETHERTYPE_MPLS_UNICAST = 0x8847
    ETHERTYPE_MPLS_MULTICAST = 0x8848
    ETHERTYPE_PPPOE_SESSION = 0x8864
    ETHERTYPE_SERVICE_VLAN = 0x88A8
    ETHERTYPE_TIPC = 0x88CA
    ETHERTYPE_PTP = 0x88F7
    ETHERTYPE_PRP = 0x88FB
    ETHERTYPE_CFM = 0x8902
    ETHERTYPE_FCOE = 0x8906
    ETHERTYPE_HSR = 0x892F

# -- wire/protocols.py

cdef enum:
    PROTOCOL_HOP_BY_HOP = 0
    PROTOCOL_ICMP = 1
    PROTOCOL_IPV4 = 4
    PROTOCOL_TCP = 6
    PROTOCOL_UDP = 17
    PROTOCOL_DCCP = 33
    PROTOCOL_IPV6 = 41
    PROTOCOL_ROUTING = 43
    PROTOCOL_FRAGMENT = 44
    PROTOCOL_GRE = 47
    PROTOCOL_ESP = 50
    PROTOCOL_AUTHENTICATION = 51
    PROTOCOL_ICMPV6 = 58
    PROTOCOL_DESTINATION_OPTIONS = 60
    PROTOCOL_SCTP = 132
    PROTOCOL_UDP_LITE = 136

# -- sizes in octets, and other numbers of dissect.py, encap.py, tunnels.py and words.py

cdef enum:
    ETHERNET_HEADER_OCTETS = 14
    VLAN_TAG_OCTETS = 4
    IPV4_HEADER_OCTETS = 20
    IPV4_HEADER_MIN_WORDS = 5
    IPV6_HEADER_OCTETS = 40
    ICMP_HEADER_OCTETS = 8
    AUTHENTICATION_INDEX_OFFSET = 4
    EXTENSION_MIN_OCTETS = 2
    EXTENSION_UNIT_OCTETS = 8
    FRAGMENT_HEADER_OCTETS = 8
    GRE_HEADER_OCTETS = 4
    GRE_FIELD_OCTETS = 4
    PPP_HEADER_OCTETS = 4
    PPPOE_HEADER_OCTETS = 8
    TIPC_HEADER_OCTETS = 16
    FCOE_HEADER_OCTETS = 38
    PTP_HEADER_OCTETS = 34
    REDUNDANCY_TAG_OCTETS = 6
    BATMAN_OCTETS = 24

cdef enum:
    MAX_HEADER_CHANGES = 15
    NO_PROTOCOL = 0
    FRAGMENT_BITS = 0x3FFF
    GRE_CHECKSUM = 0x8000
    GRE_ROUTING = 0x4000
    GRE_KEY = 0x2000
    GRE_SEQUENCE = 0x1000
    GRE_ACKNOWLEDGEMENT = 0x0080
    GRE_VERSION = 0x0007
    PPP_IPV4 = 0x0021
    PPP_IPV6 = 0x0057
    PPP_WELL_FORMED_MASK = 0x0101
    PPP_WELL_FORMED = 0x0001
    PPPOE_VERSION_AND_TYPE = 0x11
    BATMAN_UNICAST = 0x40
    BATMAN_VERSION = 15

# -- dissect.py Flow, walk.py Step and Walk

cdef struct Flow:
    uint32_t addresses
    uint32_t ports
    uint32_t icmp_word

cdef enum Step:
    STEP_STOP
    STEP_FAIL
    STEP_NETWORK
    STEP_TRANSPORT

cdef struct Walk:
    const uint8_t *frame
    uint32_t length
    uint32_t offset
    uint16_t ethertype
    uint16_t frame_ethertype
    bint has_tag_outside
    uint8_t protocol
    Flow flow
