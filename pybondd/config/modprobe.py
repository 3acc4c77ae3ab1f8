"""/etc/modprobe.d/*.conf: options for the module when it is loaded, and names to load it by.

`options bonding` gives every bond its options; `options bond0` only counts when the module is
loaded through an alias of that name. Source: kmod's libkmod-config.c, modprobe.d(5).
"""

import re
import shlex

from pybondd.config.bond_config import PORT_OPTIONS, BondConfig
from pybondd.config.draft import Draft, Said
from pybondd.config.lines import Source, without_remark
from pybondd.config.module_parameters import PARAMETERS, ModuleLoad, load
from pybondd.config.note import Place, broken
from pybondd.config.writing import Written, port_option_is_lost
from pybondd.refusal import RefusedError

MAX_BONDS = 1024
"""More bonds than that are a slip of the finger."""
_VERBS = {"alias", "options", "install", "remove", "blacklist", "softdep"}


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by where it lies or by its first words."""
    if "modprobe" in source.path and source.name.endswith(".conf"):
        return True
    words = (line.split(maxsplit=1)[:1] for _, line in source.lines([]))
    firsts = [word[0] for word in words if word and not word[0].startswith("#")]
    return bool(firsts) and firsts[0] in _VERBS


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    aliases: dict[str, Place] = {}
    loads: dict[str, tuple[Place, list[str]]] = {}
    for place, words in _statements(source, draft):
        match words:
            case ["alias", alias, module, *_] if module.startswith("bonding"):
                aliases[alias] = place
            case ["options", name, *parameters]:
                _merge(loads, name, parameters, place, draft)
            case ["install", name, *command] if "bonding" in command:
                after = command[command.index("bonding") + 1 :]
                _merge(loads, name, after, place, draft)
                aliases.setdefault(name, place)
            case _:
                draft.ignore(place, " ".join(words))
    _make_bonds(aliases, loads, draft)


def _statements(source: Source, draft: Draft) -> list[tuple[Place, list[str]]]:
    """The words of each line; a backslash at its end goes on with the next one."""
    found: list[tuple[Place, list[str]]] = []
    begun: tuple[Place, str] | None = None
    for place, line in source.lines(draft.notes):
        first, text = (begun[0], begun[1] + line) if begun else (place, line)
        if text.endswith("\\"):
            begun = (first, text[:-1] + " ")
            continue
        begun = None
        try:
            words = shlex.split(text, comments=True)
        except ValueError as error:
            raise broken(first, text.strip(), "a quote is not closed", "close it") from error
        if words:
            found.append((first, words))
    return found


Loads = dict[str, tuple[Place, list[str]]]


def _merge(loads: Loads, name: str, parameters: list[str], place: Place, draft: Draft) -> None:
    if name in loads:
        why = f"{loads[name][0]} has one too; modprobe puts them together, the last value wins"
        draft.mistake(place, f"options for {name} are given twice", why)
    before = loads[name][1] if name in loads else []
    loads[name] = (place, before + _without_o(parameters, place, draft))


def _without_o(parameters: list[str], place: Place, draft: Draft) -> list[str]:
    """`-o name` once loaded the module again under another name; modprobe has forgotten it."""
    if "-o" not in parameters:
        return parameters
    at = parameters.index("-o")
    why = "modprobe has not known it for years: such a bond is never made. It is read as meant"
    draft.mistake(place, " ".join(parameters[at : at + 2]), why)
    return parameters[:at] + parameters[at + 2 :]


def _make_bonds(aliases: dict[str, Place], loads: Loads, draft: Draft) -> None:
    """Options of the module are those of every bond; an alias's own come on top."""
    common = loads.pop("bonding", None)
    common_words = common[1] if common else []
    loaded = _load(common_words, common[0], draft) if common else ModuleLoad()
    if common:
        _give_to_all(loaded, common[0], draft)
    _note_counts(loaded, common, aliases, draft)
    own = {name for name in loads if name in aliases or re.fullmatch(r"bond\d+", name)}
    made = {f"bond{n}" for n in range(min(loaded.bond_count, MAX_BONDS))} if common else set()
    for name in sorted(made | aliases.keys() | own):
        bearer = loads.get(name) or common
        origin = bearer[0] if bearer else aliases[name]
        bond = draft.bond(name, origin)
        if name in loads:
            place, words = loads[name]
            if name not in aliases:
                why = f"they only count if the module is loaded by: alias {name} bonding"
                draft.mistake(place, f"options {name} without an alias", why)
            for option, text in _load(words, place, draft).options.items():
                bond.options[option] = Said(text, place)
    for name in loads.keys() - own:
        draft.ignore(loads[name][0], f"options {name}", "it is another module")


def _give_to_all(loaded: ModuleLoad, place: Place, draft: Draft) -> None:
    for option, text in loaded.options.items():
        draft.module_options[option] = Said(text, place)


def _note_counts(
    loaded: ModuleLoad,
    common: tuple[Place, list[str]] | None,
    aliases: dict[str, Place],
    draft: Draft,
) -> None:
    place = common[0] if common else next(iter(aliases.values()), None)
    says_count = common is not None and any(w.startswith("max_bonds=") for w in common[1])
    if place and len(aliases) > max(loaded.bond_count, 1):
        names = ", ".join(aliases)
        why = f"the module makes {loaded.bond_count} when it is loaded: max_bonds={len(aliases)}"
        draft.mistake(place, f"there are aliases for {names}", why)
    if place and says_count:
        for name in (f"bond{n}" for n in range(min(loaded.bond_count, MAX_BONDS))):
            if name not in aliases:
                what = f"max_bonds makes {name}, and there is no alias {name} bonding"
                draft.mistake(place, what, "bringing it up does not load the module")


def _load(words: list[str], place: Place, draft: Draft) -> ModuleLoad:
    pairs = []
    for word in words:
        name, equals, text = word.partition("=")
        value, remark = without_remark(text)
        if remark:
            why = f"{remark!r} would be read as part of the value; {value!r} is taken"
            draft.mistake(place, word, why)
        if equals:
            pairs.append((name, value))
        else:
            draft.mistake(place, f"{word} is no parameter=value", "it is ignored")
    try:
        loaded = load(pairs)
    except RefusedError as refused:
        raise broken(place, refused.what, refused.why, refused.remedy) from refused
    for name, why in loaded.warnings:
        draft.mistake(place, f"{name} of the module", why)
    return loaded


def write(config: BondConfig) -> Written:
    """An alias with its options. Ports are not the module's business."""
    made = Written()
    words = _words(config, made)
    for port in config.ports:
        for name in PORT_OPTIONS:
            port_option_is_lost(made, config, port, name, "the module knows no ports")
    if config.ports:
        command = f"ifenslave {config.name} {' '.join(config.ports)}"
        made.lose("ports", f"the module knows no ports: {command}")
    for what, is_said in (("address", config.addresses), ("mtu", config.mtu), ("mac", config.mac)):
        if is_said:
            made.lose(what, f"the module does not set it: use ip on {config.name}")
    lines = [f"alias {config.name} bonding"]
    lines += [f"options {config.name} {' '.join(words)}"] if words else []
    made.add(f"/etc/modprobe.d/{config.name}.conf", lines)
    return made


def _words(config: BondConfig, made: Written) -> list[str]:
    """The parameters; the module itself is asked what it makes of them."""
    options = dict(config.options)
    for name in [each for each in options if each not in PARAMETERS]:
        made.lose(name, "the module has no such parameter")
        del options[name]
    has_arp = options.get("arp_interval", "0") != "0" and options.get("arp_ip_target")
    if "arp_validate" in options and not has_arp:
        made.lose("arp_validate", "the module takes it only with arp_interval and arp_ip_target")
        del options["arp_validate"]
    becomes = load(options.items()).options
    for name, text in options.items():
        if becomes.get(name) != text:
            made.lose(name, f"the module makes {becomes.get(name, 'nothing')} of {text} here")
    return [f"{name}={text}" for name, text in options.items() if name not in made.lost]
