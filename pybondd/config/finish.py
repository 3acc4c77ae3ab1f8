"""Which bonds do the files describe, all taken together, and what is wrong with them?"""

import errno
from dataclasses import replace

from pybondd.config.bond_config import BondConfig, in_order
from pybondd.config.draft import BondDraft, Draft, InterfaceDraft, Said
from pybondd.config.mistakes import note_mistakes
from pybondd.config.note import Kind
from pybondd.config.trial import refusals
from pybondd.options import OPTIONS

DEFAULT_MODE = "balance-rr"
"""What Linux takes when nobody says a mode."""


def finish(draft: Draft) -> list[BondConfig]:
    """The bonds, in the order of their names; what was wrong stands in the draft's notes then."""
    _move_ports_of_two_bonds(draft)
    found: list[BondConfig] = []
    for bond in sorted(draft.bonds.values(), key=lambda each: each.name):
        options = {"mode": Said(DEFAULT_MODE, bond.place), **draft.module_options, **bond.options}
        note_mistakes(draft, bond, options)
        found.append(_as_a_bond_takes_it(draft, bond, options))
    _note_options_without_port(draft, found)
    _note_other_interfaces(draft, found)
    return found


def _as_a_bond_takes_it(draft: Draft, bond: BondDraft, options: dict[str, Said]) -> BondConfig:
    """Leave out, with a note, what the driver would refuse."""
    of_ports = {
        port: {name: said.text for name, said in draft.port_options[port].items()}
        for port in bond.ports
        if port in draft.port_options
    }
    interface = draft.interface(bond.name, bond.place)
    config = BondConfig(
        bond.name,
        tuple(bond.ports),
        {name: options[name].text for name in OPTIONS if name in options},
        of_ports,
        in_order(interface.addresses),
        int(interface.mtu.text) if interface.mtu else None,
        interface.mac.text if interface.mac else None,
    )
    for (port, name), refuse in refusals(config).items():
        said = draft.port_options[port][name] if port else options[name]
        what = f"{port + ': ' if port else ''}{name}={said.text}"
        code = errno.errorcode[refuse.errno]
        why = f"the driver refuses it [{code}]: {refuse.why}; it is left out"
        draft.note(Kind.MISTAKE, said.place, what, why)
        config = without(config, port, name)
    return config


def without(config: BondConfig, port: str, name: str) -> BondConfig:
    """The configuration less one option of the bond, or of this port."""
    if not port:
        rest = {key: text for key, text in config.options.items() if key != name}
        return replace(config, options=rest)
    of_port = {key: text for key, text in config.of_port(port).items() if key != name}
    others = {key: texts for key, texts in config.port_options.items() if key != port}
    ordered = {key: of_port if key == port else others[key] for key in config.port_options}
    return replace(config, port_options={key: texts for key, texts in ordered.items() if texts})


def _move_ports_of_two_bonds(draft: Draft) -> None:
    owners: dict[str, str] = {}
    for bond in draft.bonds.values():
        for port, place in list(bond.ports.items()):
            owner = owners.setdefault(port, bond.name)
            if owner != bond.name:
                why = f"it is a port of {owner} already; it stays there"
                draft.mistake(place, f"{port} joins {bond.name}", why)
                del bond.ports[port]


def _note_options_without_port(draft: Draft, bonds: list[BondConfig]) -> None:
    members = {port for bond in bonds for port in bond.ports}
    for port, options in draft.port_options.items():
        if port not in members:
            for name, said in options.items():
                draft.ignore(said.place, f"{port}: {name}={said.text}", f"{port} is in no bond")


def _note_other_interfaces(draft: Draft, bonds: list[BondConfig]) -> None:
    owners = {port: bond.name for bond in bonds for port in bond.ports}
    names = {bond.name for bond in bonds}
    for interface in draft.interfaces.values():
        owner = owners.get(interface.name)
        if owner:
            _note_port(draft, interface, owner)
        elif interface.name not in names:
            why = "it is no bond, and no port of one"
            draft.ignore(interface.place, f"the interface {interface.name}", why)


def _note_port(draft: Draft, interface: InterfaceDraft, bond: str) -> None:
    for address, place in interface.addresses.items():
        what = f"{interface.name} has an address of its own, {address}"
        draft.mistake(place, what, f"it is a port of {bond}: addresses belong to the bond")
    for said, what in ((interface.mtu, "MTU"), (interface.mac, "MAC address")):
        if said:
            why = f"{bond} gives its ports its own {what}"
            draft.ignore(said.place, f"{what} {said.text} of {interface.name}", why)
