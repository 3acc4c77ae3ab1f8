"""Which mistakes does everybody make once with a bond?

None of them is refused by Linux, or only in a log that nobody reads.
"""

from collections.abc import Iterator, Mapping

from pybondd.config.draft import BondDraft, Draft, Said
from pybondd.config.note import Place
from pybondd.option import BondMode
from pybondd.options import OPTIONS, PRIMARY_MODES
from pybondd.settings import DEFAULT_MIIMON_MS, NEEDS_MII

NEEDS_STATIC_LAG = frozenset({"balance-rr", "balance-xor", "broadcast"})
"""Modes in which all ports speak with one address at once (bonding.rst, switch configuration)."""

Problem = tuple[Place, str, str]


def note_mistakes(draft: Draft, bond: BondDraft, options: dict[str, Said]) -> None:
    """Note what is wrong; two monitors at once are made one, as the module does."""
    for problems in (_monitors, _delays, _targets, _names_of_ports, _switch):
        for place, what, why in problems(bond, options):
            draft.mistake(place, f"{bond.name}: {what}", why)
    if _number(options, "miimon") and _number(options, "arp_interval"):
        del options["arp_interval"]
        options.pop("arp_validate", None)
    if _number(options, "arp_interval") and options.get("miimon"):
        del options["miimon"]


def _mode(options: Mapping[str, Said]) -> BondMode:
    said = options.get("mode")
    return BondMode(OPTIONS["mode"].parse(said.text if said else "default"))


def _number(options: Mapping[str, Said], name: str) -> int:
    return int(options[name].text) if name in options else 0


def _monitors(bond: BondDraft, options: Mapping[str, Said]) -> Iterator[Problem]:
    has_mii, has_arp = _number(options, "miimon"), _number(options, "arp_interval")
    if has_mii and has_arp:
        why = "a bond has one monitor; the carrier's (miimon) is kept"
        yield options["arp_interval"].place, "miimon and arp_interval are both set", why
    if not (has_mii or has_arp or bond.has_own_monitor or _mode(options) in NEEDS_MII):
        why = f"Linux would not notice a dead cable; pybondd takes {DEFAULT_MIIMON_MS} ms"
        if "miimon" in options:
            yield options["miimon"].place, "miimon is 0", "a dead cable is not noticed"
        else:
            yield bond.place, "miimon is missing", why
    if has_arp and not (options.get("arp_ip_target") or options.get("ns_ip6_target")):
        why = "nobody is asked, so no port ever proves that it works"
        yield options["arp_interval"].place, "arp_interval has no arp_ip_target", why


def _delays(bond: BondDraft, options: Mapping[str, Said]) -> Iterator[Problem]:
    miimon = _number(options, "miimon")
    for name in ("updelay", "downdelay", "peer_notif_delay"):
        if miimon and _number(options, name) % miimon:
            rounded = _number(options, name) // miimon * miimon
            why = f"it is no multiple of miimon {miimon}; it becomes {rounded} ms"
            yield options[name].place, f"{name} is {options[name].text}", why


def _targets(bond: BondDraft, options: Mapping[str, Said]) -> Iterator[Problem]:
    if "arp_ip_target" in options and not _number(options, "arp_interval"):
        why = "they are not asked while arp_interval is 0"
        yield options["arp_ip_target"].place, "there are ARP targets without arp_interval", why


def _names_of_ports(bond: BondDraft, options: Mapping[str, Said]) -> Iterator[Problem]:
    if not bond.ports:
        yield bond.place, "it has no ports", "nothing that was read puts an interface into it"
        return
    for name in ("primary", "active_slave"):
        said = options.get(name)
        if said and said.text not in bond.ports and _mode(options) in PRIMARY_MODES:
            why = f"it is no port of {bond.name} ({', '.join(bond.ports)})"
            yield said.place, f"{name} is {said.text}", why


def _switch(bond: BondDraft, options: Mapping[str, Said]) -> Iterator[Problem]:
    name = OPTIONS["mode"].name_of(_mode(options))
    if name in NEEDS_STATIC_LAG:
        place = options["mode"].place if "mode" in options else bond.place
        why = "the switch needs a static link aggregation group over its ports, else MACs flap"
        yield place, f"the mode is {name}", why
