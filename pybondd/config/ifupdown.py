"""Debian's /etc/network/interfaces: a stanza an interface, `bond-` before the options.

Source: interfaces(5); the hooks of the package ifenslave 2.13. What only ifupdown-ng knows
(bond-members and more options) is read as well.
"""

import re

from pybondd.config.bond_config import PORT_OPTIONS, BondConfig, option_named
from pybondd.config.draft import Draft
from pybondd.config.lines import Source
from pybondd.config.note import Place
from pybondd.config.writing import Written, port_option_is_lost

HOOKED = frozenset(
    [
        "mode",
        "miimon",
        "updelay",
        "downdelay",
        "use_carrier",
        "arp_interval",
        "arp_ip_target",
        "arp_validate",
        "primary",
        "active_slave",
        "primary_reselect",
        "fail_over_mac",
        "xmit_hash_policy",
        "lacp_rate",
        "ad_select",
        "num_grat_arp",
        "num_unsol_na",
        "packets_per_slave",
        "tlb_dynamic_lb",
    ]
)
"""Options that Debian's hooks carry out; of another one they take no notice."""
_STANZAS = {"iface", "auto", "allow-auto", "allow-hotplug", "mapping", "source", "no-auto-down"}
_STANZAS |= {"source-directory", "rename", "template", "no-scripts"}
_PORT_LISTS = {"slaves", "members"}


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by where it lies or by its stanzas."""
    if source.name == "interfaces" or "interfaces.d" in source.path:
        return True
    return any(re.match(r"\s*iface\s+\S+\s+inet6?\s", line) for _, line in source.lines([]))


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    name = ""
    wants_all: list[tuple[str, Place]] = []
    stanzas: dict[str, Place] = {}
    for place, words in _statements(source, draft):
        key, rest = words[0], " ".join(words[1:])
        if key == "iface" and len(words) > 1:
            name = words[1]
            stanzas.setdefault(name, place)
            draft.interface(name, place)
            _note_method(words, place, draft)
        elif key in _STANZAS:
            name = "" if key == "mapping" else name
            if key not in ("auto", "allow-auto", "allow-hotplug"):
                draft.ignore(place, " ".join(words), "name that file as well if it matters")
        elif not name:
            draft.ignore(place, " ".join(words), "it belongs to no iface stanza")
        elif re.match(r"bond[-_]", key) and key[5:].replace("_", "-") in _PORT_LISTS:
            if rest == "all":
                wants_all.append((name, place))
            draft.bond(name, place)
            if rest not in ("all", "none"):
                draft.add_ports(draft.bond(name, place), words[1:], place)
        elif re.match(r"bond[-_]", key):
            _read_option(name, key, rest, place, draft)
        else:
            _read_setting(name, key, words[1:], place, draft)
    for bond, place in wants_all:
        names = [each for each in stanzas if re.fullmatch(r"eth.*", each)]
        why = "all means every interface eth... at that time; those of this file are taken"
        draft.mistake(place, f"bond-slaves all of {bond}", f"{why}: {' '.join(names) or 'none'}")
        draft.add_ports(draft.bond(bond, place), names, place)


def _statements(source: Source, draft: Draft) -> list[tuple[Place, list[str]]]:
    """The words of each line; a backslash goes on with the next, a # only begins a line."""
    found: list[tuple[Place, list[str]]] = []
    begun: tuple[Place, str] | None = None
    for place, line in source.lines(draft.notes):
        first, text = (begun[0], begun[1] + line) if begun else (place, line)
        if text.endswith("\\"):
            begun = (first, text[:-1])
            continue
        begun = None
        if text.strip() and not text.lstrip().startswith("#"):
            if re.search(r"\s#", text):
                why = "ifupdown knows comments at the beginning of a line only: it is a value there"
                draft.mistake(first, text[text.index("#") :].strip(), why)
                text = text[: text.index("#")]
            found.append((first, text.split()))
    return found


def _note_method(words: list[str], place: Place, draft: Draft) -> None:
    method = words[3] if len(words) > 3 else ""
    if method not in ("static", "manual"):
        draft.ignore(place, " ".join(words), "who gives the address is left to the host's tools")


def _read_option(name: str, key: str, text: str, place: Place, draft: Draft) -> None:
    word = key[5:].replace("-", "_")
    if word == "master":
        draft.add_ports(draft.bond(text, place), [name], place)
        return
    bond = draft.bond(name, place)
    option = option_named(word)
    if option is not None and word not in HOOKED and option.name != "queue_id":
        why = f"Debian's ifenslave takes no notice of {key}; pybondd does"
        draft.mistake(place, f"{key} {text}", why)
    if word == "queue_id":
        why = "Debian's hook writes it into a file that does not exist; pybondd sets it"
        draft.mistake(place, f"{key} {text}", why)
    if word == "primary" and len(text.split()) > 1:
        why = "the first one that has joined is taken; a bond has one primary"
        draft.mistake(place, f"{key} {text}", why)
        text = text.split()[0]
    draft.set_option(bond, word, text, place)


def _read_setting(name: str, key: str, words: list[str], place: Place, draft: Draft) -> None:
    text = " ".join(words)
    if key == "address":
        draft.add_address(name, text, place)
    elif key == "netmask":
        _add_netmask(name, text, place, draft)
    elif key == "mtu":
        draft.set_mtu(name, text, place)
    elif key == "hwaddress" and words:
        draft.set_mac(name, words[-1], place)
    else:
        draft.ignore(place, f"{key} {text}".rstrip())


def _add_netmask(name: str, text: str, place: Place, draft: Draft) -> None:
    """A netmask of its own line belongs to the address before it."""
    addresses = draft.interface(name, place).addresses
    if not addresses:
        draft.mistake(place, f"netmask {text}", "it comes before the address; it is left out")
        return
    last = list(addresses)[-1]
    del addresses[last]
    draft.add_address(name, f"{last.split('/')[0]}/{text}", place)


def write(config: BondConfig) -> Written:
    """One file with a stanza for the bond; its ports need none."""
    made = Written()
    lines = [f"auto {config.name}", f"iface {config.name} inet manual"]
    lines.append(f"    bond-slaves {' '.join(config.ports) or 'none'}")
    for name, text in config.options.items():
        if made.loses_ours(name):
            continue
        if name not in HOOKED:
            made.lose(name, "Debian's ifenslave takes no notice of it")
        else:
            key = name.replace("_", "-")
            lines.append(f"    bond-{key} {text.replace(',', ' ')}")
    for port in config.ports:
        for name in PORT_OPTIONS:
            port_option_is_lost(made, config, port, name, "the hooks have no option of a port")
    lines += [f"    mtu {config.mtu}"] if config.mtu else []
    lines += [f"    hwaddress ether {config.mac}"] if config.mac else []
    for address in config.addresses:
        family = "inet6" if ":" in address else "inet"
        lines += ["", f"iface {config.name} {family} static", f"    address {address}"]
    made.add(f"/etc/network/interfaces.d/{config.name}", lines)
    return made
