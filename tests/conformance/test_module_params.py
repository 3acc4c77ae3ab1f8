"""Every recorded load of the module: refused or not, which bonds, their options, the warnings."""

import shlex

import pytest
from recordings import read_json

from pybondd.bond import Bond
from pybondd.config.module_parameters import PARAMETERS, load
from pybondd.effects import Refuse
from pybondd.events import OptionWritten
from pybondd.refusal import RefusedError

RECORDS = read_json("module-params-real.json") or []
LOADS = [pytest.param(record, id=record["args"] or "no parameters") for record in RECORDS]
MERELY_TOLD = ("monitoring set to", "Forcing miimon to")
"""Words of lines in the kernel's log that say what is, or repeat the line before."""


def loaded(record):
    return load([tuple(word.split("=", 1)) for word in shlex.split(record["args"])])


def bond_of(options):
    """A bond with these options, as the module makes it; the ports come later."""
    bond = Bond("bond0", mac=bytes.fromhex("02b000000001"))
    # Targets may stay where the ARP monitor is off, so what is left of it is written as it is.
    for name, text in options.items():
        for each in [f"+{a}" for a in text.split(",")] if name == "arp_ip_target" else [text]:
            effects = bond.handle(OptionWritten(name, each), now=0)
            assert not [e for e in effects if isinstance(e, Refuse)], (name, each)
    return bond


@pytest.mark.parametrize("record", LOADS)
def test_the_module_loads_or_not_as_recorded(record):
    if record["rc"] == 0:
        made = [f"bond{number}" for number in range(loaded(record).bond_count)]
        assert made == record["bonds"]
    else:
        with pytest.raises(RefusedError):
            loaded(record)


@pytest.mark.parametrize("record", [p for p in LOADS if p.values[0]["rc"] == 0])
def test_its_bonds_have_the_recorded_options(record):
    options = loaded(record).options
    for texts in record["sysfs"].values():
        bond = bond_of(options)
        ours = {name: bond.read_option(name) for name in texts}
        assert ours == {name: text.rstrip("\n") for name, text in texts.items()}


@pytest.mark.parametrize("record", [p for p in LOADS if p.values[0]["rc"] == 0])
def test_as_many_warnings_are_given_as_the_kernel_logs(record):
    logged = [line for line in record["kernel_log"] if not any(w in line for w in MERELY_TOLD)]
    assert len(loaded(record).warnings) == len(logged), logged


def test_every_parameter_of_a_recording_is_known_unless_the_kernel_says_that_it_is_not():
    for record in RECORDS:
        for word in shlex.split(record["args"]):
            name = word.split("=")[0]
            is_unknown = any(f"unknown parameter '{name}'" in line for line in record["kernel_log"])
            assert (name in PARAMETERS) != is_unknown
