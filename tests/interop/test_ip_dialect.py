"""Scripts written for the kernel's bonding driver, run unchanged with our `ip` first in PATH."""

import json
import os
import subprocess

import pytest
from bonded import SOURCE
from netns import eventually

pytestmark = pytest.mark.root

RECORDED = SOURCE / "tests/conformance/data/sysfs-netlink-errors.json"
CABLES = ("eth0", "eth1", "eth2")


class Scripted:
    """A namespace whose scripts find our `ip` first."""

    def __init__(self, bonded, directory):
        self.bonded = bonded
        self.directory = directory
        bonded.done("ip", "--install", str(directory))

    def run(self, script, *, shell="sh"):
        """The completed script."""
        path = f"{self.directory}:{os.environ['PATH']}"
        return subprocess.run(
            [*self.bonded.host.prefix, shell, "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.bonded.environment(PATH=path),
        )

    def done(self, script):
        """What a script that must succeed writes."""
        ended = self.run(script)
        assert ended.returncode == 0, ended.stderr
        assert not ended.stderr
        return ended.stdout

    def link(self, name):
        """One link, by our `ip -d -j`."""
        (link,) = json.loads(self.done(f"ip -d -j link show dev {name}"))
        return link


@pytest.fixture
def scripted(bonded, tmp_path):
    return Scripted(bonded, tmp_path / "bin")


USUAL = """
set -e
modprobe bonding 2>/dev/null || true
ip link add bond0 type bond mode active-backup miimon 100
ip link set bond0 type bond fail_over_mac none xmit_hash_policy layer2+3 num_grat_arp 3
for port in eth0 eth1; do
    ip link set dev $port down
    ip link set dev $port master bond0
done
ip link set dev bond0 mtu 1400 up
ip addr add 10.9.0.1/24 dev bond0
ip link set bond0 type bond primary eth1 updelay 200
ip link set dev eth0 type bond_slave prio 10 queue_id 2
ip -o link show master bond0 | wc -l
"""


def test_a_script_of_the_usual_kind_makes_a_bond_that_carries_traffic(scripted):
    bonded = scripted.bonded
    bonded.bridge()
    assert scripted.done(USUAL).split() == ["2"]
    assert "MASTER" in scripted.link("bond0")["flags"]
    assert eventually(lambda: "LOWER_UP" in scripted.link("bond0")["flags"])
    assert " 0% packet loss" in bonded.ping(5)
    bond, port = scripted.link("bond0"), scripted.link("eth0")
    assert bond["mtu"] == 1400
    shown = bond["linkinfo"]["info_data"]
    assert bond["linkinfo"]["info_kind"] == "bond"
    assert (shown["mode"], shown["miimon"], shown["updelay"]) == ("active-backup", 100, 200)
    assert (shown["primary"], shown["active_slave"]) == ("eth1", "eth1")
    assert (shown["num_peer_notif"], shown["xmit_hash_policy"]) == (3, "layer2+3")
    assert port["master"] == "bond0"
    assert "SLAVE" in port["flags"]
    assert port["linkinfo"]["info_slave_kind"] == "bond"
    assert port["linkinfo"]["info_slave_data"]["state"] == "BACKUP"
    assert (
        port["linkinfo"]["info_slave_data"]["prio"],
        port["linkinfo"]["info_slave_data"]["queue_id"],
    ) == (10, 2)
    text = scripted.done("ip -d link show eth1; ip -d addr show bond0")
    assert ",SLAVE," in text
    assert " master bond0 " in text
    assert "\n    bond_slave state ACTIVE mii_status UP " in text
    assert "\n    bond mode active-backup active_slave eth1 miimon 100 updelay 200 " in text
    assert "inet 10.9.0.1/24" in text
    scripted.done("ip link set eth1 nomaster && ip link show eth1 | grep -qv SLAVE")
    assert scripted.link("bond0")["linkinfo"]["info_data"]["active_slave"] == "eth0"
    scripted.done("ip link del dev bond0")
    assert "bond0" not in scripted.done("ip -br link")
    assert "master" not in scripted.link("eth0")


def test_a_bond_is_down_until_it_is_set_up_and_goes_down_again(scripted):
    scripted.done("ip link add bond0 address 02:00:00:00:00:99 type bond mode 4")
    assert "UP" not in scripted.link("bond0")["flags"]
    assert scripted.link("bond0")["address"] == "02:00:00:00:00:99"
    scripted.done("ip link set bond0 type bond lacp_rate fast min_links 2 ad_select count")
    scripted.done("ip link set bond0 up")
    refused = scripted.run("ip link set bond0 type bond lacp_rate slow")
    assert (refused.returncode, refused.stderr) == (
        2,
        "Error: unable to set option because the bond is up.\n",
    )
    scripted.done("ip link set bond0 down && ip link set bond0 type bond mode 1")
    data = scripted.link("bond0")["linkinfo"]["info_data"]
    assert (data["mode"], data["ad_lacp_rate"], data["min_links"]) == ("active-backup", "fast", 2)


def test_what_linux_refuses_is_refused_in_its_words_and_with_its_exit_code(scripted):
    """The recorded commands, one after the other, on interfaces that are down."""
    records = [each for each in json.loads(RECORDED.read_text()) if "cmd" in each]
    assert len(records) > 20
    scripted.done("ip link set eth0 down; ip link add eth2 type veth peer name p2")
    asks_arp = "arp_interval 100 arp_ip_target 10.0.0.1"
    if "not built" in scripted.run(f"ip link add bond0 type bond {asks_arp}").stderr:
        pytest.skip("the ARP monitor is not built")
    scripted.done("ip link del bond0")
    answers = [scripted.run(record["cmd"]) for record in records]
    told = [
        (r["cmd"], a.returncode, a.stderr.strip()) for r, a in zip(records, answers, strict=True)
    ]
    assert told == [(record["cmd"], record["rc"], record["out"]) for record in records]


WORDS = (
    "mode 9", "mode", "foo 1", "miimon x", "use_carrier on", "downdelay -1",
    "arp_ip_target 1.2.3,x", "ns_ip6_target 1.2.3.4", "primary nosuch", "ad_actor_system zz",
    "num_unsol_na 300", "lacp_active 7", "help",
)  # fmt: skip


def test_words_that_are_no_options_are_refused_as_the_real_ip_refuses_them(scripted):
    for words in WORDS:
        command = f"link add bond0 type bond {words}"
        ours, real = scripted.run(f"ip {command}"), scripted.run(f"/sbin/ip {command}")
        assert (ours.returncode, ours.stderr) == (real.returncode, real.stderr), words


def test_a_port_goes_from_one_master_to_another(scripted):
    scripted.done("ip link set eth0 down; ip link add bond0 type bond; ip link add type bond")
    scripted.done("ip link add br0 type bridge; ip link set eth0 master bond0")
    scripted.done("ip link set eth0 master bond0")
    scripted.done("ip link set eth0 master bond1")
    assert scripted.link("eth0")["master"] == "bond1"
    scripted.done("ip link set eth0 master br0")
    assert scripted.link("eth0")["linkinfo"]["info_slave_kind"] == "bridge"
    scripted.done("ip link set eth0 master bond0")
    assert scripted.link("eth0")["linkinfo"]["info_slave_kind"] == "bond"
    assert scripted.done("ip -br link show type bond").count("MASTER") == 2
    scripted.done("ip link del bond0; ip link del bond1")


def test_a_batch_stops_at_the_line_that_fails_and_says_which(scripted, tmp_path):
    batch = tmp_path / "lines"
    batch.write_text(
        "link add bond0 type bond mode 1\n# a comment\nlink set dev lo up\n"
        "link set bond0 type bond lacp_rate fast\nlink del bond0\n"
    )
    ended = scripted.run(f"ip -batch {batch}")
    assert (ended.returncode, ended.stderr.splitlines()) == (
        1,
        ["Error: option not supported in mode.", f"Command failed {batch}:4"],
    )
    assert "MASTER" in scripted.link("bond0")["flags"]
    assert scripted.run(f"ip -force -batch - < {batch}").returncode == 1
    assert scripted.run("ip link show bond0").returncode == 1


def test_output_and_exit_code_of_everything_else_are_the_real_ones(scripted):
    commands = (
        "-V", "route show table all", "link show nosuch", "-j addr show dev lo", "link help",
        "addr add 10.0.0.300/24 dev lo", "-batch /nosuch", "nosuch",
    )  # fmt: skip
    for command in commands:
        ours, real = scripted.run(f"ip {command}"), scripted.run(f"/sbin/ip {command}")
        assert (ours.returncode, ours.stdout, ours.stderr) == (
            real.returncode,
            real.stdout,
            real.stderr,
        ), command


def test_ifenslave_puts_ports_in_and_out_and_changes_the_active_one(scripted):
    scripted.done("ip link add bond0 type bond mode active-backup miimon 100")
    scripted.done("ip link set bond0 up; ifenslave bond0 eth0 eth1; ifenslave -c bond0 eth1")
    assert scripted.link("bond0")["linkinfo"]["info_data"]["active_slave"] == "eth1"
    assert "bond0" in scripted.done("ifenslave -a")
    scripted.done("ifenslave -d bond0 eth1")
    assert scripted.link("bond0")["linkinfo"]["info_data"]["active_slave"] == "eth0"


def test_a_bond_in_a_named_namespace_is_made_and_shown_from_outside(scripted):
    name = f"pybondd-dialect-{os.getpid()}"
    scripted.done(f"ip netns add {name}")
    try:
        scripted.done(f"ip -n {name} link add bond0 type bond mode 4")
        assert "MASTER" in scripted.done(f"ip -n {name} -br link show type bond")
        assert "MASTER" in scripted.done(f"ip netns exec {name} ip link show bond0")
        assert "bond0" not in scripted.done("ip -br link")
        scripted.done(f"ip -n {name} link del bond0")
    finally:
        scripted.done(f"ip netns del {name}")
