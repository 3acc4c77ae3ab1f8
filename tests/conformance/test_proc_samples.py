"""The recorded commands, run in virtual time, leave what the kernel's files showed."""

import json

import pytest
from kernel_log import by_port, elections, is_retold, recorded_story, told_story, when_done
from kernel_script import Machine
from recordings import IS_OWN_DATA, JITTER, proc_samples

from pybondd.status.proc import proc_text
from pybondd.status.report import info_data, info_slave_data
from pybondd.units import milliseconds

JIFFY_NS = {"6.1.": milliseconds(10), "6.12": milliseconds(4)}
"""Timer tick of the recorded kernels by the start of their release: HZ=100 and HZ=250."""
COMMAND_NS = {"6.1.": milliseconds(60), "6.12": milliseconds(110)}
"""What one command cost there, from the time stamps of the recorded logs: 40 to 110 ms in
user-mode Linux, 90 to 210 ms in qemu."""
ROUTE_LAG_NS = {"6.1.": 0, "6.12": milliseconds(3)}
"""How long after a bond is opened the routes of its addresses are there, from those logs: with two
processors, as in qemu, the ARP monitor's first pass runs before."""
FOLLOWS = {"6.1.": "linux-6.1", "6.12": "linux"}
"""Whose LACP the bond follows."""

SAMPLES = proc_samples()
_machines = {}


def replayed(name, path):
    """The sidecar, the machine after its commands, and its bond; run once per recording."""
    if name in JITTER:
        pytest.skip(f"hangs on jitter: {JITTER[name]}")
    if name not in _machines:
        _machines[name] = _replay(json.loads(path.read_text()))
    return _machines[name]


def _replay(sidecar):
    release = sidecar["kernel"][:4]
    command_ns = COMMAND_NS.get(release, COMMAND_NS["6.12"])
    machine = Machine(
        jiffy_ns=JIFFY_NS.get(release, JIFFY_NS["6.12"]),
        command_ns=command_ns,
        follows=FOLLOWS.get(release, "linux"),
        route_lag_ns=ROUTE_LAG_NS.get(release, 0),
    )
    pace = Pace(machine.world, sidecar, command_ns)
    for line in sidecar["commands"]:
        machine.command_ns = pace.command_ns(line) or command_ns
        machine.run_recorded(line)
    return sidecar, machine, machine.bonds[sidecar["bond"]]


class Pace:
    """Lets commands take as long as they did, as far as the kernel's log tells of their effects."""

    def __init__(self, world, sidecar, usual_ns):
        self.world, self.log = world, sidecar["kernel_log"]
        self.usual_ns = usual_ns
        self.offset_ns = None
        self.last_us = -1

    def command_ns(self, line):
        """What this command must take; None where the log does not tell."""
        told = [t for t in when_done(self.log, line.split(" # rc=")[0]) if t > self.last_us]
        if not told:
            return None
        self.last_us = told[0]
        if self.offset_ns is None:
            self.offset_ns = self.world.now + self.usual_ns - told[0] * 1000
            return None
        return max(1, told[0] * 1000 + self.offset_ns - self.world.now)


each_sample = pytest.mark.parametrize(("name", "path"), SAMPLES, ids=[name for name, _ in SAMPLES])


@each_sample
def test_the_proc_text_equals_the_recorded_one_octet_for_octet(name, path):
    sidecar, _, bond = replayed(name, path)
    # The last command may have been to read the file as somebody without privileges.
    privileged = not sidecar["commands"][-1].startswith("setpriv ")
    text = proc_text(
        bond.bond.state, bond.bond.mode, version=sidecar["kernel"], is_privileged=privileged
    )
    assert text == path.with_suffix(".txt").read_text()


@each_sample
def test_info_data_equals_what_iproute2_printed_of_the_bond(name, path):
    sidecar, _, bond = replayed(name, path)
    recorded = _link(sidecar, sidecar["bond"])["linkinfo"]["info_data"]
    told = info_data(bond.bond.state, bond.bond.mode)
    assert told == recorded
    assert list(told) == list(recorded)


@each_sample
def test_info_slave_data_equals_what_iproute2_printed_of_each_port(name, path):
    sidecar, _, bond = replayed(name, path)
    recorded = {
        link["ifname"]: link["linkinfo"]["info_slave_data"]
        for link in sidecar["ip_d_j_link"]
        if link.get("master") == sidecar["bond"]
    }
    mode = bond.bond.mode
    told = {port.name: info_slave_data(port, mode) for port in bond.bond.state.ports}
    assert told == recorded


@each_sample
def test_addresses_mtu_and_carrier_are_those_iproute2_printed(name, path):
    sidecar, machine, bond = replayed(name, path)
    for link in sidecar["ip_d_j_link"]:
        if link["ifname"] == sidecar["bond"]:
            assert ("LOWER_UP" in link["flags"]) == (bond.has_carrier and bond.is_open)
            # Without a port the bond has a random address, in the recording and here.
            assert bond.mac.hex(":") == link["address"] or not bond.bond.state.ports
            assert bond.mtu == link["mtu"]
        else:
            interface = machine.namespaces[""][link["ifname"]]
            assert interface.mac.hex(":") == link["address"], link["ifname"]
            assert interface.mtu == link["mtu"]
            assert interface.is_up == ("UP" in link["flags"])
            assert interface.facts.is_running == ("LOWER_UP" in link["flags"])


@each_sample
def test_every_sysfs_file_of_the_bond_reads_as_recorded(name, path):
    sidecar, machine, _ = replayed(name, path)
    told = {file: machine.read_sysfs(sidecar["bond"], file) for file in sidecar["sysfs_bond"]}
    assert told == sidecar["sysfs_bond"]


@each_sample
def test_every_sysfs_file_of_the_ports_reads_as_recorded(name, path):
    sidecar, machine, bond = replayed(name, path)
    name = sidecar["bond"]
    told = {port.name: machine.read_port_sysfs(name, port) for port in bond.bond.state.ports}
    recorded = sidecar["sysfs_slaves"]
    assert told == recorded


@each_sample
def test_the_reports_tell_the_story_of_the_kernel_log(name, path):
    sidecar, _, bond = replayed(name, path)
    told, recorded = (
        told_story(bond.reports),
        recorded_story(sidecar["kernel_log"], sidecar["bond"]),
    )
    assert by_port(told) == by_port(recorded)
    assert is_retold(elections(recorded), elections(told)), (recorded, told)


def test_there_are_recordings_to_compare_with():
    assert SAMPLES or not IS_OWN_DATA


def _link(sidecar, name):
    return next(link for link in sidecar["ip_d_j_link"] if link["ifname"] == name)
