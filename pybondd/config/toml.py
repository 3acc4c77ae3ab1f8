"""pybondd's own file, /etc/pybondd/<bond>.toml: read strictly, written so that people like it.

Unlike other programs' files this one is refused at the first mistake: it is ours, and whoever wrote
it can mend it. The file's name is the bond's.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping

from pybondd.config.bond_config import (
    LISTS,
    PORT_OPTIONS,
    BondConfig,
    canonical,
    in_order,
    option_named,
)
from pybondd.config.draft import MAX_MTU_OCTETS, MIN_MTU_OCTETS, Draft, fit_name, parsed_mac
from pybondd.config.finish import DEFAULT_MODE
from pybondd.config.lines import Source
from pybondd.config.note import Note, Place, broken
from pybondd.config.trial import refusals
from pybondd.option import Option
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError
from pybondd.settings import DEFAULT_MIIMON_MS
from pybondd.suggest import suggestion

TOP = ("mode", "ports", "address", "mtu", "mac", "options", "port")
"""What may stand at the top of the file."""


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by its name."""
    return source.name.endswith(".toml")


def read_config(source: Source, bond: str = "") -> BondConfig:
    """The bond of this file, checked as a whole. Raises RefusedError with file and line."""
    return _Reader(source).config(bond or source.name.removesuffix(".toml"))


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft of an import. Raises RefusedError."""
    config = read_config(source)
    place = source.place()
    bond = draft.bond(config.name, place)
    draft.add_ports(bond, config.ports, place)
    for name, text in config.options.items():
        draft.set_option(bond, name, text, place)
    for port, options in config.port_options.items():
        for name, text in options.items():
            draft.set_port_option(port, name, text, place)
    for address in config.addresses:
        draft.add_address(config.name, address, place)
    if config.mtu:
        draft.set_mtu(config.name, str(config.mtu), place)
    if config.mac:
        draft.set_mac(config.name, config.mac, place)


class _Reader:
    """One file; knows where a key stands, which tomllib does not tell."""

    def __init__(self, source: Source) -> None:
        self._source = source
        notes: list[Note] = []
        self._text = source.text(notes)
        if notes:
            assert notes[0].place is not None
            raise broken(notes[0].place, "this is not UTF-8", "TOML is always UTF-8", "save it so")
        self._root = self._parsed()

    def _parsed(self) -> dict[str, object]:
        try:
            return tomllib.loads(self._text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            where = re.search(r"\(at line (\d+)", str(error))
            line = int(where[1]) if where else self._text.count("\n") + 1
            why = re.sub(r" \(at .*\)", "", str(error)).lower()
            remedy = 'example: mode = "active-backup"   (names in quotes, numbers without)'
            raise broken(self._source.place(line), "this is no TOML", why, remedy) from error

    def config(self, bond: str) -> BondConfig:
        fit_name(bond, self._source.place())
        self._known(self._root, TOP, "")
        options = {"mode": self._option("mode", self._root.get("mode", DEFAULT_MODE), "")}
        ports = self._ports()
        options |= self._options()
        config = BondConfig(
            bond,
            ports,
            {name: options[name] for name in OPTIONS if name in options},
            self._port_options(ports),
            self._addresses(),
            self._mtu(),
            self._mac(),
        )
        self._refuse_by_trial(config)
        return config

    def _place(self, key: str, table: str = "") -> Place:
        """The line of a key in a table; of the file as a whole if it is written otherwise."""
        inside, spelling = "", re.escape(key).replace("_", "[-_]")
        for number, line in enumerate(self._text.split("\n"), 1):
            header = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
            if header:
                inside = header[1].replace('"', "").replace(" ", "")
                if not table and inside.split(".")[0] == key:
                    return self._source.place(number)
            elif inside == table and re.match(rf'\s*"?{spelling}"?\s*[.=]', line):
                return self._source.place(number)
        return self._source.place()

    def _failure(self, key: str, table: str, what: str, why: str, remedy: str) -> RefusedError:
        return broken(self._place(key, table), what, why, remedy)

    def _known(self, found: Iterable[str], names: Iterable[str], table: str) -> None:
        names = list(names)
        for key in found:
            if key not in names:
                what = f"unknown key {key!r}" + (f" in [{table}]" if table else "")
                why = suggestion(key, names)
                if not why and not table and option_named(key):
                    why = "options of the kernel stand below [options]"
                known = f"known here: {', '.join(names)}"
                raise self._failure(key, table, what, why or "nothing has a similar name", known)

    def _table(self, found: object, key: str, table: str) -> Mapping[str, object]:
        if not isinstance(found, dict):
            what = f"{key} is no table"
            raise self._failure(
                key, table, what, f"{found!r} is one value", f"write [{key}] on a line"
            )
        return found

    def _ports(self) -> tuple[str, ...]:
        ports = self._strings("ports")
        place = self._place("ports")
        for at, port in enumerate(ports):
            fit_name(port, place)
            if port in ports[:at]:
                raise broken(place, f"{port} is listed twice", "it joins once", "name it once")
        return ports

    def _strings(self, key: str) -> tuple[str, ...]:
        found = self._root.get(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            remedy = f'example: {key} = ["eth0", "eth1"]'
            raise self._failure(key, "", f"{key} is no list of texts", f"it is {found!r}", remedy)
        return tuple(listed)

    def _options(self) -> dict[str, str]:
        found = self._table(self._root.get("options", {}), "options", "")
        if "mode" in found:
            why = "the mode stands at the top of the file, everything else hangs on it"
            raise self._failure(
                "mode", "options", "mode in [options]", why, "move it to the first line"
            )
        names = [name for name in OPTIONS if name not in (*PORT_OPTIONS, "mode")]
        made: dict[str, str] = {}
        for key, value in found.items():
            option = option_named(key)
            self._known([option.name if option else key], names, "options")
            made[option.name if option else key] = self._option(key, value, "options")
        return made

    def _option(self, key: str, value: object, table: str) -> str:
        option = option_named(key)
        assert option is not None
        text = self._as_text(option, value, table)
        try:
            return canonical(option, text)
        except RefusedError as refused:
            why = suggestion(text, option.values) or refused.why
            what = f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}"
            raise broken(self._place(key, table), what, why, option.expects()) from refused

    def _as_text(self, option: Option, value: object, table: str) -> str:
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str) and value.isprintable():
            return value
        is_texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if option.name in LISTS and is_texts and isinstance(value, list):
            return ",".join(value)
        what = f"{option.name} = {value!r}"
        why = "this kind of value is not understood"
        raise self._failure(option.name, table, what, why, "a text in quotes or a number")

    def _port_options(self, ports: tuple[str, ...]) -> dict[str, dict[str, str]]:
        found = self._table(self._root.get("port", {}), "port", "")
        made: dict[str, dict[str, str]] = {}
        for port, value in found.items():
            table = f"port.{port}"
            if port not in ports:
                why = suggestion(port, ports) or f"ports are {', '.join(ports) or 'none'}"
                raise self._failure("port", "", f"[{table}] is of no port", why, "add it to ports")
            options = self._table(value, port, "port")
            self._known(options, PORT_OPTIONS, table)
            made[port] = {k: self._as_text(OPTIONS[k], v, table) for k, v in options.items()}
        return {port: texts for port, texts in made.items() if texts}

    def _addresses(self) -> tuple[str, ...]:
        draft, place = Draft(), self._place("address")
        for text in self._strings("address"):
            draft.add_address("address", text, place)
        if draft.notes:
            remedy = 'example: address = ["192.0.2.10/24"]'
            raise broken(place, draft.notes[0].what, draft.notes[0].why, remedy)
        return in_order(draft.interface("address", place).addresses)

    def _mtu(self) -> int | None:
        mtu = self._root.get("mtu")
        if mtu is None:
            return None
        is_number = isinstance(mtu, int) and not isinstance(mtu, bool)
        if is_number and isinstance(mtu, int) and MIN_MTU_OCTETS <= mtu <= MAX_MTU_OCTETS:
            return mtu
        why = f"a number from {MIN_MTU_OCTETS} to {MAX_MTU_OCTETS} is expected"
        raise self._failure("mtu", "", f"mtu = {mtu!r}", why, "example: mtu = 9000")

    def _mac(self) -> str | None:
        found = self._root.get("mac")
        if found is None:
            return None
        mac = parsed_mac(found) if isinstance(found, str) else None
        if mac is None:
            why = "a unicast MAC address is expected"
            raise self._failure(
                "mac", "", f"mac = {found!r}", why, 'example: mac = "02:00:00:00:00:01"'
            )
        return mac

    def _refuse_by_trial(self, config: BondConfig) -> None:
        for (port, name), refuse in refusals(config, miimon_default=str(DEFAULT_MIIMON_MS)).items():
            table = f"port.{port}" if port else "options"
            text = config.of_port(port)[name] if port else config.options[name]
            remedy = refuse.remedy or f"leave {name} out"
            raise self._failure(
                name, table, f"{name} = {text!r}: {refuse.what}", refuse.why, remedy
            )


def write(config: BondConfig) -> str:
    """The file's text. read_config() of it gives the same value."""
    lines = [f"mode = {_shown(config.options['mode'])}"]
    lines.append(f"ports = [{', '.join(map(_quoted, config.ports))}]")
    if config.addresses:
        lines.append(f"address = [{', '.join(map(_quoted, config.addresses))}]")
    lines += [f"mtu = {config.mtu}"] if config.mtu else []
    lines += [f"mac = {_quoted(config.mac)}"] if config.mac else []
    options = [(name, text) for name, text in config.options.items() if name != "mode"]
    if options:
        lines += ["", "[options]"]
        lines += [f"{name} = {_shown(text, name in LISTS)}" for name, text in options]
    for port, texts in config.port_options.items():
        lines += ["", f"[port.{_key(port)}]"]
        lines += [f"{name} = {_shown(text)}" for name, text in texts.items()]
    return "".join(f"{line}\n" for line in lines)


def _shown(text: str, is_list: bool = False) -> str:
    if is_list:
        return f"[{', '.join(_quoted(each) for each in text.split(',') if each)}]"
    return text if re.fullmatch(r"0|-?[1-9][0-9]*", text) else _quoted(text)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    """A basic string. JSON escapes as TOML does, but for one octet that TOML wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
