"""What does one `ip` command say about a bond? Its grammar is that of iproute/."""

from collections.abc import Sequence

from pybondd.config.bond_config import PORT_OPTIONS
from pybondd.config.draft import Draft
from pybondd.config.note import Place, broken
from pybondd.iproute.bond_words import read_bond_words, read_port_words
from pybondd.iproute.command_line import take_apart
from pybondd.iproute.link_words import LinkWords, read_link_words, verb_of
from pybondd.iproute.misuse import MisuseError


def read_ip(arguments: Sequence[str], place: Place, draft: Draft) -> bool:
    """Take an `ip` command into the draft; False if it is about something else.

    Raises RefusedError for words that `ip` itself would not take.
    """
    line = take_apart(arguments)
    if line is None or not line.words:
        return False
    try:
        match line.object, verb_of(line.words) if line.object == "link" else line.words[0]:
            case "link", "add" | "set" as verb:
                return _link(verb, read_link_words(line.words[1:]), place, draft)
            case "address", "add" | "a" | "replace":
                return _address(list(line.words[1:]), place, draft)
    except MisuseError as misuse:
        what = " ".join(("ip", *arguments))
        why = " ".join(misuse.text.split()) or "ip prints its help instead"
        raise broken(place, what, why, "correct it, or take the line out") from misuse
    return False


def _link(verb: str, words: LinkWords, place: Place, draft: Draft) -> bool:
    name = words.name if verb == "add" and words.name else words.device
    if name is None or (verb == "add" and words.kind != "bond"):
        return False
    if verb == "add":
        draft.bond(name, place)
        draft.interface(name, place)
    if words.master:
        draft.add_ports(draft.bond(words.master, place), [name], place)
    if words.releases:
        _release(name, place, draft)
    _settings(name, list(words.rest), place, draft)
    if words.kind == "bond":
        for option, text in read_bond_words(words.kind_words).items():
            if text or option != "active_slave":
                draft.set_option(draft.bond(name, place), option, text, place)
    elif words.kind == "bond_slave":
        for option, text in read_port_words(words.kind_words).items():
            assert option in PORT_OPTIONS
            draft.set_port_option(name, option, text, place)
    return True


def _settings(name: str, rest: list[str], place: Place, draft: Draft) -> None:
    while rest:
        match rest:
            case ["mtu", text, *others]:
                draft.set_mtu(name, text, place)
            case ["address", text, *others]:
                draft.set_mac(name, text, place)
            case ["name", _, *others]:
                pass
            case ["up" | "down", *others]:
                pass
            case _:
                draft.ignore(place, f"{name}: {' '.join(rest)}")
                return
        rest = others


def _release(port: str, place: Place, draft: Draft) -> None:
    for bond in draft.bonds.values():
        if bond.ports.pop(port, None):
            draft.note_change(place, f"{port} leaves {bond.name}", "it is no port of it then")


def _address(words: list[str], place: Place, draft: Draft) -> bool:
    if "dev" not in words[1:-1]:
        return False
    draft.add_address(words[words.index("dev") + 1], words[0], place)
    return True
