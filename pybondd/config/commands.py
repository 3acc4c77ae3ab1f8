"""Command lines that make a bond: ip, ifenslave, ifconfig, modprobe, echo into sysfs.

A script is read line by line, as if every line were run; what a shell does beyond that (loops,
conditions, variables) is not, and each such line is told.
"""

import re
import shlex
from collections.abc import Iterator

from pybondd.config.bond_config import LISTS, BondConfig
from pybondd.config.draft import Draft, Said
from pybondd.config.ip_words import read_ip
from pybondd.config.lines import Source
from pybondd.config.module_parameters import load
from pybondd.config.note import Place, broken
from pybondd.config.writing import Written
from pybondd.iproute.bond_words import BOND_WORDS
from pybondd.iproute.values import switch
from pybondd.option import BondMode
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError

_IP_NAMES = {"peer_notif_delay": "peer_notify_delay"}
"""Options that iproute2 calls otherwise than sysfs."""


def reads(source: Source) -> bool:
    """Whether lines of this file are commands that make a bond."""
    told = r"(?:ip\s+(?:-\S+\s+)*(?:link|l|addr|address|a)|ifenslave|modprobe\s+bonding)\b"
    told = rf"(?:{told}|echo\s.*bonding)"
    return any(
        re.match(rf"\s*(?:[$#>]\s+)?(?:sudo\s+)?(?:/\S*/)?{told}", line)
        for _, line in source.lines([])
    )


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    for place, words in _commands(source, draft):
        if not _run(words, place, draft):
            draft.ignore(place, " ".join(words), "it is no command that is read here")


def _commands(source: Source, draft: Draft) -> Iterator[tuple[Place, list[str]]]:
    begun: tuple[Place, str] | None = None
    for place, line in source.lines(draft.notes):
        first, text = (begun[0], begun[1] + line) if begun else (place, line)
        if text.endswith("\\"):
            begun = (first, text[:-1] + " ")
            continue
        begun = None
        # How-tos put the prompt before a command, and // behind it.
        bare = re.sub(r"^\s*(?:[$>]|#(?=\s+ip\s|\s+ifenslave\s))\s*", "", text)
        bare = re.sub(r"\s//\s.*", "", bare)
        try:
            words = shlex.split(bare, comments=True)
        except ValueError as error:
            raise broken(first, text.strip(), "a quote is not closed", "close it") from error
        if words:
            yield first, words


def _run(words: list[str], place: Place, draft: Draft) -> bool:
    while words and words[0] in ("sudo", "command"):
        words = words[1:]
    if not words:
        return True
    program = words[0].rsplit("/", 1)[-1]
    match program, words[1:]:
        case "ip", rest:
            return read_ip(rest, place, draft)
        case "ifenslave", rest:
            return _ifenslave(rest, place, draft)
        case "ifconfig", [name, *rest]:
            return _ifconfig(name, rest, place, draft)
        case "modprobe", ["bonding", *parameters]:
            return _modprobe(parameters, place, draft)
        case "modprobe", ["--first-time", "bonding", *parameters]:
            return _modprobe(parameters, place, draft)
        case "echo", [text, arrow, path] if arrow in (">", ">>"):
            return _echo(text, path, place, draft)
        case "echo", [text, path] if path.startswith(">"):
            return _echo(text, path.lstrip(">"), place, draft)
    return False


def _ifenslave(words: list[str], place: Place, draft: Draft) -> bool:
    match words:
        case ["-d" | "--detach", bond, *ports]:
            for port in ports:
                if draft.bond(bond, place).ports.pop(port, None):
                    why = "it is no port of it then"
                    draft.note_change(place, f"{port} leaves {bond}", why)
        case ["-c" | "--change-active", bond, port]:
            draft.set_option(draft.bond(bond, place), "active_slave", port, place)
        case [bond, *ports] if not bond.startswith("-"):
            draft.add_ports(draft.bond(bond, place), ports, place)
        case ["-f" | "--force" | "-v" | "--verbose", bond, *ports] if not bond.startswith("-"):
            draft.add_ports(draft.bond(bond, place), ports, place)
        case _:
            return False
    return True


def _ifconfig(name: str, words: list[str], place: Place, draft: Draft) -> bool:
    address, netmask = "", ""
    while words:
        match words:
            case ["netmask", text, *rest]:
                netmask, words = text, rest
            case ["mtu", text, *rest]:
                draft.set_mtu(name, text, place)
                words = rest
            case ["hw", "ether", text, *rest]:
                draft.set_mac(name, text, place)
                words = rest
            case ["broadcast", _, *rest]:
                words = rest
            case ["up" | "down", *rest]:
                words = rest
            case [text, *rest]:
                address, words = text, rest
    if address:
        draft.add_address(name, f"{address}/{netmask}" if netmask else address, place)
    return True


def _modprobe(parameters: list[str], place: Place, draft: Draft) -> bool:
    pairs = [
        (name, text) for name, equals, text in (p.partition("=") for p in parameters) if equals
    ]
    try:
        loaded = load(pairs)
    except RefusedError as refused:
        raise broken(place, refused.what, refused.why, refused.remedy) from refused
    for name, why in loaded.warnings:
        draft.mistake(place, f"{name} of the module", why)
    for option, text in loaded.options.items():
        draft.module_options[option] = Said(text, place)
    return True


def _echo(text: str, path: str, place: Place, draft: Draft) -> bool:
    if path.endswith("/bonding_masters") and text.startswith("+"):
        draft.bond(text[1:], place)
        return True
    matched = re.fullmatch(r"/sys/class/net/([^/]+)/bonding/([^/]+)", path)
    if matched is None:
        return False
    bond, file = draft.bond(matched[1], place), matched[2]
    if file == "slaves":
        if text.startswith("+"):
            draft.add_ports(bond, [text[1:]], place)
        else:
            bond.ports.pop(text[1:], None)
    elif file in LISTS and file in bond.options and text.startswith("+"):
        before = bond.options.pop(file).text
        draft.set_option(bond, file, f"{before},{text[1:]}", place)
    else:
        draft.set_option(bond, file, text, place)
    return True


def write(config: BondConfig) -> Written:
    """The commands in the order in which they work: the bond, its ports, what names a port."""
    made = Written()
    mode = BondMode(OPTIONS["mode"].parse(config.options["mode"]))
    lines = _bond_lines(config, made)
    for port in config.ports:
        lines += [f"ip link set {port} down", f"ip link set {port} master {config.name}"]
    for port in config.ports:
        options = config.of_port(port)
        words = [f"{name} {text}" for name, text in options.items()]
        if words:
            lines.append(f"ip link set {port} type bond_slave {' '.join(words)}")
    lines += [f"ip addr add {address} dev {config.name}" for address in config.addresses]
    lines.append(f"ip link set {config.name} up")
    for name in ("primary", "active_slave"):
        if name in config.options and mode not in OPTIONS[name].rejects:
            _write_named(name, config, lines, made)
    made.add(f"{config.name}.sh", lines)
    return made


def _bond_lines(config: BondConfig, made: Written) -> list[str]:
    words = []
    for name, text in config.options.items():
        if made.loses_ours(name) or name in ("primary", "active_slave"):
            continue
        if BOND_WORDS.get(_IP_NAMES.get(name, name)) is switch:
            words.append(f"{name} {'on' if text == '1' else 'off'}")
        else:
            words.append(f"{_IP_NAMES.get(name, name)} {text}")
    before = [f"mtu {config.mtu}"] if config.mtu else []
    before += [f"address {config.mac}"] if config.mac else []
    return [" ".join(["ip link add", config.name, *before, "type bond", *words])]


def _write_named(name: str, config: BondConfig, lines: list[str], made: Written) -> None:
    if config.options[name] in config.ports:
        lines.append(f"ip link set {config.name} type bond {name} {config.options[name]}")
    else:
        made.lose(name, "ip can name an interface only while it exists")
