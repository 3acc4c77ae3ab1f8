"""A real bond in a namespace of its own: up, traffic, a cut cable, down; and what it says."""

import json
import os
import re
import threading
import time
from functools import partial

import pytest
from bonded import is_alive
from netns import eventually

pytestmark = pytest.mark.root

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")


def lost(summary: str) -> int:
    sent, received = (
        int(n) for n in re.findall(r"(\d+) (?:packets transmitted|received)", summary)
    )
    return sent - received


def lost_while(bonded, deed) -> int:
    """Probes lost of 1000 at 1000 a second, if this happens in the middle."""
    summaries = []
    pinging = threading.Thread(target=lambda: summaries.append(bonded.ping(1000, 0.001)))
    pinging.start()
    time.sleep(0.4)
    deed()
    pinging.join()
    return lost(summaries[0])


def test_a_bond_survives_a_cut_cable_and_gives_everything_back(bonded):
    bonded.bridge()
    before = bonded.snapshot()
    pid = bonded.up("--mode", "active-backup")
    assert lost(bonded.ping(20)) == 0
    losses = []
    for cable in ("p0", "p1", "p0"):
        losses.append(lost_while(bonded, partial(bonded.peer.ip, f"link set {cable} down")))
        bonded.peer.ip(f"link set {cable} up")
        assert eventually(lambda: all_up(bonded))
    # The middle one of three: a busy machine may hold up one `ip link set down`, which holds the
    # kernel's lock until it is done, so that nobody hears of the cut.
    assert sorted(losses)[1] <= 10
    assert bonded.status()["pybondd"]["failovers"] == 3
    bonded.done("down", "bond0")
    assert not is_alive(pid)
    assert bonded.returns_to(before)
    assert {path.name for path in bonded.run_directory.iterdir()} == {"bond0.log", "proc"}
    assert not list((bonded.run_directory / "proc/net/bonding").iterdir())


def all_up(bonded) -> bool:
    return all(port["info_slave_data"]["mii_status"] == "UP" for port in bonded.status()["ports"])


@pytest.mark.parametrize("mode", MODES)
def test_a_ping_between_two_bonds_loses_nothing_and_only_broadcast_doubles(bonded, mode):
    from bonded import PEER

    # Without a primary the two ends of an active-backup pair may settle on different cables.
    primary = {"active-backup": (["--primary", "eth0"], ["--primary", "p0"])}.get(mode, ([], []))
    bonded.up("--mode", mode, *primary[0])
    bonded.done("up", "bond1", "--mode", mode, *primary[1], "p0", "p1", where=bonded.peer)
    bonded.peer.ip(f"addr add {PEER}/24 dev bond1")
    bonded.ping(2)
    summary = bonded.ping(200, 0.01)
    assert lost(summary) == 0
    assert ("duplicates" in summary) is (mode == "broadcast")


def test_the_recovery_of_the_old_active_port_loses_nothing(bonded):
    bonded.bridge()
    bonded.up("--mode", "active-backup")
    bonded.peer.ip("link set p0 down")
    assert eventually(lambda: bonded.status()["linkinfo"]["info_data"]["active_slave"] == "eth1")
    bonded.ping(2)
    losses = lost_while(bonded, lambda: bonded.peer.ip("link set p0 up"))
    assert bonded.status()["ports"][0]["info_slave_data"]["mii_status"] == "UP"
    assert losses == 0


def test_up_says_what_it_did_and_detaches(bonded):
    told = bonded.done("up", "bond0", "--mode", "1", "eth0", "eth1")
    assert "miimon 100 ms by default" in told
    assert "eth0 was up; it was set down to join" in told
    pid = bonded.status()["pybondd"]["pid"]
    assert f"runs as process {pid}" in told
    assert os.getsid(pid) == pid
    with open(f"/proc/{pid}/comm") as title:
        assert title.read() == "pybondd-bond0\n"
    with open(f"/proc/{pid}/cmdline") as words:
        assert "pybondd.daemon" in words.read()
    assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"


def test_the_control_thread_goes_before_all_ordinary_work_and_the_data_thread_second(bonded):
    pid = bonded.up("--mode", "1")
    assert os.sched_getscheduler(pid) == os.SCHED_RR | os.SCHED_RESET_ON_FORK
    others = [int(thread) for thread in os.listdir(f"/proc/{pid}/task") if int(thread) != pid]
    kinds = [
        (os.sched_getscheduler(thread), os.getpriority(os.PRIO_PROCESS, thread))
        for thread in others
    ]
    assert kinds == [(os.SCHED_OTHER, -10)]


def test_kernel_defaults_leave_miimon_at_zero(bonded):
    told = bonded.done("up", "bond0", "--kernel-defaults", "eth0")
    assert "miimon" not in told
    assert bonded.done("get", "bond0", "miimon") == "0\n"
    assert bonded.done("get", "bond0", "mode") == "balance-rr 0\n"


def test_options_are_written_before_ports_join_except_those_that_name_ports(bonded):
    words = ["--mode=1", "--downdelay=200", "--miimon=50", "--active-slave=eth1", "--prio=eth1:7"]
    bonded.done("up", "bond0", *words, "eth0", "eth1")
    assert eventually(lambda: bonded.done("get", "bond0", "active_slave") == "eth1\n")
    assert bonded.done("get", "bond0", "downdelay") == "200\n"
    assert bonded.done("get", "bond0", "prio") == "eth0:0 eth1:7\n"


def test_status_json_has_iproute2s_keys_and_ours_beside(bonded):
    bonded.up("--mode", "active-backup")
    status = bonded.status()
    (link,) = json.loads(bonded.host.run("ip", "-d", "-j", "link", "show", "bond0"))
    for key in ("ifname", "ifindex", "address", "mtu"):
        assert status[key] == link[key]
    assert status["operstate"] == "UP"
    assert status["linkinfo"]["info_kind"] == "bond"
    assert status["linkinfo"]["info_data"]["miimon"] == 100
    assert [port["ifname"] for port in status["ports"]] == ["eth0", "eth1"]
    assert status["ports"][1]["info_slave_data"]["state"] == "BACKUP"
    extra = status["pybondd"]
    assert extra["datapath"]["kind"] in ("compiled", "pure")
    assert extra["table_generation"] > 0
    assert extra["since"] <= time.time()
    assert extra["isolation"] in ("tcx", "clsact")
    bonded.bridge()
    bonded.ping(5)
    assert bonded.status()["pybondd"]["counters"]["host_frames"] >= 5


def test_the_proc_file_is_what_status_proc_prints_and_follows_the_link(bonded):
    bonded.up("--mode", "active-backup")
    path = bonded.run_directory / "proc/net/bonding/bond0"
    assert path.read_text() == bonded.done("status", "bond0", "--proc")
    assert "Currently Active Slave: eth0\n" in path.read_text()
    bonded.peer.ip("link set p0 down")
    assert eventually(lambda: "Currently Active Slave: eth1\n" in path.read_text())


def test_options_follow_sysfs_and_several_are_written_or_none(bonded):
    bonded.up("--mode", "active-backup")
    bonded.done("set", "bond0", "miimon=50", "updelay=100", "primary=eth1")
    assert bonded.done("get", "bond0", "updelay") == "100\n"
    assert bonded.done("get", "bond0", "active_slave") == "eth1\n"
    refused = bonded.call("set", "bond0", "miimon=20", "lacp_rate=fast")
    assert refused.returncode == 1
    assert "EACCES" in refused.stderr
    assert bonded.done("get", "bond0", "miimon") == "50\n"


def test_ports_leave_and_join_a_running_bond_as_they_were(bonded):
    bonded.bridge()
    before = bonded.snapshot()
    bonded.up("--mode", "active-backup")
    bonded.done("remove", "bond0", "eth0")
    assert eventually(lambda: bonded.snapshot()["links"]["eth0"] == before["links"]["eth0"])
    assert lost(bonded.ping(20)) == 0
    bonded.done("add", "bond0", "eth0")
    bonded.done("activate", "bond0", "eth0")
    assert bonded.status()["linkinfo"]["info_data"]["active_slave"] == "eth0"
    assert lost(bonded.ping(20)) == 0


def test_a_users_mac_mtu_and_up_flag_of_the_bond_reach_the_ports(bonded):
    bonded.up("--mode", "active-backup")
    bonded.host.ip("link set bond0 mtu 1400")
    bonded.host.ip("link set bond0 address 02:00:00:00:00:99")

    def followed() -> bool:
        links = bonded.snapshot()["links"]
        return all(
            links[name]["mtu"] == 1400 and links[name]["address"] == "02:00:00:00:00:99"
            for name in ("eth0", "eth1")
        )

    assert eventually(followed)
    assert bonded.status()["mtu"] == 1400
    bonded.host.ip("link set bond0 down")
    assert eventually(lambda: bonded.status()["operstate"] == "DOWN")
    bonded.host.ip("link set bond0 up")
    assert eventually(lambda: bonded.status()["operstate"] == "UP")


def test_events_tell_the_failover_with_its_cause(bonded):
    bonded.up("--mode", "active-backup")
    bonded.peer.ip("link set p0 down")
    assert eventually(lambda: any("definitely down" in text for text in bonded.events()))
    told = bonded.done("events", "bond0", "-v")
    line = next(line for line in told.splitlines() if "definitely down" in line)
    assert "(slave eth0)" in line
    assert "<- link of eth0: up, no carrier" in line
    assert "-> PublishTable" in told
    assert bonded.status()["pybondd"]["failovers"] == 1
    assert "definitely down" in (bonded.run_directory / "bond0.log").read_text()


@pytest.mark.parametrize("signal", ["TERM", "INT"])
def test_a_signal_is_an_orderly_down(bonded, signal):
    before = bonded.snapshot()
    pid = bonded.up("--mode", "active-backup")
    bonded.host.run("kill", f"-{signal}", str(pid))
    assert eventually(lambda: not is_alive(pid))
    assert bonded.returns_to(before)
    assert not (bonded.run_directory / "bond0.json").exists()


def test_the_foreground_service_ends_on_ctrl_c_and_restores(bonded):
    before = bonded.snapshot()
    process = bonded.host.start(
        *bonded.words("up", "bond0", "--mode", "1", "-f", "eth0", "eth1")[2:],
        env=bonded.environment(),
    )
    assert eventually(lambda: (bonded.run_directory / "bond0.sock").exists())
    assert bonded.status()["linkinfo"]["info_data"]["mode"] == "active-backup"
    process.send_signal(2)
    assert process.wait(10) == 0
    assert bonded.returns_to(before)
