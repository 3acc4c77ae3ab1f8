import sys

import pytest

pytestmark = [pytest.mark.root, pytest.mark.uml, pytest.mark.xdist_group("uml")]


def test_a_command_inside_reports_exit_code_and_both_streams(guest):
    result = guest.run("echo said; echo warned >&2; exit 3")
    assert (result.rc, result.stdout, result.stderr) == (3, "said\n", "warned\n")


def test_python_inside_is_the_interpreter_of_this_run(guest):
    result = guest.python("import sys; print(sys.prefix)").checked()
    assert result.stdout.strip() == sys.prefix


def test_a_command_that_takes_too_long_is_ended_and_the_guest_lives_on(guest):
    assert guest.run("sleep 20", timeout_s=0.5).rc == 124
    assert guest.run("true").rc == 0


def test_an_answer_larger_than_a_serial_line_holds_arrives_whole(guest):
    assert len(guest.run("seq 1 100000").checked().stdout.splitlines()) == 100000


def test_the_real_bonding_driver_is_loaded_and_has_made_no_bond(guest):
    assert guest.run("cat /sys/class/net/bonding_masters").stdout.strip() == ""
    assert guest.run("ls /dev/net/tun").rc == 0


def test_the_background_command_makes_and_ends_a_bond_on_this_kernel(guest):
    command = f"{sys.executable} -m pybondd"
    guest.run("ip link add eth8 type veth peer name wire8; ip link set wire8 up").checked()
    guest.run(f"{command} up bond8 --mode 1 eth8", timeout_s=60).checked()
    assert "active-backup" in guest.run(f"{command} status bond8").checked().stdout
    guest.run(f"{command} down bond8").checked()
    assert guest.run("ip link show bond8").rc != 0
    guest.run("ip link del eth8").checked()
