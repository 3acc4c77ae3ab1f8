"""A killed process leaves the host as it was, or lets `recover` make it so."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from netns import eventually

from pybondd.linux.errors import LinuxError
from pybondd.linux.recovery import recover

pytestmark = pytest.mark.root

HOLDER = Path(__file__).with_name("holder.py")
ROOT = HOLDER.parents[2]
PORTS = ("eth0", "eth1")


@pytest.fixture
def host(yard):
    """eth0 is down with a large MTU; eth1 is up with an IPv6 link-local address only."""
    host, peer = yard.namespace(), yard.namespace()
    for name in PORTS:
        yard.cable(host, name, peer, name)
    host.ip("link set eth0 down mtu 2000")
    assert eventually(lambda: "fe80" in host.ip("-6 addr show dev eth1"))
    return host


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "bond0.json"


# -- what the kernel takes back by itself, and what not ---------------------------------------


@pytest.mark.parametrize("kind", ["tcx", "clsact"])
def test_after_sigkill_recover_restores_mac_mtu_up_flag_and_filters_exactly(host, journal, kind):
    before = eventually_settled(host)
    holder = start(host, journal, ISOLATION=kind)
    held = look(host)
    assert all(port["address"] == "02:b0:d0:00:00:01" for port in held.links)
    assert all(port["promiscuity"] == 1 and port["allmulti"] == 1 for port in held.links)
    assert ("clsact" in held.qdiscs) == (kind == "clsact")
    kill(holder)
    left = look(host)
    assert all(port["promiscuity"] == 0 and port["allmulti"] == 0 for port in left.links)
    assert left.stable() != before.stable(), "without the cure nothing is left to be cured"
    assert "bond0" not in host.ip("link")
    recover_in(host, journal)
    assert eventually(lambda: look(host).stable() == before.stable()), look(host)
    assert not journal.exists()


def test_an_orderly_end_gives_everything_back_and_leaves_no_journal(host, journal):
    before = eventually_settled(host)
    output = run_to_end(host, journal)
    assert "failed=()" in output
    assert eventually(lambda: look(host).stable() == before.stable()), look(host)
    assert not journal.exists()


@pytest.mark.parametrize("kind", ["tcx", "clsact"])
def test_whenever_the_process_is_killed_recover_restores_the_host(host, journal, kind):
    before = eventually_settled(host)
    moments = int(run_to_end(host, journal, ISOLATION=kind).split()[-1])
    assert moments > 40
    for moment in range(1, moments + 1):
        end = run(host, journal, CRASH_AT=str(moment), ISOLATION=kind, SETTLE="1")
        assert end.returncode == -signal.SIGKILL, f"moment {moment} never came: {end.stderr}"
        recover_in(host, journal)
        same = eventually(lambda: look(host).stable() == before.stable())
        assert same, f"killed at moment {moment} of {moments}: {look(host)}"
        assert not journal.exists()


def test_root_of_a_user_namespace_gets_a_filter_and_gives_everything_back(journal):
    # Once up, an interface shows its default queue discipline for ever: no bond can undo that.
    script = """
        for n in 0 1; do ip link add eth$n type veth peer name far$n; ip link set eth$n up; done
        ip link set eth1 down
        ip -d link > $1.before; $2 $3 $1 eth0 eth1; ip -d link > $1.after
        tc qdisc show > $1.qdiscs
        """
    words = ["unshare", "--user", "--map-root-user", "--net", "sh", "-ec", script, "sh"]
    ended = subprocess.run(
        [*words, str(journal), sys.executable, str(HOLDER)],
        capture_output=True, text=True, timeout=30, env=environment(SETTLE="1", SAY_KIND="1"),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "held by clsact" in ended.stdout
    before, after = (Path(f"{journal}.{when}").read_text() for when in ("before", "after"))
    assert after == before
    assert "clsact" not in Path(f"{journal}.qdiscs").read_text()


# -- odd journals -----------------------------------------------------------------------------


def test_recover_may_run_twice_and_without_a_journal(host, journal):
    kill(start(host, journal))
    assert recover_in(host, journal)
    assert recover_in(host, journal) == ()


def test_a_vanished_port_does_not_keep_recover_from_the_others(host, journal):
    before = eventually_settled(host)
    kill(start(host, journal))
    host.ip("link del eth0")
    texts = [each.done for each in recover_in(host, journal)]
    assert texts[0] == ("does not exist any more",)
    assert eventually(lambda: look(host, "eth1").links == before.links[1:])
    assert not journal.exists()


def test_a_renamed_port_is_recovered_under_its_new_name(host, journal):
    kill(start(host, journal))
    host.ip("link set eth0 down")
    host.ip("link set eth0 name wan0")
    assert [each.name for each in recover_in(host, journal)] == ["wan0", "eth1"]
    assert look(host, "wan0").links[0]["mtu"] == 2000


def test_a_stranger_with_the_index_of_a_port_is_left_alone(host, journal):
    kill(start(host, journal))
    index = look(host, "eth0").links[0]["ifindex"]
    host.ip("link del eth0")
    host.ip(f"link add other0 index {index} type veth peer name other1")
    texts = [each.done for each in recover_in(host, journal)]
    assert "left alone" in texts[0][0]
    assert look(host, "other0").links[0]["mtu"] == 1500


def test_a_journal_of_another_living_namespace_is_refused_and_kept(host, journal, yard):
    kill(start(host, journal))
    with pytest.raises(LinuxError, match="another network namespace"):
        recover_in(yard.namespace(), journal)
    assert journal.exists()


def test_a_journal_of_a_dead_namespace_is_removed(host, journal, yard):
    kill(start(host, journal))
    host.close()
    assert [each.done for each in recover_in(yard.namespace(), journal)] == [
        ("its network namespace is gone",)
    ] * 2
    assert not journal.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"namespace": 1}', '{"namespace": 1, "ports": [{}]}']
)
def test_an_unreadable_journal_is_an_error_and_stays(journal, text):
    journal.write_text(text)
    with pytest.raises(LinuxError, match="understand the journal"):
        recover(journal)
    assert journal.exists()


# -- what the tests are made of ---------------------------------------------------------------


class Look:
    """How the ports are, as ip and tc tell."""

    def __init__(self, host, names):
        self.links = [json.loads(host.ip(f"-d -j link show {name}"))[0] for name in names]
        self.qdiscs = "".join(host.run("tc", "qdisc", "show", "dev", name) for name in names)
        self.addresses = [
            sorted(
                each["local"]
                for each in json.loads(host.ip(f"-j addr show {name}"))[0]["addr_info"]
            )
            for name in names
        ]

    def stable(self):
        """What must be equal before and after."""
        return self.links, self.qdiscs, self.addresses

    def __repr__(self):
        return f"{self.links} {self.qdiscs} {self.addresses}"


def look(host, *names):
    return Look(host, names or PORTS)


def eventually_settled(host):
    """The state once the kernel has set the operational states."""
    assert eventually(lambda: look(host, "eth1").links[0]["operstate"] == "UP")
    return look(host)


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def start(host, journal, **more):
    """A process that holds the ports."""
    holder = host.start(
        sys.executable, str(HOLDER), str(journal), *PORTS,
        stdout=subprocess.PIPE, env=environment(**more),
    )  # fmt: skip
    assert holder.stdout.readline() == b"ready\n"
    return holder


def run(host, journal, **more):
    words = [*host.prefix, sys.executable, str(HOLDER), str(journal), *PORTS]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=30, env=environment(**more)
    )


def run_to_end(host, journal, **more):
    ended = run(host, journal, SETTLE="1", **more)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def kill(holder):
    holder.kill()
    holder.wait()


def recover_in(host, journal):
    with host.entered():
        return recover(journal)
