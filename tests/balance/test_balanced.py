"""Which frames leave by any port, and which by the active one only."""

import pytest

from pybondd.balance.balanced import bucket_by_destination, is_balanced_by_hash

CLIENT = "020000000c02"
BOND = "020000000010"
V4 = "4500 0014 0000 0000 40 {protocol} 0000 0a000001 {to}"
V6 = "60000000 0008 {next_header} 40 {source} {to}"
LINK_LOCAL = "fe80" + 12 * "0" + "000000ff00000010"[-16:]
GLOBAL = "fd00" + 26 * "0" + "12"
ECHO, SOLICITATION, ADVERTISEMENT = ("80" + 14 * "0", "87" + 14 * "0", "88" + 14 * "0")


def frame(to_mac, ethertype, payload):
    return bytes.fromhex(to_mac + BOND + ethertype + payload.replace(" ", ""))


def v4(to_mac, to, protocol="11"):
    return frame(to_mac, "0800", V4.format(protocol=protocol, to=to))


def v6(to_mac, to, rest, *, source=LINK_LOCAL, next_header="3a"):
    packet = V6.format(next_header=next_header, source=source, to=to).replace(" ", "")
    return frame(to_mac, "86dd", packet + rest)


UNICAST4 = v4(CLIENT, "0a00000c")
ARP = frame(CLIENT, "0806", "0001080006040001" + 40 * "0")
LLDP = frame("0180c200000e", "88cc", 20 * "0")
ALL_NODES = "ff02" + 27 * "0" + "1"
MDNS = "ff02" + 26 * "0" + "fb"

TABLE = [
    # frame, bucket in balance-alb, balanced in balance-tlb
    pytest.param(UNICAST4, 10 ^ 12, True, id="IPv4"),
    pytest.param(v4("ffffffffffff", "0a00ffff"), None, False, id="IPv4 to the broadcast MAC"),
    pytest.param(v4(CLIENT, "ffffffff"), None, True, id="IPv4 to 255.255.255.255"),
    pytest.param(v4("01005e010101", "ef010101"), 0xEF ^ 1, False, id="IPv4 multicast"),
    pytest.param(v4("01005e000016", "e0000016", "02"), None, False, id="IGMP"),
    pytest.param(v4(CLIENT, "0a00000c", "02"), None, True, id="IGMP to one station"),
    pytest.param(v6(CLIENT, GLOBAL, ECHO), 0xFD ^ 0x12, True, id="ICMPv6 echo"),
    pytest.param(v6(CLIENT, GLOBAL, SOLICITATION), None, False, id="neighbour solicitation"),
    pytest.param(v6(CLIENT, GLOBAL, ADVERTISEMENT), None, False, id="neighbour advertisement"),
    pytest.param(v6("333300000001", ALL_NODES, ECHO), None, False, id="IPv6 to all nodes"),
    pytest.param(v6("3333000000fb", MDNS, ECHO), 0xFF ^ 2 ^ 0xFB, False, id="IPv6 multicast"),
    pytest.param(v6(CLIENT, GLOBAL, ECHO, source=32 * "0"), None, True, id="IPv6 from nowhere"),
    pytest.param(v6("ffffffffffff", GLOBAL, ECHO), None, False, id="IPv6 to the broadcast MAC"),
    pytest.param(v6(CLIENT, GLOBAL, ECHO[:14]), None, False, id="ICMPv6 cut in its header"),
    pytest.param(v6(CLIENT, GLOBAL, "", next_header="11"), 0xFD ^ 0x12, True, id="UDP over IPv6"),
    pytest.param(v6(CLIENT, GLOBAL, "")[:53], None, False, id="IPv6 cut in its header"),
    pytest.param(UNICAST4[:33], None, True, id="IPv4 cut in its header"),
    pytest.param(ARP, None, False, id="ARP"),
    pytest.param(LLDP, None, False, id="LLDP"),
    pytest.param(frame(CLIENT, "8137", 20 * "0"), None, False, id="IPX"),
    pytest.param(UNICAST4[:13], None, False, id="cut in the Ethernet header"),
    pytest.param(b"", None, False, id="nothing"),
]


@pytest.mark.parametrize(("octets", "bucket", "is_balanced"), TABLE)
def test_the_bucket_in_balance_alb_is_the_xor_of_the_destination(octets, bucket, is_balanced):
    assert bucket_by_destination(octets) == bucket


@pytest.mark.parametrize(("octets", "bucket", "is_balanced"), TABLE)
def test_balance_tlb_balances_ip_to_one_station(octets, bucket, is_balanced):
    assert is_balanced_by_hash(octets) == is_balanced
