"""The classic mistakes: each is told, with its file and line."""

import pytest
from configs import one, read, told

from pybondd.config.note import Kind

PORTS = {
    "ifcfg-eth0": "DEVICE=eth0\nMASTER=bond0\nSLAVE=yes\n",
    "ifcfg-eth1": "DEVICE=eth1\nMASTER=bond0\nSLAVE=yes\n",
}


def ifcfg(options, more="", ports=PORTS):
    return {"ifcfg-bond0": f"DEVICE=bond0\n{more}BONDING_OPTS={options}\n", **ports}


NETPLAN = """network:
  version: 2
  ethernets:
    eth0: {}
  bonds:
    bond0:
      interfaces: [eth0, eth1]
      parameters:
        mode: active-backup
        mii-monitor-intervall: 100
        mii-monitor-interval: 100
"""
NETDEV = "[NetDev]\nName=bond0\nKind=bond\n[Bond]\nMode=active-backup\nMIIMonitorSec=100\n"

MISTAKES = {
    "miimon is missing": (ifcfg('"mode=1"'), "ifcfg-bond0:1: bond0: miimon is missing"),
    "miimon is 0": (ifcfg('"mode=1 miimon=0"'), "ifcfg-bond0:2: bond0: miimon is 0"),
    "two monitors": (
        ifcfg('"mode=1 miimon=100 arp_interval=1000 arp_ip_target=10.0.0.1"'),
        "ifcfg-bond0:2: bond0: miimon and arp_interval are both set",
    ),
    "arp_interval in a mode without": (
        ifcfg('"mode=4 miimon=0 arp_interval=1000 arp_ip_target=10.0.0.1"'),
        "ifcfg-bond0:2: arp_interval=1000: the driver refuses it [EACCES]",
    ),
    "arp_interval without target": (
        ifcfg('"mode=1 arp_interval=1000"'),
        "ifcfg-bond0:2: bond0: arp_interval has no arp_ip_target",
    ),
    "target without arp_interval": (
        ifcfg('"mode=1 miimon=100 arp_ip_target=10.0.0.1"'),
        "there are ARP targets without arp_interval",
    ),
    "a port with an address": (
        ifcfg(
            '"mode=1 miimon=100"',
            ports={
                "ifcfg-eth0": "DEVICE=eth0\nMASTER=bond0\nSLAVE=yes\nIPADDR=10.0.0.2\nPREFIX=24\n"
            },
        ),
        "ifcfg-eth0:4: eth0 has an address of its own, 10.0.0.2/24",
    ),
    "MASTER without SLAVE": (
        ifcfg('"mode=1 miimon=100"', ports={"ifcfg-eth0": "DEVICE=eth0\nMASTER=bond0\n"}),
        "ifcfg-eth0:2: eth0 has MASTER=bond0 but not SLAVE=yes",
    ),
    "no quotes": (ifcfg("mode=1 miimon=100"), "ifcfg-bond0:2: BONDING_OPTS is not quoted"),
    "blanks around =": (ifcfg('"mode = 1 miimon = 100"'), "none around ="),
    "commas between": (ifcfg('"mode=1, miimon=100"'), "not at , or ;"),
    "typographic quotes": (ifcfg("“mode=1 miimon=100”"), "ifcfg-bond0:2: wide or typographic"),
    "wide blanks": (ifcfg('"mode=1　miimon=100"'), "ifcfg-bond0:2: wide or typographic"),
    "blanks around the assignment": (
        {"ifcfg-bond0": 'DEVICE = bond0\nBONDING_OPTS="mode=1 miimon=100"\n', **PORTS},
        "ifcfg-bond0:1: DEVICE = bond0: a shell takes no blanks",
    ),
    "lacp_rate outside 802.3ad": (
        ifcfg('"mode=1 miimon=100 lacp_rate=fast"'),
        "ifcfg-bond0:2: lacp_rate=fast: the driver refuses it [EACCES]",
    ),
    "primary in a mode without": (
        ifcfg('"mode=0 miimon=100 primary=eth0"'),
        "ifcfg-bond0:2: primary=eth0: the driver refuses it [EACCES]",
    ),
    "primary that is no port": (
        ifcfg('"mode=1 miimon=100 primary=eth7"'),
        "ifcfg-bond0:2: bond0: primary is eth7: it is no port of bond0 (eth0, eth1)",
    ),
    "a switch that must know": (ifcfg('"mode=0 miimon=100"'), "bond0: the mode is balance-rr"),
    "updelay without miimon": (
        ifcfg('"mode=1 updelay=200"'),
        "ifcfg-bond0:2: updelay=200: the driver refuses it [EPERM]",
    ),
    "updelay that is no multiple": (
        ifcfg('"mode=1 miimon=100 updelay=250"'),
        "ifcfg-bond0:2: bond0: updelay is 250: it is no multiple of miimon 100; it becomes 200 ms",
    ),
    "a value that is none": (
        ifcfg('"mode=1 miimon=100 xmit_hash_policy=layer5"'),
        "ifcfg-bond0:2: xmit_hash_policy=layer5",
    ),
    "no ports": (ifcfg('"mode=1 miimon=100"', ports={}), "ifcfg-bond0:1: bond0: it has no ports"),
    "a port listed twice": (
        {"interfaces": "iface bond0 inet manual\n bond-slaves eth0 eth1 eth0\n bond-mode 1\n"},
        "interfaces:2: eth0 is listed twice",
    ),
    "a port of two bonds": (
        {
            "setup.sh": "ip link add b0 type bond\nip link add b1 type bond\n"
            "ip link set eth0 master b0\nip link set eth0 master b1\n"
        },
        "setup.sh:4: eth0 joins b1: it is a port of b0 already",
    ),
    "an option said twice": (
        ifcfg('"mode=1 miimon=100 miimon=50"'),
        "ifcfg-bond0:2: bond0: miimon is said twice",
    ),
    "an address that is none": (
        ifcfg('"mode=1 miimon=100"', more="IPADDR=192.168.101.X\n"),
        "ifcfg-bond0:2: address '192.168.101.X' is left out",
    ),
    "an MTU that is none": (
        ifcfg('"mode=1 miimon=100"', more="MTU=90000\n"),
        "ifcfg-bond0:2: MTU '90000' is left out",
    ),
    "more aliases than bonds": (
        {"modprobe.d/b.conf": "alias bond0 bonding\nalias bond1 bonding\noptions bonding mode=1\n"},
        "there are aliases for bond0, bond1: the module makes 1",
    ),
    "max_bonds without aliases": (
        {"modprobe.d/b.conf": "alias bond0 bonding\noptions bonding max_bonds=2 mode=1\n"},
        "b.conf:2: max_bonds makes bond1, and there is no alias bond1 bonding",
    ),
    "options of a bond without alias": (
        {"modprobe.d/b.conf": "options bond0 mode=1 miimon=100\n"},
        "b.conf:1: options bond0 without an alias",
    ),
    "an interface that netplan does not know": (
        {"01.yaml": NETPLAN},
        "01.yaml:7: bond0 has the unknown interface eth1",
    ),
    "seconds meant as milliseconds": (
        {"b.netdev": NETDEV},
        "b.netdev:6: [Bond] MIIMonitorSec=100: a bare number is seconds",
    ),
    "a time that networkd does not send": (
        {
            "b.netdev": "[NetDev]\nName=b\nKind=bond\n[Bond]\nMode=balance-alb\n"
            "LearnPacketIntervalSec=5\n"
        },
        "b.netdev:6: b: lp_interval: networkd sets it only together with ARPIntervalSec",
    ),
    "an option that ifenslave forgets": (
        {"interfaces": "iface b inet manual\n bond-slaves eth0\n bond-mode 4\n bond-min-links 2\n"},
        "interfaces:4: bond-min-links 2: Debian's ifenslave takes no notice",
    ),
    "a comment behind a value in interfaces": (
        {"interfaces": "iface b inet manual\n bond-slaves eth0 eth1 # both\n bond-mode 4\n"},
        "interfaces:2: # both: ifupdown knows comments at the beginning",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_told_where_it_stands(name):
    files, words = MISTAKES[name]
    assert any(words in text for text in told(files)), told(files)


IGNORED = {
    "a gateway": (
        ifcfg('"mode=1 miimon=100"', more="GATEWAY=10.0.0.1\n"),
        "ifcfg-bond0:2: GATEWAY",
    ),
    "dhcp": (
        ifcfg('"mode=1 miimon=100"', more="BOOTPROTO=dhcp\n"),
        "ifcfg-bond0:2: BOOTPROTO=dhcp",
    ),
    "an address of the hardware": (
        {
            **ifcfg('"mode=1 miimon=100"'),
            "ifcfg-eth2": "DEVICE=eth2\nHWADDR=02:00:00:00:00:01\nMASTER=bond0\nSLAVE=yes\n",
        },
        "ifcfg-eth2:2: HWADDR=02:00:00:00:00:01: it only picks the file for a card",
    ),
    "a MAC address for a port": (
        {
            **ifcfg('"mode=1 miimon=100"'),
            "ifcfg-eth2": "DEVICE=eth2\nMACADDR=02:00:00:00:00:01\nMASTER=bond0\nSLAVE=yes\n",
        },
        "ifcfg-eth2:2: MAC address 02:00:00:00:00:01 of eth2: bond0 gives its ports its own",
    ),
    "an unknown option": (
        ifcfg('"mode=1 mimon=100"'),
        "ifcfg-bond0:2: mimon=100: did you mean 'miimon'?",
    ),
    "an unknown parameter of netplan": (
        {"01.yaml": NETPLAN},
        "01.yaml:10: bond0: mii-monitor-intervall: 100: did you mean 'mii-monitor-interval'?",
    ),
    "another module": (
        {"modprobe.d/b.conf": "alias bond0 bonding\noptions ixgbe RSS=1\n"},
        "b.conf:2: options ixgbe",
    ),
    "a route in a script": (
        {"setup.sh": "ip link add bond0 type bond\nip route add default via 10.0.0.1\n"},
        "setup.sh:2: ip route add default via 10.0.0.1",
    ),
    "an interface without bond": (
        {**ifcfg('"mode=1 miimon=100"'), "ifcfg-lo": "DEVICE=lo\n"},
        "ifcfg-lo: the interface lo",
    ),
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_not_used_is_told_where_it_stands(name):
    files, words = IGNORED[name]
    ignored = told(files, Kind.IGNORED)
    assert any(words in text for text in ignored), ignored


@pytest.mark.parametrize(
    "options",
    ["mode=1 miimon=100", '"mode = 1 miimon = 100"', '"mode=1, miimon=100"', "“mode=1 miimon=100”"],
)
def test_options_in_bad_quotes_are_read_as_meant(options):
    assert one(ifcfg(options)).options == {"mode": "active-backup", "miimon": "100"}


def test_of_two_monitors_the_one_of_the_carrier_stays():
    files = ifcfg('"mode=1 miimon=100 arp_interval=1000 arp_validate=all"')
    assert one(files).options == {"mode": "active-backup", "miimon": "100"}


def test_a_good_file_is_told_nothing():
    assert read(ifcfg('"mode=1 miimon=100 primary=eth0"'))[1] == []


def test_what_the_driver_refuses_is_left_out():
    config = one(ifcfg('"mode=1 miimon=100 lacp_rate=fast primary=eth0"'))
    assert config.options == {"mode": "active-backup", "miimon": "100", "primary": "eth0"}
