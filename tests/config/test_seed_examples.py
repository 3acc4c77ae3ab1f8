"""The examples that how-tos on the web give, with their comments and their slips: all import."""

import pytest
from configs import one, read, told

from pybondd.config.bond_config import BondConfig

PORT = "DEVICE={}\nNM_CONTROLLED=no\nONBOOT=yes\nMASTER=bond0      # 与上面的一致\nSLAVE=yes\n"

BALANCE_ALB = {
    "ifcfg-bond0": "DEVICE=bond0\nTYPE=Bond\nIPADDR=192.168.101.80\nNETMASK=255.255.255.0\n"
    "GATEWAY=192.168.101.1\nDNS1=114.114.114.114\nUSERCTL=no\nBOOTPROTO=none\nONBOOT=yes\n"
    'BONDING_MASTER=yes\nBONDING_OPTS="mode=6 miimon=100"\n',
    "ifcfg-ens33": PORT.format("ens33"),
    "ifcfg-ens37": PORT.format("ens37"),
}
ACTIVE_BACKUP = {
    "ifcfg-bond0": "DEVICE=bond0\nIPADDR=10.211.100.10\nNETMASK=255.255.255.0\nONBOOT=yes\n"
    'BOOTPROTO=none\nUSERCTL=no\nNM_CONTROLLED=no\nBONDING_OPTS="mode=1 miimon=200"\n',
    "ifcfg-eno3": "NAME=eno3\n" + PORT.format("eno3") + "UESCTL=no\nBROWSER_ONLY=no\n",
    "ifcfg-eno4": "NAME=eno4\n" + PORT.format("eno4"),
}
OLD_STYLE = {
    "ifcfg-bond0": "DEVICE=bond0\nBOOTPROTO=none\nONBOOT=yes\nIPADDR=192.168.0.100\n"
    "NETMASK=255.255.255.0\nNETWORK=192.168.0.0\nBROADCAST=192.168.0.255\n#BROADCAST广播地址\n",
    "ifcfg-eth0": "DEVICE=eth0\nBOOTPROTO=none\nMASTER=bond0\nSLAVE=yes\n",
    "ifcfg-eth1": "DEVICE=eth1\nBOOTPROTO=none\nMASTER=bond0\nSLAVE=yes\n",
    "modprobe.d/bonding.conf": "#追加\nalias bond0 bonding\noptions bonding mode=0 miimon=200\n",
    "rc.local": "#追加\nifenslave bond0 eth0 eth1\nroute add default gw 192.168.0.1\n",
}
REMARKED = {
    "ifcfg-bond0": "DEVICE=bond0 #设备名称\nBOOTPROTO=static #不启用DHCP\nONBOOT=yes #开机自启动\n"
    "IPADDR=192.168.101.7 #网卡阵列的ip地址\nNETMASK=255.255.255.0 #掩码\n",
    "ifcfg-eth0": "MASTER=bond0\nSLAVE=yes\nBOOTPROTO=static #配置静态地址\nONBOOT=yes\n",
    "modprobe.d/dist.conf": "alias bond0 bonding\n"
    "options bond0 miimon=100 mode=1(miimon用来进行链路监测)\nalias net-pf-10 off #关闭ipv6\n",
}
ARP = "alias bond0 bonding\noptions bond0 mode=1 arp_interval=500 "
ARP += "arp_ip_target=192.168.101.254 arp_validate=all primary=eth0\n"
COMMANDS = (
    "modprobe bonding      // 加载内核模块\n"
    "ifenslave bond0 eth0 eth1      // 绑定网卡\n"
    "ifconfig bond0 192.168.0.1 netmask 255.255.0.0    // 配置IP\n"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            BALANCE_ALB,
            BondConfig(
                "bond0",
                ("ens33", "ens37"),
                {"mode": "balance-alb", "miimon": "100"},
                addresses=("192.168.101.80/24",),
            ),
            id="mode 6 on RHEL 6",
        ),
        pytest.param(
            ACTIVE_BACKUP,
            BondConfig(
                "bond0",
                ("eno3", "eno4"),
                {"mode": "active-backup", "miimon": "200"},
                addresses=("10.211.100.10/24",),
            ),
            id="mode 1 on RHEL 7",
        ),
        pytest.param(
            OLD_STYLE,
            BondConfig(
                "bond0",
                ("eth0", "eth1"),
                {"mode": "balance-rr", "miimon": "200"},
                addresses=("192.168.0.100/24",),
            ),
            id="options in modprobe.d and ifenslave in rc.local",
        ),
        pytest.param(
            REMARKED,
            BondConfig(
                "bond0",
                ("eth0",),
                {"mode": "active-backup", "miimon": "100"},
                addresses=("192.168.101.7/24",),
            ),
            id="remarks right behind the values",
        ),
        pytest.param(
            {"modprobe.d/bond.conf": ARP},
            BondConfig(
                "bond0",
                (),
                {
                    "mode": "active-backup",
                    "arp_interval": "500",
                    "arp_ip_target": "192.168.101.254",
                    "arp_validate": "all",
                    "primary": "eth0",
                },
            ),
            id="the ARP monitor in modprobe.d",
        ),
        pytest.param(
            {"setup.sh": COMMANDS},
            BondConfig(
                "bond0", ("eth0", "eth1"), {"mode": "balance-rr"}, addresses=("192.168.0.1/16",)
            ),
            id="ifenslave and ifconfig by hand",
        ),
    ],
)
def test_the_example_is_read_as_its_author_meant_it(files, expected):
    assert one(files) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-8"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("files", [BALANCE_ALB, OLD_STYLE, REMARKED], ids=["alb", "old", "remarks"])
def test_encoding_and_line_ends_do_not_matter(files, encoding, line_end):
    odd = {path: text.replace("\n", line_end).encode(encoding) for path, text in files.items()}
    assert read(odd)[0] == read(files)[0]


def test_a_file_in_gbk_is_told():
    notes = read({"ifcfg-bond0": "DEVICE=bond0 # 网卡\nBONDING_OPTS=mode=1\n".encode("gbk")})[1]
    assert "changed: ifcfg-bond0:1: not UTF-8: it was read as GBK" in [str(n) for n in notes]


TWO_BONDS = (
    "alias bond0 bonding\nalias bond1 bonding\noptions bonding max_bonds=2 miimon=200 mode=1\n"
)
STACKED = "alias bond0 bonding\noptions bonding mode=1 miimon=200\n"
STACKED += "alias bond1 bonding\noptions bonding mode=1 miimon=200\n"
OLD_INSTALL = "alias bond0 bonding\noptions bond0 miimon=100 mode=1\n"
OLD_INSTALL += "install bond1 /sbin/modprobe bonding -o bond1 miimon=200 mode=0\n"


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (TWO_BONDS, [("active-backup", "200"), ("active-backup", "200")]),
        (STACKED, [("active-backup", "200"), ("active-backup", "200")]),
        (OLD_INSTALL, [("active-backup", "100"), ("balance-rr", "200")]),
    ],
    ids=["max_bonds", "stacked options", "install with -o"],
)
def test_two_bonds_in_modprobe_d_are_both_read(text, options):
    bonds, _ = read({"modprobe.d/bonding.conf": text})
    assert [bond.name for bond in bonds] == ["bond0", "bond1"]
    assert [(bond.options["mode"], bond.options["miimon"]) for bond in bonds] == options


def test_stacked_options_are_a_mistake_that_is_told():
    mistakes = told({"modprobe.d/bonding.conf": STACKED})
    assert any("bonding.conf:4: options for bonding are given twice" in text for text in mistakes)
    assert any("there are aliases for bond0, bond1" in text for text in mistakes)


def test_minus_o_is_told_to_be_forgotten():
    mistakes = told({"modprobe.d/bonding.conf": OLD_INSTALL})
    assert any("bonding.conf:3: -o bond1" in text for text in mistakes)


def test_the_active_port_may_be_changed_and_a_port_taken_out_by_ifenslave():
    script = COMMANDS + "ifenslave -c bond0 eth1\nifenslave -d bond0 eth0\n"
    config = one({"setup.sh": "modprobe bonding mode=1 miimon=100\n" + script})
    assert config.ports == ("eth1",)
    assert config.options["active_slave"] == "eth1"
