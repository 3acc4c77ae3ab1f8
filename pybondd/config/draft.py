"""What have the files read so far said about which bond?

Readers write into a Draft, several files into one; finish.py makes bonds of it. A value that no
bond could take is left out with a note, as the tools that read these files do; an unknown mode is
refused, because everything else hangs on it.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from pybondd.config.bond_config import PORT_OPTIONS, canonical, option_named
from pybondd.config.lines import without_remark
from pybondd.config.note import Kind, Note, Place, broken
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError
from pybondd.suggest import suggestion

MIN_MTU_OCTETS = 68
"""RFC 791: what every link must carry; the bond's lowest MTU in Linux (bond_main.c)."""
MAX_MTU_OCTETS = 65535
"""Linux if_ether.h ETH_MAX_MTU, the bond's highest."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value and the place where it stands."""

    text: str
    place: Place


@dataclass(slots=True)
class BondDraft:
    """What was said of one bond. `has_own_monitor` is a tool's default miimon (NetworkManager)."""

    name: str
    place: Place
    options: dict[str, Said] = field(default_factory=dict)
    ports: dict[str, Place] = field(default_factory=dict)
    has_own_monitor: bool = False


@dataclass(slots=True)
class InterfaceDraft:
    """What was said of an interface of whatever kind: a bond, a port, or neither."""

    name: str
    place: Place
    addresses: dict[str, Place] = field(default_factory=dict)
    mtu: Said | None = None
    mac: Said | None = None


@dataclass(slots=True)
class Draft:
    """Everything that was read. `port_options` is by the port's name.

    `module_options` are what `options bonding` gives to every bond.
    """

    bonds: dict[str, BondDraft] = field(default_factory=dict)
    interfaces: dict[str, InterfaceDraft] = field(default_factory=dict)
    port_options: dict[str, dict[str, Said]] = field(default_factory=dict)
    module_options: dict[str, Said] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def bond(self, name: str, place: Place) -> BondDraft:
        """The draft of this bond, begun if it is new. Raises RefusedError for an unfit name."""
        if name not in self.bonds:
            self.bonds[fit_name(name, place)] = BondDraft(name, place)
        return self.bonds[name]

    def interface(self, name: str, place: Place) -> InterfaceDraft:
        """The draft of this interface, begun if it is new. Raises RefusedError for its name."""
        if name not in self.interfaces:
            self.interfaces[fit_name(name, place)] = InterfaceDraft(name, place)
        return self.interfaces[name]

    def note(self, kind: Kind, place: Place | None, what: str, why: str) -> None:
        """Tell something, once."""
        note = Note(kind, place, what, why)
        if note not in self.notes:
            self.notes.append(note)

    def ignore(self, place: Place, what: str, why: str = "it says nothing about the bond") -> None:
        """Tell what was not used."""
        self.note(Kind.IGNORED, place, what, why)

    def mistake(self, place: Place | None, what: str, why: str) -> None:
        """Tell what probably was not meant so."""
        self.note(Kind.MISTAKE, place, what, why)

    def note_change(self, place: Place, what: str, why: str) -> None:
        """Tell what was read otherwise than it stands there."""
        self.note(Kind.CHANGED, place, what, why)

    def set_option(self, bond: BondDraft, word: str, text: str, place: Place) -> None:
        """An option of a bond by its kernel's name, or a port's as `queue_id=eth0:2`."""
        option = option_named(word)
        if option is None:
            why = suggestion(word, OPTIONS) or "a bond has no such option"
            self.ignore(place, f"{word}={text}", why)
            return
        if option.name in PORT_OPTIONS:
            port, _, value = text.partition(":")
            self.set_port_option(port, option.name, value, place)
            return
        found = self._value(word, text, place)
        if found is not None:
            self._store(bond.options, option.name, Said(found, place), f"{bond.name}: {word}")

    def set_port_option(self, port: str, word: str, text: str, place: Place) -> None:
        """An option of a port; its value is checked when the bond is known (trial.py)."""
        options = self.port_options.setdefault(port, {})
        self._store(options, word.replace("-", "_"), Said(text.strip(), place), f"{port}: {word}")

    def add_ports(self, bond: BondDraft, names: Iterable[str], place: Place) -> None:
        """Put interfaces into a bond, in this order."""
        for name in names:
            if name in bond.ports and bond.ports[name] == place:
                why = "an interface joins a bond once"
                self.mistake(place, f"{name} is listed twice", why)
            elif fit_name(name, place) == bond.name:
                self.mistake(place, f"{name} is its own port", "a bond cannot join itself")
            else:
                bond.ports.setdefault(name, place)

    def add_address(self, interface: str, text: str, place: Place) -> None:
        """An address of an interface, with its prefix length (or netmask) after a slash."""
        try:
            address = str(ipaddress.ip_interface(text.strip()))
        except ValueError:
            why = "an address as 192.0.2.10/24 is expected"
            self.mistake(place, f"address {text!r} is left out", why)
            return
        self.interface(interface, place).addresses.setdefault(address, place)

    def set_mtu(self, interface: str, text: str, place: Place) -> None:
        """The MTU of an interface in octets."""
        if text.strip().isdecimal() and MIN_MTU_OCTETS <= int(text) <= MAX_MTU_OCTETS:
            self.interface(interface, place).mtu = Said(str(int(text)), place)
            return
        why = f"a number from {MIN_MTU_OCTETS} to {MAX_MTU_OCTETS} is expected"
        self.mistake(place, f"MTU {text!r} is left out", why)

    def set_mac(self, interface: str, text: str, place: Place) -> None:
        """The MAC address that an interface shall get."""
        mac = parsed_mac(text)
        if mac is None:
            why = "a unicast address as 02:00:00:00:00:01 is expected"
            self.mistake(place, f"MAC address {text!r} is left out", why)
        else:
            self.interface(interface, place).mac = Said(mac, place)

    def _store(self, options: dict[str, Said], name: str, said: Said, what: str) -> None:
        before = options.get(name)
        if before is not None and before.text != said.text:
            why = f"{before.text} at {before.place}, {said.text} here; the last one is taken"
            self.mistake(said.place, f"{what} is said twice", why)
        options[name] = said

    def _value(self, word: str, text: str, place: Place) -> str | None:
        option = option_named(word)
        assert option is not None
        value, remark = without_remark(text)
        if remark:
            why = f"{remark!r} would be read as part of the value; {value!r} is taken"
            self.mistake(place, f"{word}={text}", why)
        try:
            return canonical(option, value)
        except RefusedError as refused:
            if option.name == "mode":
                why = suggestion(value, option.values) or refused.why
                raise broken(
                    place, f"there is no mode {value!r}", why, option.expects()
                ) from refused
            why = f"{refused.why}; it is left out, so the default holds"
            self.mistake(place, f"{word}={text}", why)
            return None


def fit_name(name: str, place: Place) -> str:
    """The name itself. Raises RefusedError unless Linux takes it for an interface."""
    size_octets = len(name.encode())
    if 0 < size_octets <= 15 and name not in (".", "..") and not set(name) & set("/: \t\n\v\f\r"):
        return name
    why = "an interface name has 1 to 15 characters and no blank, slash or colon"
    raise broken(place, f"{name!r} cannot be an interface", why, "take a short one, as bond0")


def parsed_mac(text: str) -> str | None:
    """A unicast MAC address as aa:bb:cc:dd:ee:ff; None if it is none."""
    plain = text.strip().lower().replace("-", ":")
    octets = plain.split(":")
    if len(octets) != 6 or any(
        len(octet) not in (1, 2) or set(octet) - set("0123456789abcdef") for octet in octets
    ):
        return None
    numbers = [int(octet, 16) for octet in octets]
    return None if numbers[0] & 1 else ":".join(f"{number:02x}" for number in numbers)
