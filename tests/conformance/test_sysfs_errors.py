"""The recorded writes and commands, one after the other: the same errno, and the same text read.

The recording is one long session with one bond, so it is run as one. A record's `state` tells
whether the bond was up; where it changes, the interface is set up or down before the write.
"""

import errno

import pytest
from kernel_script import Machine
from recordings import read_json

RECORDS = read_json("sysfs-netlink-errors.json") or []
INTERFACES = ("eth0", "eth1", "eth2")
ERRNO_BY_MESSAGE = (
    ("invalid mode", errno.EINVAL),
    ("cannot be used with MII", errno.EINVAL),
    ("not supported in mode", errno.EACCES),
    ("has slaves", errno.ENOTEMPTY),
    ("while up", errno.EPERM),
    ("to itself", errno.EPERM),
    ("Operation not permitted", errno.EPERM),
    ("invalid option value", errno.EINVAL),
    # netlink's own range check speaks before the driver does, with ERANGE; sysfs says EINVAL.
    ("integer out of range", errno.EINVAL),
)
"""Which errno stands behind a message of `ip`."""


def name_of(place, record):
    if "cmd" in record:
        return f"{place}-{record['cmd']}"
    return f"{place}-{record['file']}-{record['write']!r}"


def reason_to_skip(record):
    """Why this kind of record says nothing about a bond of ours; None if it does."""
    if record.get("file") == "bonding_masters":
        return "bonding_masters makes and deletes bonds: here that is the daemon's work"
    if " netns " in record.get("cmd", ""):
        return "a process does not move between network namespaces"
    return None


def errno_of_message(message):
    if message == "":
        return 0
    return next(number for words, number in ERRNO_BY_MESSAGE if words in message)


class Session:
    """The recorded session, run once; `outcomes` are (errno name or "ok", text read after)."""

    def __init__(self):
        self.machine = Machine(jiffy_ns=0, command_ns=0)
        self.machine.run("ip netns add sw")
        for number, name in enumerate(INTERFACES):
            self.machine.run(f"ip link add {name} type veth peer name p{number} netns sw")
            self.machine.run(f"ip -n sw link set p{number} up")
        self.outcomes = [self._outcome(record) for record in RECORDS]

    def _outcome(self, record):
        if record.get("file") == "bonding_masters":
            self._make_or_delete(record)
            return None
        if "cmd" in record:
            return None if reason_to_skip(record) else (self.machine.run(record["cmd"]), "")
        self._set_bond_as(record["state"])
        bond, _, file = record["file"].split("/")
        answer = self.machine.write_sysfs(bond, file, record["write"])
        return errno.errorcode.get(answer, "ok"), self.machine.read_sysfs(bond, file)

    def _make_or_delete(self, record):
        sign, name = record["write"][0], record["write"][1:]
        if record["result"] == "ok":
            verb = {"+": "add", "-": "del"}[sign]
            kind = " type bond" if sign == "+" else ""
            self.machine.run_recorded(f"ip link {verb} {name}{kind}")

    def _set_bond_as(self, state):
        if "bond up" in state:
            self.machine.run("ip link set bond0 up")
        elif "bond down" in state:
            self.machine.run("ip link set bond0 down")


@pytest.fixture(scope="module")
def session():
    return Session()


NUMBERED = [pytest.param(n, r, id=name_of(n, r)) for n, r in enumerate(RECORDS)]


@pytest.mark.parametrize(("place", "record"), NUMBERED)
def test_a_record_of_the_session_is_answered_as_the_kernel_did(session, place, record):
    reason = reason_to_skip(record)
    if reason:
        pytest.skip(reason)
    told = session.outcomes[place]
    if "cmd" in record:
        assert told[0] == errno_of_message(record["out"])
    else:
        assert told == (record["result"], record["then_reads"])
