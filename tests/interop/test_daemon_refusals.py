"""Bad input: one line what, one why, one what to do, its exit code, and nothing changed."""

import os
import socket
import subprocess

import pytest
from netns import eventually

pytestmark = pytest.mark.root

REFUSED, USAGE, NOT_RUNNING, NO_PRIVILEGE = 1, 2, 3, 4


def told(ended, code: int, *pieces: str) -> None:
    """A refusal in three lines with this exit code and these words."""
    assert ended.returncode == code, ended.stderr + ended.stdout
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 3, ended.stderr
    assert lines[0].startswith("pybondd: ")
    for piece in pieces:
        assert piece in ended.stderr


def set_up(bonded, *commands: str) -> None:
    for command in commands:
        bonded.host.run("sh", "-c", command)


@pytest.mark.parametrize(
    ("setting", "words", "code", "pieces"),
    [
        ("", "up bond0 --mode active-backp eth0", USAGE, ["did you mean 'active-backup'?"]),
        ("", "up bond0 --mode 7 eth0", USAGE, ["invalid value '7'", "EINVAL"]),
        ("", "up bond0 --mimon 100 eth0", USAGE, ["unknown option", "did you mean 'miimon'?"]),
        ("", "up bond0 --miimon -1 eth0", USAGE, ["miimon: invalid value '-1'"]),
        ("", "up bond0 --xmit-hash-policy layer3 eth0", USAGE, ["did you mean 'layer3+4'?"]),
        ("", "up bond0 --mode 1 --lacp-rate fast eth0", REFUSED, ["EACCES", "802.3ad"]),
        ("", "up bond0 --mode 1 --packets-per-slave 2 eth0", REFUSED, ["EACCES", "balance-rr"]),
        ("", "up bond0 --kernel-defaults --updelay 100 eth0", REFUSED, ["EPERM", "set miimon"]),
        ("", "up bond0 --arp-interval 100 eth0", USAGE, ["arp_interval is not built yet"]),
        ("", "up bond0 --mode 1 --active-slave eth9 eth0", REFUSED, ["ENODEV", "eth9"]),
        ("", "up bond0 --mode 1 --queue-id eth0:99 eth0", REFUSED, ["EPERM"]),
        ("", "up bond0 eth0 eth7", REFUSED, ["no interface eth7", "ENODEV", "did you mean"]),
        ("", "up bond0 eth0 lo", REFUSED, ["loopback", "EPERM"]),
        ("", "up bond0 eth0 eth0", USAGE, ["named twice"]),
        ("", "up bond0123456789ab eth0", USAGE, ["at most 15"]),
        ("", "up ../bond0 eth0", USAGE, ["cannot be the name of a bond"]),
        ("", "up eth1 eth0", REFUSED, ["eth1 exists already", "EEXIST"]),
        ("ip link add gre1 type dummy; ip link del gre1; ip tuntap add tun0 mode tun",
         "up bond0 eth0 tun0", REFUSED, ["no Ethernet interface", "EINVAL"]),
        ("ip addr add 192.0.2.1/24 dev eth1", "up bond0 eth0 eth1", REFUSED,
         ["eth1 cannot be a port", "it has IP addresses", "ip addr flush dev eth1"]),
        ("ip link add br0 type bridge; ip link set eth1 master br0", "up bond0 eth0 eth1",
         REFUSED, ["br0 owns it", "EBUSY", "nomaster"]),
        ("ip route add default dev eth1", "up bond0 eth0 eth1", REFUSED,
         ["default route", "--yes-cut-me-off"]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("up") else "",
)  # fmt: skip
def test_up_refuses_and_changes_nothing(bonded, setting, words, code, pieces):
    if setting:
        set_up(bonded, setting)
    before = bonded.snapshot()
    told(bonded.call(*words.split()), code, *pieces)
    assert bonded.snapshot() == before
    assert not [path for path in bonded.run_directory.iterdir() if path.suffix != ".log"]


def test_a_port_with_the_default_route_joins_when_that_is_wanted(bonded):
    set_up(bonded, "ip route add default dev eth1")
    bonded.done("up", "bond0", "--yes-cut-me-off", "eth1")
    assert [port["ifname"] for port in bonded.status()["ports"]] == ["eth1"]


@pytest.mark.parametrize(
    ("words", "code", "pieces"),
    [
        ("set bond0 miimon=abc", USAGE, ["invalid value 'abc'", "EINVAL"]),
        ("set bond0 mode=balance-xor", REFUSED, ["ENOTEMPTY", "pybondd remove bond0"]),
        ("set bond0 mode=balance-tlb", REFUSED, ["ENOTEMPTY", "bond0 has ports"]),
        ("set bond0 lacp_rate=bogus", REFUSED, ["EACCES"]),
        ("set bond0 fail_over_mac=active", REFUSED, ["ENOTEMPTY"]),
        ("set bond0 arp_interval=100", USAGE, ["not built yet"]),
        ("set bond0 miimon=20 updelay=20 packets_per_slave=2", REFUSED, ["EACCES"]),
        ("set bond0 prio=eth9:1", REFUSED, ["ENODEV", "port:number"]),
        ("set bond0 queue_id=eth0:17", REFUSED, ["EPERM"]),
        ("set bond0 active_slave=eth9", REFUSED, ["ENODEV", "no interface of this name"]),
        ("set bond0 active_slave=spare0", REFUSED, ["EINVAL", "no port of bond0"]),
        ("activate bond0 eth9", REFUSED, ["eth9 is no port of bond0", "did you mean"]),
        ("remove bond0 eth1 eth9", REFUSED, ["eth9 is no port of bond0"]),
        ("add bond0 eth0", REFUSED, ["it is a port of this bond already", "EBUSY"]),
        ("add bond0 veth9", REFUSED, ["no interface veth9"]),
        ("add bond0 spare0 lo", REFUSED, ["loopback"]),
        ("add bond0 bond0", REFUSED, ["cannot be its own port"]),
        ("up bond0 spare0", REFUSED, ["bond0 is already running", "EEXIST"]),
        ("up bond1 eth1", REFUSED, ["another pybondd bond", "EBUSY"]),
        ("recover bond0", REFUSED, ["bond0 is running", "pybondd down bond0"]),
    ],
)
def test_a_running_bond_refuses_and_changes_nothing(bonded, words, code, pieces):
    set_up(bonded, "ip link add spare0 type veth peer name spare1")
    bonded.up("--mode", "active-backup")
    assert eventually(lambda: bonded.snapshot()["links"]["bond0"]["operstate"] == "UP")
    before, options = bonded.snapshot(), bonded.done("get", "bond0")
    told(bonded.call(*words.split()), code, *pieces)
    assert bonded.snapshot() == before
    assert bonded.done("get", "bond0") == options
    assert [port["ifname"] for port in bonded.status()["ports"]] == ["eth0", "eth1"]


def test_without_privilege_up_says_what_is_missing(bonded):
    before = bonded.snapshot()
    # CAP_NET_ADMIN is 12, CAP_NET_RAW is 13.
    words = [
        "setpriv",
        "--bounding-set",
        "-net_admin,-net_raw",
        "--inh-caps",
        "-net_admin,-net_raw",
    ]
    ended = subprocess.run(
        [*bonded.host.prefix, *words, *bonded.words("up", "bond0", "eth0")[2:]],
        capture_output=True,
        text=True,
        timeout=60,
        env=bonded.environment(),
    )
    told(ended, NO_PRIVILEGE, "CAP_NET_ADMIN and CAP_NET_RAW missing", "sudo", "pybondd lab")
    assert bonded.snapshot() == before


def test_without_the_tun_device_up_says_so(bonded):
    before = bonded.snapshot()
    hide = 'mount -t tmpfs none /dev/net && exec "$@"'
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", hide, "sh", *bonded.words("up", "bond0", "eth0")],
        capture_output=True,
        text=True,
        timeout=60,
        env=bonded.environment(),
    )
    told(ended, REFUSED, "/dev/net/tun does not exist", "modprobe tun")
    assert bonded.snapshot() == before


def test_a_run_directory_that_cannot_be_written_is_told_before_any_change(bonded):
    before = bonded.snapshot()
    ended = bonded.call("up", "bond0", "eth0", PYBONDD_RUN_DIR="/proc/pybondd")
    told(ended, REFUSED, "/proc/pybondd cannot be written", "PYBONDD_RUN_DIR")
    assert bonded.snapshot() == before


def test_a_user_who_is_not_root_may_not_change_the_bond(bonded):
    bonded.up("--mode", "active-backup")
    socket_path = bonded.run_directory / "bond0.sock"
    # The mode alone keeps strangers out.
    assert socket_path.stat().st_mode & 0o777 == 0o660
    # Even if somebody opens it for all, changes are refused by who asks.
    for parent in list(socket_path.parents)[:4]:
        parent.chmod(parent.stat().st_mode | 0o005)
    socket_path.chmod(0o666)
    assert "user 65534 may only read" in asked_by_stranger(socket_path, "POST /down")
    assert '"ifname": "bond0"' in asked_by_stranger(socket_path, "GET /status")
    assert bonded.status()["ifname"] == "bond0"


def asked_by_stranger(path, request: str) -> str:
    """The answer to a request sent by user 65534, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with socket.socket(socket.AF_UNIX) as stranger:
                stranger.connect(str(path))
                stranger.sendall(f"{request} HTTP/1.0\r\n\r\n".encode())
                while piece := stranger.recv(65536):
                    os.write(writer, piece)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text
