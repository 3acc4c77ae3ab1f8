"""A bond comes up as its file says, and its configuration comes out again; real interfaces."""

import json
import tomllib

import pytest
from netns import eventually

pytestmark = pytest.mark.root

TOML = """mode = "active-backup"
ports = ["eth0", "eth1"]
address = ["192.0.2.10/24", "2001:db8::10/64"]
mtu = 1400
mac = "02:00:00:00:00:77"

[options]
miimon = 50
updelay = 200
primary = "eth1"

[port.eth1]
prio = 10
"""


@pytest.fixture
def file(bonded):
    folder = bonded.run_directory / "etc"
    folder.mkdir()
    path = folder / "bond0.toml"
    path.write_text(TOML)
    return path


def shown(bonded):
    (link,) = json.loads(bonded.host.run("ip", "-j", "addr", "show", "bond0"))
    return link


def active_port(bonded):
    """The primary becomes it when its updelay is over."""
    return bonded.status()["linkinfo"]["info_data"]["active_slave"]


def has_settings(bonded):
    link = shown(bonded)
    addresses = {f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"]}
    return (
        {"192.0.2.10/24", "2001:db8::10/64"} <= addresses
        and link["mtu"] == 1400
        and link["address"] == "02:00:00:00:00:77"
        and all(port["mtu"] == 1400 for port in bonded.status()["ports"])
    )


def test_up_without_more_words_does_what_the_file_of_that_name_says(bonded, file):
    ended = bonded.call("up", "bond0", PYBONDD_CONFIG_DIR=str(file.parent))
    assert ended.returncode == 0, ended.stderr
    status = bonded.status()
    assert [port["ifname"] for port in status["ports"]] == ["eth0", "eth1"]
    assert status["linkinfo"]["info_data"]["updelay"] == 200
    assert eventually(lambda: active_port(bonded) == "eth1")
    assert eventually(lambda: has_settings(bonded))


def test_what_comes_out_brings_the_same_bond_up_again(bonded, file):
    bonded.done("up", "-c", str(file))
    assert eventually(lambda: has_settings(bonded))
    printed = bonded.done("export", "bond0", "--as", "toml")
    wanted = tomllib.loads(TOML)
    # The MAC may be a port's own and addresses are the host's: neither is read from a live bond.
    del wanted["mac"], wanted["address"]
    assert tomllib.loads(printed) == wanted


@pytest.mark.parametrize("where", [[], ["-f"]], ids=["background", "foreground"])
def test_an_address_that_linux_refuses_takes_the_bond_down_again(bonded, file, where):
    # Linux has no IPv6 where less than 1280 octets fit.
    file.write_text(TOML.replace("mtu = 1400", "mtu = 1000"))
    before = bonded.snapshot()
    ended = bonded.call("up", "-c", str(file), *where)
    assert ended.returncode == 1, ended.stdout
    assert "bond0 does not come up: ip address replace 2001:db8::10/64" in ended.stderr
    assert bonded.returns_to(before)


def test_a_dry_run_changes_nothing_and_its_commands_make_the_same(bonded, file):
    before = bonded.snapshot()
    printed = bonded.done("up", "-c", str(file), "--dry-run")
    assert bonded.snapshot() == before
    script = file.parent / "bond0.sh"
    script.write_text(printed)
    again = bonded.done("import", str(script))
    assert tomllib.loads(again) == tomllib.loads(TOML)
