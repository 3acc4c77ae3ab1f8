"""Open vSwitch with its userspace datapath: an implementation of LACP that nobody of us wrote.

Its programs run in a namespace and a directory of their own; a system's Open vSwitch, if there is
one, is not touched.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from netns import eventually

PROGRAMS = ("ovsdb-tool", "ovsdb-server", "ovs-vsctl", "ovs-vswitchd", "ovs-appctl")
SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")


def is_installed():
    """Whether all that a test needs is there."""
    return SCHEMA.exists() and all(shutil.which(name) for name in PROGRAMS)


class OpenVSwitch:
    """A running Open vSwitch in a namespace; `with` ends it."""

    def __init__(self, namespace):
        self.namespace = namespace
        # The path of a Unix socket has 107 octets at most: too few for a test's own directory.
        self._directory = tempfile.TemporaryDirectory(prefix="pybondd-ovs-")
        self._path = Path(self._directory.name)
        kinds = ("RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR")
        self._environment = {**os.environ, **{f"OVS_{kind}": str(self._path) for kind in kinds}}
        self._database = self._switch = None

    def __enter__(self):
        self._run("ovsdb-tool", "create", self._path / "conf.db", SCHEMA)
        self._database = self._start(
            "ovsdb-server",
            self._path / "conf.db",
            f"--remote=punix:{self._path}/db.sock",
            f"--unixctl={self._path}/ovsdb.ctl",
        )
        assert eventually((self._path / "db.sock").exists)
        self.configure("--no-wait", "init")
        self.start()
        return self

    def __exit__(self, *_):
        for process in (self._switch, self._database):
            if process and process.poll() is None:
                process.kill()
                process.wait(10)
        self._directory.cleanup()

    def start(self):
        """Begin to switch, as the database says, unless it does."""
        if self._switch and self._switch.poll() is None:
            return
        control = self._path / "switch.ctl"
        control.unlink(missing_ok=True)
        self._switch = self._start(
            "ovs-vswitchd", f"unix:{self._path}/db.sock", "--disable-system", f"--unixctl={control}"
        )
        assert eventually(control.exists)

    def kill(self):
        """Stop switching without a word to anybody."""
        self._switch.kill()
        self._switch.wait(10)

    def configure(self, *words):
        """Run ovs-vsctl, which waits until the switch has done what it is told."""
        return self._run("ovs-vsctl", f"--db=unix:{self._path}/db.sock", "--timeout=10", *words)

    def ask(self, *words):
        """Run ovs-appctl: what the switch says of itself."""
        return self._run("ovs-appctl", "-t", self._path / "switch.ctl", *words)

    def add_bond(self, bridge, bond, *ports, address=None, mode="balance-tcp", **lacp):
        """A bridge with one bond; `lacp` are lacp="active" and other_config, `_` for `-`."""
        self.configure("add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev")
        activity = lacp.pop("lacp", "active")
        other = [f"other_config:{name.replace('_', '-')}={lacp[name]}" for name in lacp]
        settings = (f"bond_mode={mode}", f"lacp={activity}")
        self.configure(
            *("add-bond", bridge, bond, *ports, *settings),
            *(("--", "set", "port", bond, *other) if other else ()),
        )
        for port in ports:
            # The switch gets a copy of what its ports receive; the kernel keeps the frames and
            # would answer for the bridge.
            self.namespace.set_sysctl(f"net/ipv4/conf/{port}/arp_ignore", 8)
            self.namespace.set_sysctl(f"net/ipv6/conf/{port}/disable_ipv6", 1)
        self.namespace.ip(f"link set {bridge} up")
        if address:
            self.namespace.ip(f"addr add {address}/24 dev {bridge}")

    def lacp(self, bond):
        """What lacp/show says of this bond."""
        return LacpShown(self.ask("lacp/show", bond))

    def _start(self, *words):
        words = [str(word) for word in words]
        log = self._path / f"{Path(words[0]).name}.log"
        silent = {"stdin": -3, "stdout": -3, "stderr": -3}
        return self.namespace.start(
            *words, f"--log-file={log}", "-vconsole:off", env=self._environment, **silent
        )

    def _run(self, *words):
        words = [str(word) for word in words]
        return self.namespace.run(*words, env=self._environment)


class LacpShown:
    """The text of lacp/show: `status`, fields of the bond, and fields of each member."""

    def __init__(self, text):
        self.text = text
        head, *members = re.split(r"\n(?:member|slave): ", text)
        self.bond = _fields(head)
        self.members = {
            member.split(":", 1)[0]: {
                **_fields(member),
                "is": tuple(member.splitlines()[0].split(": ", 1)[1].split()),
            }
            for member in members
        }

    def is_used(self, *names):
        """Whether these members, and no others, carry traffic with a current partner."""
        used = {
            name
            for name, member in self.members.items()
            if member["is"][:2] == ("current", "attached") and member["may_enable"] == "true"
        }
        return used == set(names)


def _fields(text):
    found = (line.strip().split(": ", 1) for line in text.splitlines()[1:])
    return {field[0]: field[1] for field in found if len(field) == 2}
