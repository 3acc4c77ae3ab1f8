"""Each format as people write it by hand: units, spellings and switches of its own."""

import json

import pytest
from configs import one, read, source

from pybondd.config.bond_config import BondConfig
from pybondd.config.dialects import dialect_of

LACP = BondConfig(
    "bond0",
    ("eth0", "eth1"),
    {
        "mode": "802.3ad",
        "miimon": "100",
        "updelay": "200",
        "xmit_hash_policy": "layer3+4",
        "lacp_rate": "fast",
    },
    addresses=("192.0.2.10/24",),
    mtu=9000,
)

WRITTEN = {
    "netplan": {
        "50-bond.yaml": """
network:
  version: 2
  renderer: networkd
  ethernets:
    eth0: {dhcp4: false}
    eth1: {dhcp4: no}
  bonds:
    bond0:
      interfaces: [eth0, eth1]
      addresses:
        - 192.0.2.10/24
      mtu: 9000
      parameters:
        mode: 802.3ad
        lacp-rate: fast
        mii-monitor-interval: 100
        up-delay: 200ms
        transmit-hash-policy: layer3+4
"""
    },
    "networkd": {
        "25-bond.netdev": "[NetDev]\nName=bond0\nKind=bond\nMTUBytes=9000\n\n[Bond]\n"
        "Mode=802.3ad\nLACPTransmitRate=fast\nMIIMonitorSec=0.1\nUpDelaySec=200ms\n"
        "TransmitHashPolicy=layer3+4\n",
        "30-ports.network": "[Match]\nName=eth0 eth1\n\n[Network]\nBond=bond0\n",
        "35-bond.network": "[Match]\nName=bond0\n\n[Address]\nAddress=192.0.2.10/24\n",
    },
    "nmconnection": {
        "bond0.nmconnection": "[connection]\nid=bond0\nuuid=6e1\ntype=bond\n"
        "interface-name=bond0\n\n[bond]\nlacp_rate=1\nmiimon=100\nmode=4\nupdelay=200\n"
        "xmit_hash_policy=layer3+4\n\n[ethernet]\nmtu=9000\n\n[ipv4]\n"
        "address1=192.0.2.10/24,192.0.2.1\nmethod=manual\n",
        "a.nmconnection": "[connection]\nid=a\ntype=ethernet\ninterface-name=eth0\n"
        "controller=bond0\nport-type=bond\n",
        "b.nmconnection": "[connection]\nid=b\ntype=ethernet\ninterface-name=eth1\n"
        "master=bond0\nslave-type=bond\n",
    },
    "ifupdown": {
        "interfaces": "auto lo\niface lo inet loopback\n\nauto bond0\niface bond0 inet static\n"
        "    address 192.0.2.10\n    netmask 255.255.255.0\n    mtu 9000\n"
        "    bond-slaves none\n    bond-mode 4\n    bond_miimon 100\n    bond-updelay 200\n"
        "    bond-lacp-rate 1\n    bond-xmit_hash_policy layer3+4\n\n"
        "iface eth0 inet manual\n    bond-master bond0\n"
        "iface eth1 inet manual\n    bond-master bond0\n"
    },
    "ifcfg": {
        "ifcfg-bond0": "DEVICE='bond0'\nTYPE=Bond\nIPADDR0=192.0.2.10\nPREFIX0=24\nMTU=9000\n"
        'BONDING_OPTS="mode=4 miimon=100 \\\nupdelay=200 lacp_rate=1 xmit_hash_policy=1"\n',
        "ifcfg-eth0": 'DEVICE=eth0\nMASTER="bond0"\nSLAVE="yes"\n',
        "ifcfg-eth1": "DEVICE=eth1\nMASTER=bond0\nSLAVE=yes\n",
    },
    "ifcfg of SUSE": {
        "ifcfg-bond0": "BONDING_MASTER='yes'\nIPADDR='192.0.2.10/24'\nMTU='9000'\n"
        "BONDING_MODULE_OPTS='mode=802.3ad miimon=100 updelay=200 lacp_rate=fast "
        "xmit_hash_policy=layer3+4'\nBONDING_SLAVE0='eth0'\nBONDING_SLAVE_1='eth1'\n"
    },
    "ip": {
        "bond.sh": "#!/bin/sh\nmodprobe bonding\n"
        "ip link add name bond0 mtu 9000 type bond mode 802.3ad miimon 100 \\\n"
        "    updelay 200 lacp_rate fast\n"
        "sudo ip link set dev bond0 type bond xmit_hash_policy layer3+4\n"
        "ip link set eth0 down && true\n"
        "ip link set eth0 master bond0\nip l set dev eth1 down master bond0 up\n"
        "/sbin/ip -4 addr add 192.0.2.10/24 dev bond0\nip link set bond0 up\n"
    },
    "ip through sysfs": {
        "bond.sh": "echo +bond0 > /sys/class/net/bonding_masters\n"
        "echo 4 > /sys/class/net/bond0/bonding/mode\n"
        "echo 100 >/sys/class/net/bond0/bonding/miimon\n"
        "echo 200 > /sys/class/net/bond0/bonding/updelay\n"
        "echo fast > /sys/class/net/bond0/bonding/lacp_rate\n"
        "echo layer3+4 > /sys/class/net/bond0/bonding/xmit_hash_policy\n"
        "echo +eth0 > /sys/class/net/bond0/bonding/slaves\n"
        "echo +eth1 > /sys/class/net/bond0/bonding/slaves\n"
        "ifconfig bond0 192.0.2.10 netmask 255.255.255.0 mtu 9000 up\n"
    },
    "sysfs": {
        "/sys/class/net/bond0/bonding": "mode=802.3ad 4\nmiimon=100\nupdelay=200\ndowndelay=0\n"
        "lacp_rate=fast 1\nxmit_hash_policy=layer3+4 1\nslaves=eth0 eth1\nad_select=stable 0\n"
        "ad_aggregator=1\nqueue_id=eth0:0 eth1:0\nnum_grat_arp=1\nmtu=9000\n",
        "address.sh": "ip addr add 192.0.2.10/24 dev bond0\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_bond_is_read_from_every_format(name):
    assert one(WRITTEN[name]) == LACP


@pytest.mark.parametrize("name", WRITTEN)
def test_the_format_is_found_by_the_file(name):
    first = next(iter(WRITTEN[name].items()))
    assert dialect_of(source(*first)).name == name.split()[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIIMonitorSec=1", {"miimon": "1000"}),
        ("MIIMonitorSec=100ms", {"miimon": "100"}),
        ("MIIMonitorSec=1s 500ms", {"miimon": "1500"}),
        ("LearnPacketIntervalSec=5", {"lp_interval": "5"}),
        ("AllSlavesActive=true", {"all_slaves_active": "1"}),
        ("ARPIntervalSec=1\nARPIPTargets=10.0.0.1 10.0.0.2",
         {"arp_interval": "1000", "arp_ip_target": "10.0.0.1,10.0.0.2"}),
        ("ARPIntervalSec=1\nARPIPTargets=10.0.0.9\nARPIPTargets=\nARPIPTargets=10.0.0.1",
         {"arp_interval": "1000", "arp_ip_target": "10.0.0.1"}),
    ],
)  # fmt: skip
def test_networkd_counts_in_seconds_and_adds_up_lists(text, expected):
    netdev = f"[NetDev]\nName=bond0\nKind=bond\n[Bond]\nMode=active-backup\n{text}\n"
    assert one({"b.netdev": netdev}).options == {"mode": "active-backup", **expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mii-monitor-interval: 1s", {"miimon": "1000"}),
        ("mii-monitor-interval: 50", {"miimon": "50"}),
        ("learn-packet-interval: 5", {"lp_interval": "5"}),
        ("all-members-active: yes", {"all_slaves_active": "1"}),
        ("gratuitious-arp: 3", {"num_grat_arp": "3"}),
        ("primary: eth0", {"primary": "eth0"}),
    ],
)
def test_netplan_counts_in_milliseconds_and_knows_its_old_spellings(text, expected):
    bond = f"{{interfaces: [eth0], parameters: {{mode: active-backup, {text}}}}}"
    yaml = f"network:\n  ethernets: {{eth0: {{}}}}\n  bonds:\n    bond0: {bond}\n"
    assert one({"b.yaml": yaml}).options == {"mode": "active-backup", **expected}


def test_options_of_ports_are_read_where_a_format_has_them():
    script = "ip link add bond0 type bond mode 1 miimon 100\nip link set eth0 master bond0\n"
    script += "ip link set eth0 type bond_slave prio -5 queue_id 2\n"
    keyfile = "[connection]\ntype=ethernet\ninterface-name=eth0\nmaster=bond0\nslave-type=bond\n"
    keyfile += "[bond-port]\nprio=-5\nqueue-id=2\n"
    bond = "[connection]\ntype=bond\ninterface-name=bond0\n[bond]\nmode=1\nmiimon=100\n"
    by_ip = one({"b.sh": script})
    assert by_ip.port_options == {"eth0": {"prio": "-5", "queue_id": "2"}}
    assert one({"b.nmconnection": bond, "e.nmconnection": keyfile}) == by_ip


def test_networkmanager_has_a_monitor_of_its_own_so_none_is_missed():
    bond = "[connection]\ntype=bond\ninterface-name=bond0\n[bond]\nmode=1\n"
    port = "[connection]\ntype=ethernet\ninterface-name=eth0\nmaster=bond0\nslave-type=bond\n"
    assert read({"b.nmconnection": bond, "e.nmconnection": port})[1] == []


def test_a_port_that_was_taken_out_again_is_no_port():
    script = (
        "ip link add bond0 type bond\nip link set eth0 master bond0\nip link set eth0 nomaster\n"
    )
    assert one({"b.sh": script}).ports == ()


def test_files_are_read_together_whatever_their_order():
    files = WRITTEN["networkd"]
    backwards = dict(reversed(files.items()))
    assert one(backwards) == one(files)
    assert json.dumps(list(files)) != json.dumps(list(backwards))


def test_an_interface_may_say_bond_slaves_all():
    text = "iface eth0 inet manual\niface eth1 inet manual\n"
    text += "iface bond0 inet manual\n bond-slaves all\n bond-mode 1\n bond-miimon 100\n"
    assert one({"interfaces": text}).ports == ("eth0", "eth1")


def test_a_line_of_modprobe_d_goes_on_behind_a_backslash():
    text = "alias bond0 bonding\noptions bond0 mode=1 \\\n    miimon=100\n"
    assert one({"modprobe.d/b.conf": text}).options == {"mode": "active-backup", "miimon": "100"}


def test_a_short_name_that_ip_takes_for_a_word_is_told():
    """`ip link add b` is read as `broadcast`, by iproute2 too."""
    bonds, notes = read({"b.sh": "ip link add b type bond mode 1\n"})
    assert bonds == []
    assert "b.sh:1: ip link add b type bond mode 1" in str(notes[0])


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["Unix", "Windows", "old Mac"])
def test_lines_count_the_same_whatever_ends_them(line_end):
    text = line_end.join(["DEVICE=bond0", "GATEWAY=10.0.0.1", "BONDING_OPTS=mode=1", ""])
    _, notes = read({"ifcfg-bond0": text})
    assert "ifcfg-bond0:2: GATEWAY" in str(notes[0])


def test_a_line_of_interfaces_goes_on_behind_a_backslash():
    text = "iface bond0 inet manual\n bond-mode 1\n bond-slaves eth0 \\\n  eth1\n bond-miimon 100\n"
    assert one({"interfaces": text}).ports == ("eth0", "eth1")


def test_what_is_so_at_the_moment_is_no_configuration():
    files = "mode=active-backup 1\nmiimon=100\nactive_slave=eth1\nmii_status=up\nslaves=eth0 eth1\n"
    config = one({"/sys/class/net/bond0/bonding": files})
    assert config.options == {"mode": "active-backup", "miimon": "100"}
