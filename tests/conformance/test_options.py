"""Every recorded cell (option, value, mode, state): the same errno, and the same value after.

The recordings wrote all values of one option in order on one bond per mode and state, and some
values are not in the file. So what a cell found before its write may have been left by a write that
is not there. Each cell therefore runs alone, on a fresh bond that is first brought to the value
that the recorded one must have had:

- a refused write changes nothing, nor does one of no octets: `value_after` was there before;
- an accepted write to a single value makes `value_after` by itself, whatever was there before;
- an accepted write to a list (targets, queue ids, ports) changes one member: what was there before
  is `value_after` without what was added, or with what was removed.
"""

import errno

import pytest
from iproute2_words import parse_mac
from kernel_script import Machine
from recordings import read_json

OBSERVED = read_json("options-observed.json") or {"options": {}}
LISTS = ("arp_ip_target", "queue_id", "slaves")
DUMMIES = ("s0", "s1", "s2")


def cells():
    for option, by_value in OBSERVED["options"].items():
        for value, outcomes in by_value.items():
            for outcome in outcomes:
                for where in outcome["where"]:
                    name = f"{option}-{value!r}-{where}"
                    yield pytest.param(
                        option, value, where, outcome["result"], outcome["value_after"], id=name
                    )


@pytest.mark.parametrize(("option", "value", "where", "result", "value_after"), list(cells()))
def test_a_write_answers_and_leaves_what_was_recorded(option, value, where, result, value_after):
    machine = machine_in(where)
    before = value_before(option, value, result, value_after)
    if before is not None:
        bring_to(machine, option, before)
        assert read(machine, option) == before, "the recorded starting point is not reached"
    answer = machine.write_sysfs("b", option, value)
    assert (errno.errorcode.get(answer, "OK"), read(machine, option)) == (result, value_after)


def machine_in(where):
    """A machine whose bond `b` has the mode and the state of a recorded place."""
    mode, state = where.split("/")
    machine = Machine(jiffy_ns=0, command_ns=0)
    for name in DUMMIES:
        machine.run(f"ip link add {name} type dummy")
    machine.run(f"ip link add b type bond mode {mode}")
    if state.endswith("+slaves"):
        machine.run_recorded("ip link set s0 master b")
        machine.run_recorded("ip link set s1 master b")
    if state.startswith("up"):
        machine.run("ip link set b up")
    return machine


def read(machine, option):
    return machine.read_sysfs("b", option).rstrip("\n")


def value_before(option, value, result, value_after):
    """What the option must have read before the write; None where that does not matter."""
    if result != "OK" or value == "":
        return value_after
    if option not in LISTS:
        return None
    members = value_after.split()
    match option, value[0]:
        case "queue_id", _:
            # An absent colon is no accepted write; the port had another number, say none.
            name = value.split(":")[0]
            return " ".join(f"{name}:0" if m.startswith(f"{name}:") else m for m in members)
        case _, "+":
            return " ".join(members[:-1])
        case _, "-":
            return " ".join([*members, value[1:].strip()])
    raise AssertionError(f"an accepted write that this test cannot reason about: {value!r}")


def bring_to(machine, option, text):
    """Bring an option to what `text` shows."""
    now = read(machine, option)
    if now == text:
        return
    match option:
        case "arp_ip_target":
            writes = [f"-{member}" for member in now.split()]
            writes += [f"+{member}" for member in text.split()]
        case "slaves":
            writes = [f"-{member}" for member in now.split()]
            writes += [f"+{member}" for member in text.split()]
        case "queue_id":
            writes = [f"{member.split(':')[0]}:0" for member in now.split()] + text.split()
        case _:
            writes = [text.split()[0] if text else "\n"]
    for write in writes:
        assert machine.write_sysfs("b", option, write) == 0, f"{option}: {write!r} is refused"


def test_every_option_that_was_recorded_is_known_here():
    machine = machine_in("0/down")
    for option in OBSERVED["options"]:
        machine.read_sysfs("b", option)


def test_a_mac_of_the_recordings_is_read_octet_by_octet():
    assert parse_mac("02:00:00:00:01:10") == bytes((2, 0, 0, 0, 1, 0x10))
