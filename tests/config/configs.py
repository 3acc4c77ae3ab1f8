"""Configurations to test with, and files as somebody would have written them."""

import ipaddress

from hypothesis import strategies as st

from pybondd.config.bond_config import BondConfig, in_order
from pybondd.config.dialects import read_all
from pybondd.config.finish import without
from pybondd.config.lines import Source
from pybondd.config.note import Kind
from pybondd.config.trial import refusals
from pybondd.options import OPTIONS

DELAYS = ("updelay", "downdelay", "peer_notif_delay")
PORT_NAMES = ("eth0", "ens33", "enp3s0f1", "p0", "eth0.5")
SIGNED_32 = st.integers(-(2**31), 2**31 - 1)


def source(path, text):
    octets = text if isinstance(text, bytes) else text.encode()
    return Source(path, octets)


def read(files, format_name=""):
    """Bonds and notes of files given as a mapping of path and text."""
    return read_all([source(path, text) for path, text in files.items()], format_name)


def one(files, format_name=""):
    """The only bond of these files."""
    bonds, _ = read(files, format_name)
    (bond,) = bonds
    return bond


def told(files, kind=Kind.MISTAKE, format_name=""):
    """The notes of one kind as texts."""
    _, notes = read(files, format_name)
    return [str(note) for note in notes if note.kind is kind]


def option_values(name):
    """Every value of an option as canonical text."""
    option = OPTIONS[name]
    if option.is_shown_by_name:
        return st.sampled_from([*option.values])
    if option.high is None:
        return st.sampled_from([str(number) for number in option.values.values()])
    low = option.low or 0
    return st.one_of(st.just(low), st.just(option.high), st.integers(low, option.high)).map(str)


def addresses(version):
    kind = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}[version]
    low, high = {4: (0x01000000, 0xDFFFFFFF), 6: (2**125, 2**126 - 1)}[version]
    return st.integers(low, high).map(lambda number: str(kind(number)))


def target_lists(version):
    return st.lists(addresses(version), min_size=1, max_size=16, unique=True).map(",".join)


def _macs():
    return st.binary(min_size=6, max_size=6).map(
        lambda octets: bytes([octets[0] & 0xFE, *octets[1:]]).hex(":")
    )


@st.composite
def bond_configs(draw):
    """Any bond that the driver would take: all options, in every mode."""
    ports = tuple(draw(st.lists(st.sampled_from(PORT_NAMES), unique=True)))
    options = {"mode": draw(option_values("mode"))}
    for name, option in OPTIONS.items():
        if name in ("mode", "num_unsol_na", "queue_id") or option.is_per_port:
            continue
        if draw(st.booleans()):
            options[name] = draw(_value(name, ports))
    _settle_monitors(options)
    lengths = {4: st.integers(1, 32), 6: st.integers(1, 128)}
    interfaces = [
        st.tuples(addresses(version), lengths[version]).map(lambda pair: f"{pair[0]}/{pair[1]}")
        for version in (4, 6)
    ]
    config = BondConfig(
        draw(st.sampled_from(["bond0", "bond1", "uplink"])),
        ports,
        {name: options[name] for name in OPTIONS if name in options},
        draw(_port_options(ports)),
        in_order(draw(st.lists(st.one_of(interfaces), unique=True, max_size=4))),
        draw(st.none() | st.integers(68, 65535)),
        draw(st.none() | _macs()),
    )
    for port, name in refusals(config):
        config = without(config, port, name)
    return config


def _value(name, ports):
    match name:
        case "primary":
            return st.sampled_from([*ports, "eth9"])
        case "active_slave":
            return st.sampled_from(ports or ("eth9",))
        case "arp_ip_target":
            return target_lists(4)
        case "ns_ip6_target":
            return target_lists(6)
        case "ad_actor_system":
            return _macs()
        case _ if name in DELAYS:
            return st.integers(0, 3000).map(lambda ticks: str(ticks * 100))
    return option_values(name)


def _settle_monitors(options):
    """One monitor at a time; delays are multiples of its interval, as a running bond's are."""
    if options.get("arp_interval", "0") != "0":
        options.pop("miimon", None)
    elif "miimon" in options and options["miimon"] != "0":
        options["miimon"] = "100"


def _port_options(ports):
    wanted = st.fixed_dictionaries(
        {},
        optional={
            "prio": SIGNED_32.map(str),
            "actor_port_prio": st.integers(0, 65535).map(str),
            "queue_id": st.integers(0, 16).map(str),
        },
    )
    return st.fixed_dictionaries(dict.fromkeys(ports, wanted)).map(
        lambda found: {port: options for port, options in found.items() if options}
    )
