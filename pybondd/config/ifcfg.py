"""RHEL's and Fedora's /etc/sysconfig/network-scripts/ifcfg-*: one file an interface.

Shell assignments. The bond has BONDING_OPTS, a port has MASTER and SLAVE=yes. Source: initscripts'
ifup-eth and network-functions; SUSE's BONDING_MODULE_OPTS and BONDING_SLAVEn are read as well.
"""

import ipaddress
import re
import shlex

from pybondd.config.bond_config import PORT_OPTIONS, BondConfig
from pybondd.config.draft import BondDraft, Draft
from pybondd.config.lines import Source, without_remark
from pybondd.config.note import Place, broken
from pybondd.config.writing import Written, port_option_is_lost

NO_SYSFS_FILE = frozenset({"ns_ip6_target", "coupled_control", "broadcast_neighbor", "lacp_strict"})
"""Options of netlink alone: BONDING_OPTS is written to sysfs."""
MAX_JOINED_LINES = 20
"""A value in quotes may go on over lines; longer ones are a quote that somebody forgot."""
_NETMASK = re.compile(r"(?:IPADDR|PREFIX|NETMASK)(\d*)")
_OWN = {"DEVICE", "TYPE", "BONDING_MASTER", "MASTER", "SLAVE", "ONPARENT"}
_STATIC = {"none", "static", ""}
_REASONS = {
    "GATEWAY": "routes are left to the host's network tools",
    "DEFROUTE": "routes are left to the host's network tools",
    "HWADDR": "it only picks the file for a card; pybondd goes by the interface's name",
    "ONBOOT": "when the bond starts is left to the host",
    "BONDING_MASTER": "the option stands without a bond",
}


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by its name."""
    return source.name.startswith("ifcfg-")


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    settings = _settings(source, draft)
    name = settings.get("DEVICE", (source.name.removeprefix("ifcfg-"), source.place()))[0]
    _read_addresses(name, settings, draft)
    if "MASTER" in settings:
        _read_port(name, settings, draft)
    elif _is_bond(name, settings):
        _read_bond(name, settings, draft)
    else:
        draft.interface(name, source.place())
    for key, (text, place) in settings.items():
        if not _is_understood(key, text):
            reason = _REASONS.get(key, "it says nothing about the bond")
            draft.ignore(place, f"{key}={text}", reason)


Settings = dict[str, tuple[str, Place]]


def _settings(source: Source, draft: Draft) -> Settings:
    """Every assignment, the last one of a key, as a shell would have it."""
    found: Settings = {}
    for place, words in _statements(source, draft):
        if not words:
            continue
        key, equals, text = words[0].partition("=")
        if not equals and len(words) > 1 and words[1].startswith("="):
            why = "a shell takes no blanks around ="
            draft.mistake(place, " ".join(words), why)
            text, words = words[1][1:], words[1:]
        elif not equals:
            draft.ignore(place, " ".join(words), "it is no KEY=value")
            continue
        if len(words) > 1:
            rest = " ".join(words[1:])
            why = f'a shell ends the value at the blank; quote it: {key}="{text} {rest}"'
            if rest:
                draft.mistake(place, f"{key} is not quoted", why)
            text = f"{text} {rest}".strip()
        if not key.startswith("BONDING_"):
            text = without_remark(text)[0]
        found[key.upper()] = (text, place)
    return found


def _statements(source: Source, draft: Draft) -> list[tuple[Place, list[str]]]:
    """The words of each line; a value in quotes may go on over the next lines."""
    lines = source.lines(draft.notes)
    found, at = [], 0
    while at < len(lines):
        place, text = lines[at]
        for count in range(1, MAX_JOINED_LINES):
            try:
                found.append((place, shlex.split(text, comments=True)))
                at += count
                break
            except ValueError:
                following = lines[at + count][1] if at + count < len(lines) else None
            if following is None or re.match(r"\s*[A-Z][A-Z0-9_]*=", following):
                why = "a quote is opened and not closed on this line"
                raise broken(place, lines[at][1].strip(), why, "close it")
            text = f"{text.removesuffix(chr(92))}\n{following}"
        else:
            raise broken(place, "this value has no end", "a quote is not closed", "close it")
    return found


def _is_bond(name: str, settings: Settings) -> bool:
    says_so = settings.get("TYPE", ("",))[0].lower() == "bond" or "BONDING_MASTER" in settings
    return says_so or any(key.startswith("BONDING_") for key in settings) or _looks_so(name)


def _looks_so(name: str) -> bool:
    return re.fullmatch(r"bond\d*", name) is not None


def _read_bond(name: str, settings: Settings, draft: Draft) -> None:
    bond = draft.bond(name, next(iter(settings.values()))[1])
    for key in ("BONDING_OPTS", "BONDING_MODULE_OPTS"):
        if key in settings:
            _read_options(bond, key, *settings[key], draft)
    for key, (text, place) in settings.items():
        if re.fullmatch(r"BONDING_SLAVE_?\d+", key):
            draft.add_ports(bond, [text], place)


def _read_options(bond: BondDraft, key: str, text: str, place: Place, draft: Draft) -> None:
    """Split at blanks; key before the first =, value after the last one, as the scripts do."""
    for pair in _pairs(key, text, place, draft):
        if "=" not in pair:
            shown = without_remark(pair)[0]
            why = "it is no option=value"
            draft.mistake(place, f"{shown or pair} in {key}", why)
            continue
        draft.set_option(bond, pair.split("=")[0], pair.rsplit("=", 1)[1], place)


def _pairs(key: str, text: str, place: Place, draft: Draft) -> list[str]:
    tidy = re.sub(r"[ \t]*=[ \t]*", "=", " ".join(text.split()))
    if tidy != " ".join(text.split()):
        draft.mistake(place, f'{key}="{text}"', "the options are split at blanks: none around =")
    apart = re.sub(r"[,;]+(?=\s|$|[a-z_]+[0-9]?[a-z_]*=)", " ", tidy)
    if apart != tidy:
        draft.mistake(place, f'{key}="{text}"', "the options are split at blanks, not at , or ;")
    return apart.split()


def _read_port(name: str, settings: Settings, draft: Draft) -> None:
    master, place = settings["MASTER"]
    bond = draft.bond(master, place)
    draft.add_ports(bond, [name], place)
    if settings.get("SLAVE", ("no", place))[0].lower() != "yes":
        why = "the network scripts would bring it up on its own; write SLAVE=yes"
        draft.mistake(place, f"{name} has MASTER={master} but not SLAVE=yes", why)
    if "BONDING_OPTS" in settings:
        why = f"only the file of {master} may have options"
        draft.mistake(settings["BONDING_OPTS"][1], f"{name} has BONDING_OPTS", why)


def _read_addresses(name: str, settings: Settings, draft: Draft) -> None:
    for key, (text, place) in settings.items():
        if matched := re.fullmatch(r"IPADDR(\d*)", key):
            length = _prefix_length(settings, matched[1])
            draft.add_address(name, f"{text}/{length}" if length else text, place)
        elif key == "IPV6ADDR":
            draft.add_address(name, text, place)
        elif key == "IPV6ADDR_SECONDARIES":
            for address in text.split():
                draft.add_address(name, address, place)
        elif key == "MTU":
            draft.set_mtu(name, text, place)
        elif key in ("MACADDR", "LLADDR"):
            draft.set_mac(name, text, place)


def _prefix_length(settings: Settings, number: str) -> str:
    for key in (f"PREFIX{number}", f"NETMASK{number}"):
        if key in settings:
            return settings[key][0].strip()
    return ""


def _is_understood(key: str, text: str) -> bool:
    known = _OWN | {"BONDING_OPTS", "BONDING_MODULE_OPTS", "MTU", "MACADDR", "LLADDR"}
    known |= {"IPV6ADDR", "IPV6ADDR_SECONDARIES", "NAME"}
    if key == "BOOTPROTO":
        return text.lower() in _STATIC
    is_bonding_slave = re.fullmatch(r"BONDING_SLAVE_?\d+", key)
    return key in known or bool(_NETMASK.fullmatch(key) or is_bonding_slave)


def write(config: BondConfig) -> Written:
    """The bond's file and one for each port."""
    made = Written()
    options = []
    for name, text in config.options.items():
        if name in NO_SYSFS_FILE or name == "active_slave":
            made.lose(name, "the scripts write BONDING_OPTS to sysfs before any port has joined")
        elif not made.loses_ours(name):
            options.append(f"{name}={text}")
    for port in config.ports:
        for name in PORT_OPTIONS:
            port_option_is_lost(made, config, port, name, "ifcfg has no option of a port")
    lines = [f"DEVICE={config.name}", "TYPE=Bond", "BONDING_MASTER=yes", "ONBOOT=yes"]
    lines += ["BOOTPROTO=none"]
    if options:
        lines.append(f'BONDING_OPTS="{" ".join(options)}"')
    lines += _address_lines(config.addresses)
    lines += [f"MTU={config.mtu}"] if config.mtu else []
    lines += [f"MACADDR={config.mac}"] if config.mac else []
    made.add(f"/etc/sysconfig/network-scripts/ifcfg-{config.name}", lines)
    for port in config.ports:
        lines = [f"DEVICE={port}", "TYPE=Ethernet", "ONBOOT=yes", "BOOTPROTO=none"]
        lines += [f"MASTER={config.name}", "SLAVE=yes"]
        made.add(f"/etc/sysconfig/network-scripts/ifcfg-{port}", lines)
    return made


def _address_lines(addresses: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    parsed = [ipaddress.ip_interface(address) for address in addresses]
    fours = [each for each in parsed if each.version == 4]
    sixes = [str(each) for each in parsed if each.version == 6]
    for number, address in enumerate(fours):
        mark = str(number) if number else ""
        lines += [f"IPADDR{mark}={address.ip}", f"PREFIX{mark}={address.network.prefixlen}"]
    if sixes:
        lines += ["IPV6INIT=yes", f"IPV6ADDR={sixes[0]}"]
    if sixes[1:]:
        lines.append(f'IPV6ADDR_SECONDARIES="{" ".join(sixes[1:])}"')
    return lines
