"""netplan's YAML: bonds below network:, their options below parameters:.

A bare number is milliseconds there, except of learn-packet-interval (seconds). Source: netplan's
parse.c and networkd.c.
"""

import json
from collections.abc import Iterator

import yaml

from pybondd.config.bond_config import LISTS, PORT_OPTIONS, BondConfig
from pybondd.config.draft import BondDraft, Draft
from pybondd.config.durations import duration_ms
from pybondd.config.lines import Source
from pybondd.config.note import Place, broken
from pybondd.config.writing import Written, port_option_is_lost
from pybondd.suggest import suggestion

KEYS = {
    "mode": "mode",
    "lacp-rate": "lacp_rate",
    "mii-monitor-interval": "miimon",
    "min-links": "min_links",
    "transmit-hash-policy": "xmit_hash_policy",
    "ad-select": "ad_select",
    "all-members-active": "all_slaves_active",
    "all-slaves-active": "all_slaves_active",
    "arp-interval": "arp_interval",
    "arp-ip-targets": "arp_ip_target",
    "arp-validate": "arp_validate",
    "arp-all-targets": "arp_all_targets",
    "up-delay": "updelay",
    "down-delay": "downdelay",
    "fail-over-mac-policy": "fail_over_mac",
    "gratuitous-arp": "num_grat_arp",
    "gratuitious-arp": "num_grat_arp",
    "packets-per-member": "packets_per_slave",
    "packets-per-slave": "packets_per_slave",
    "primary-reselect-policy": "primary_reselect",
    "resend-igmp": "resend_igmp",
    "learn-packet-interval": "lp_interval",
    "primary": "primary",
}
"""Keys of parameters:, old spellings included."""
_WRITTEN = {"all_slaves_active": "all-slaves-active", "packets_per_slave": "packets-per-slave"}
"""Of two spellings the one that older releases know as well."""
_TIMES = frozenset({"miimon", "arp_interval", "updelay", "downdelay"})
_DEVICES = ("ethernets", "wifis", "modems", "bridges", "vlans", "tunnels", "vrfs", "dummy-devices")
MAX_YAML_DEPTH = 32
"""Nesting that is read; a file of a thousand brackets is nobody's network."""


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by its name."""
    return source.name.endswith((".yaml", ".yml"))


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    root = _parsed(source, draft)
    networks = [value for key, _, value in _items(root) if key == "network"]
    if not networks:
        why = "there is no network: at the top"
        raise broken(source.place(), "this is not netplan's", why, "network: comes first")
    known: set[str] = set()
    bonds: list[tuple[str, Place, yaml.Node]] = []
    for key, line, value in _items(networks[0]):
        place = source.place(line)
        if key == "bonds":
            bonds += [(name, source.place(at), node) for name, at, node in _items(value)]
        elif key in _DEVICES:
            known |= _read_devices(source, value, draft)
        elif key not in ("version", "renderer"):
            draft.ignore(place, f"network: {key}:")
    for name, place, node in bonds:
        _read_bond(source, name, place, node, known, draft)


def _parsed(source: Source, draft: Draft) -> yaml.Node:
    text = source.text(draft.notes)
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_YAML_DEPTH or isinstance(event, yaml.AliasEvent):
                why = "aliases and deep nesting are not read"
                place = source.place(event.start_mark.line + 1 if event.start_mark else 0)
                raise broken(place, "this YAML is too clever", why, "write it out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        why = " ".join(str(error.problem or error.context).split())
        raise broken(source.place(line), "this is no YAML", why, "mind the indentation") from error
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise broken(source.place(), "this is no YAML", why, "save it as text") from error
    if not isinstance(node, yaml.MappingNode):
        raise broken(source.place(), "this is not netplan's", "it is no mapping", "name: value")
    return node


def _items(node: yaml.Node) -> Iterator[tuple[str, int, yaml.Node]]:
    """Key, line and value of each entry of a mapping; nothing of another node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value


def _texts(node: yaml.Node) -> list[str]:
    """The scalars of a list, or the one scalar; a mapping in a list counts by its first key."""
    if isinstance(node, yaml.ScalarNode):
        return [node.value] if node.value else []
    if not isinstance(node, yaml.SequenceNode):
        return []
    found = []
    for each in node.value:
        if isinstance(each, yaml.ScalarNode):
            found.append(each.value)
        found += [key for key, _, _ in _items(each)][:1]
    return found


def _read_devices(source: Source, devices: yaml.Node, draft: Draft) -> set[str]:
    names = set()
    for name, line, settings in _items(devices):
        names.add(name)
        draft.interface(name, source.place(line))
        for key, at, value in _items(settings):
            if not _read_common(source, name, key, at, value, draft) and key != "match":
                _ignore_setting(source, name, key, at, value, draft)
    return names


def _read_common(
    source: Source, name: str, key: str, line: int, value: yaml.Node, draft: Draft
) -> bool:
    """Settings that every interface may have; False if this is none of them."""
    place = source.place(line)
    match key:
        case "addresses":
            for address in _texts(value):
                draft.add_address(name, address, place)
        case "mtu":
            draft.set_mtu(name, "".join(_texts(value)), place)
        case "macaddress":
            draft.set_mac(name, "".join(_texts(value)), place)
        case "dhcp4" | "dhcp6" | "optional" if _texts(value) in (["false"], ["no"], ["true"]):
            if _texts(value) == ["true"] and key != "optional":
                why = "who gives the address is left to the host's tools"
                draft.ignore(place, f"{name}: {key}: true", why)
        case _:
            return False
    return True


def _ignore_setting(
    source: Source, name: str, key: str, line: int, value: yaml.Node, draft: Draft
) -> None:
    shown = " ".join(_texts(value))
    draft.ignore(source.place(line), f"{name}: {key}: {shown}".rstrip())


def _read_bond(
    source: Source, name: str, place: Place, node: yaml.Node, known: set[str], draft: Draft
) -> None:
    bond = draft.bond(name, place)
    draft.interface(name, place)
    for key, line, value in _items(node):
        at = source.place(line)
        if key == "interfaces":
            for port in _texts(value):
                if port not in known:
                    why = "no ethernets: or other part of this file defines it; netplan refuses it"
                    draft.mistake(at, f"{name} has the unknown interface {port}", why)
            draft.add_ports(bond, _texts(value), at)
        elif key == "parameters":
            for word, at_line, text in _items(value):
                _read_parameter(bond, word, text, source.place(at_line), draft)
        elif not _read_common(source, name, key, line, value, draft):
            _ignore_setting(source, name, key, line, value, draft)


def _read_parameter(
    bond: BondDraft, word: str, node: yaml.Node, place: Place, draft: Draft
) -> None:
    name = KEYS.get(word)
    text = ",".join(_texts(node))
    if name is None:
        why = suggestion(word, KEYS) or "netplan has no such parameter"
        draft.ignore(place, f"{bond.name}: {word}: {text}", why)
        return
    if name == "all_slaves_active":
        text = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}.get(
            text.lower(), text
        )
    elif name in _TIMES or name == "lp_interval":
        unit = "s" if name == "lp_interval" else "ms"
        time_ms = duration_ms(text, bare_unit=unit)
        if time_ms is not None:
            text = str(time_ms // 1000 if name == "lp_interval" else time_ms)
    draft.set_option(bond, name, text, place)


def write(config: BondConfig) -> Written:
    """One file; each port is defined among the ethernets."""
    made = Written()
    keys = {name: key for key, name in reversed(KEYS.items())} | _WRITTEN
    lines = ["network:", "  version: 2"]
    if config.ports:
        lines += ["  ethernets:", *(f"    {_quoted(port)}: {{}}" for port in config.ports)]
    lines += ["  bonds:", f"    {_quoted(config.name)}:"]
    lines.append(f"      interfaces: [{', '.join(map(_quoted, config.ports))}]")
    if config.addresses:
        lines.append(f"      addresses: [{', '.join(map(_quoted, config.addresses))}]")
    lines += [f"      mtu: {config.mtu}"] if config.mtu else []
    lines += [f"      macaddress: {_quoted(config.mac)}"] if config.mac else []
    parameters = []
    for name, text in config.options.items():
        if made.loses_ours(name):
            continue
        if name not in keys:
            made.lose(name, "netplan has no parameter for it")
        else:
            parameters.append(f"        {keys[name]}: {_shown(name, text)}")
    lines += ["      parameters:", *parameters] if parameters else []
    for port in config.ports:
        for name in PORT_OPTIONS:
            port_option_is_lost(made, config, port, name, "netplan has no parameter of a port")
    made.add(f"/etc/netplan/30-{config.name}.yaml", lines)
    return made


def _shown(name: str, text: str) -> str:
    if name in LISTS:
        return f"[{', '.join(map(_quoted, text.split(',')))}]"
    if name == "all_slaves_active":
        return "true" if text == "1" else "false"
    return text if text.isdecimal() else _quoted(text)


def _quoted(text: str) -> str:
    """YAML reads no, 1e3 or 12:30 as something else, so all that is no plain word is quoted."""
    is_plain = text.isascii() and text.replace("-", "a").isalnum() and not text[0].isdigit()
    is_word = text.lower() not in ("no", "yes", "on", "off", "true", "false", "null", "y", "n")
    if is_plain and is_word and text[0] != "-":
        return text
    return json.dumps(text)
