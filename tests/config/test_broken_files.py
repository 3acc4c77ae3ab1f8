"""A file that cannot be read: file, line, what, why, what to do; and nothing of the others."""

import pytest
from configs import read, source
from hypothesis import given, settings
from hypothesis import strategies as st

from pybondd.config.dialects import DIALECTS, dialect_of, read_all
from pybondd.config.lines import MAX_FILE_OCTETS
from pybondd.refusal import RefusedError

BROKEN = {
    "a quote that is not closed": (
        {"ifcfg-bond0": 'DEVICE=bond0\nBONDING_OPTS="mode=1 miimon=100\nIPADDR=10.0.0.1\n'},
        "ifcfg-bond0:2: ",
    ),
    "a mode that is none": (
        {"ifcfg-bond0": 'DEVICE=bond0\nBONDING_OPTS="mode=active_backup miimon=100"\n'},
        "ifcfg-bond0:2: there is no mode 'active_backup'",
    ),
    "a mode of a module": (
        {"modprobe.d/b.conf": "alias bond0 bonding\noptions bond0 mode=7\n"},
        "modprobe.d/b.conf:2: the module does not load",
    ),
    "arp_validate without a monitor": (
        {"modprobe.d/b.conf": "options bonding mode=1 arp_validate=all\n"},
        "modprobe.d/b.conf:1: the module does not load with arp_validate=all",
    ),
    "a number that is none": (
        {"modprobe.d/b.conf": "options bonding mode=1 miimon=1OO\n"},
        "modprobe.d/b.conf:1: the module does not load with miimon=1OO",
    ),
    "bad indentation": (
        {"01.yaml": "network:\n  bonds:\n    bond0:\n   interfaces: [eth0]\n"},
        "01.yaml:4: ",
    ),
    "a tab in YAML": ({"01.yaml": "network:\n\tbonds: {}\n"}, "01.yaml:2: this is no YAML"),
    "YAML with aliases": ({"01.yaml": "network: &a\n  bonds: *a\n"}, "01.yaml:2: "),
    "YAML of a thousand brackets": ({"01.yaml": "network: " + "[" * 1000}, "01.yaml:1: "),
    "YAML that is not netplan's": ({"01.yaml": "services:\n  web: {}\n"}, "01.yaml: "),
    "a section that does not end": ({"b.netdev": "[NetDev\nName=bond0\n"}, "b.netdev:1: [NetDev"),
    "a key before any section": ({"b.netdev": "Name=bond0\n[NetDev]\n"}, "b.netdev:1: Name=bond0"),
    "a line without =": ({"b.nmconnection": "[connection]\ntype\n"}, "b.nmconnection:2: type"),
    "a name too long": (
        {"setup.sh": "ip link add a-very-long-name-for-a-bond type bond\n"},
        "setup.sh:1: ",
    ),
    "a name with a slash": (
        {"ifcfg-bond0": "DEVICE=../../etc\nMASTER=bond0\nSLAVE=yes\n"},
        "ifcfg-bond0:2: ",
    ),
    "a zero octet": ({"ifcfg-bond0": b"DEVICE=bond0\n\0"}, "ifcfg-bond0:2: this is no text"),
    "neither UTF-8 nor GBK": ({"ifcfg-bond0": b"DEVICE=bond0\n# \xff\xff\n"}, "ifcfg-bond0:2: "),
    "a huge file": ({"ifcfg-bond0": b"#" * (MAX_FILE_OCTETS + 1)}, "ifcfg-bond0: "),
    "an unknown format": ({"notes.txt": "buy milk\n"}, "notes.txt: unknown format"),
    "a text that is no bond's": (
        {"bond0": "Ethernet Channel Bonding Driver: v6.1\nBonding Mode: magic\n"},
        "bond0: ",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_refused_with_its_line_and_a_remedy(name):
    files, words = BROKEN[name]
    with pytest.raises(RefusedError) as refused:
        read(files)
    assert refused.value.what.startswith(words)
    assert refused.value.why
    assert refused.value.remedy


def test_one_broken_file_takes_the_others_with_it():
    good = {"ifcfg-bond0": 'DEVICE=bond0\nBONDING_OPTS="mode=1 miimon=100"\n'}
    broken = BROKEN["a section that does not end"][0]
    with pytest.raises(RefusedError):
        read({**good, **broken})


PIECES = [
    "bond0",
    "eth0",
    "mode",
    "=",
    " ",
    "\n",
    '"',
    "'",
    "[Bond]",
    "[NetDev]",
    "Kind=bond",
    "\t",
    "#",
    "network:",
    "  bonds:",
    "- ",
    ": ",
    "{",
    "}",
    "\\",
    "ip link add",
    "type bond",
    "options bonding",
    "alias",
    "iface bond0 inet manual",
    "bond-slaves",
    "BONDING_OPTS=",
    "MASTER=",
    "\r",
    "模式",
    "802.3ad",
    "miimon",
    "100",
    "master",
    "ifenslave -d",
    "echo",
    "> /sys/class/net/b/bonding/slaves",
    "+",
    "-",
    ",",
    "Slave Interface:",
    "Bonding Mode: load balancing (xor)",
    "install",
    "-o",
    "\ud7ff",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def refusal_of(action, *arguments):
    """The refusal's first line; "" if there is none. Any other exception is a failure."""
    try:
        action(*arguments)
    except RefusedError as refused:
        return refused.what
    return ""


@pytest.mark.parametrize("name", DIALECTS)
@settings(deadline=None, max_examples=100)
@given(octets=TEXTS.map(str.encode) | st.binary(max_size=60))
def test_no_text_makes_a_reader_stumble(name, octets):
    what = refusal_of(read_all, [source("x/bonding", octets)], name)
    assert not what or what.startswith("x/bonding")


@settings(deadline=None, max_examples=100)
@given(octets=TEXTS.map(str.encode) | st.binary(max_size=60))
def test_no_text_makes_the_search_for_its_format_stumble(octets):
    what = refusal_of(dialect_of, source("x", octets))
    assert not what or what.startswith("x")
