"""systemd-networkd: a .netdev for the bond, a .network for it and for each port.

A bare number is seconds there. Source: systemd.netdev(5), systemd.network(5), and what
netdev/bond.c of systemd 252 really sends to the kernel.
"""

import re

from pybondd.config.bond_config import LISTS, PORT_OPTIONS, BondConfig
from pybondd.config.draft import BondDraft, Draft
from pybondd.config.durations import duration_ms
from pybondd.config.lines import Source
from pybondd.config.sections import Setting, first_text, settings
from pybondd.config.writing import Written, port_option_is_lost
from pybondd.option import BondMode
from pybondd.options import OPTIONS
from pybondd.suggest import suggestion

KEYS = {
    "Mode": "mode",
    "MIIMonitorSec": "miimon",
    "UpDelaySec": "updelay",
    "DownDelaySec": "downdelay",
    "PeerNotifyDelaySec": "peer_notif_delay",
    "ARPIntervalSec": "arp_interval",
    "ARPIPTargets": "arp_ip_target",
    "ARPValidate": "arp_validate",
    "ARPAllTargets": "arp_all_targets",
    "ARPMissedMax": "arp_missed_max",
    "PrimaryReselectPolicy": "primary_reselect",
    "FailOverMACPolicy": "fail_over_mac",
    "TransmitHashPolicy": "xmit_hash_policy",
    "LACPTransmitRate": "lacp_rate",
    "MinLinks": "min_links",
    "AdSelect": "ad_select",
    "AdActorSystemPriority": "ad_actor_sys_prio",
    "AdActorSystem": "ad_actor_system",
    "AdUserPortKey": "ad_user_port_key",
    "GratuitousARP": "num_grat_arp",
    "AllSlavesActive": "all_slaves_active",
    "ResendIGMP": "resend_igmp",
    "PacketsPerSlave": "packets_per_slave",
    "LearnPacketIntervalSec": "lp_interval",
    "DynamicTransmitLoadBalancing": "tlb_dynamic_lb",
}
"""Keys of [Bond]."""
BOOLEANS = frozenset({"all_slaves_active", "tlb_dynamic_lb"})
_TRUE, _FALSE = ("1", "yes", "true", "on", "y", "t"), ("0", "no", "false", "off", "n", "f")
_ONLY_WITH = {"ad_select": "802.3ad", "fail_over_mac": "active-backup"}
"""networkd sends these in one mode only."""
_VALIDATE = ("none", "active", "backup", "all")
LIKELY_SLIP_MS = 10_000
"""A monitor that looks every 10 s or more is mostly one whose author thought of milliseconds."""


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by its name."""
    return source.name.endswith((".netdev", ".network"))


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    if source.name.endswith(".netdev"):
        _read_netdev(source, draft)
    else:
        _read_network(source, draft)


def _read_netdev(source: Source, draft: Draft) -> None:
    name, kind = first_text(source, "NetDev", "Name"), first_text(source, "NetDev", "Kind")
    found = list(settings(source, draft.notes))
    if kind != "bond" or not name:
        draft.ignore(
            source.place(), f"{source.name} makes no bond", f"its Kind is {kind or 'unsaid'}"
        )
        return
    bond = draft.bond(name, source.place())
    for setting in found:
        match setting.section, setting.key:
            case "NetDev", "Name" | "Kind" | "Description":
                pass
            case "NetDev", "MACAddress":
                draft.set_mac(name, setting.text, setting.place)
            case "NetDev", "MTUBytes":
                draft.set_mtu(name, setting.text, setting.place)
            case "Bond", _:
                _read_option(bond, setting, draft)
            case _:
                draft.ignore(setting.place, str(setting))
    _note_unsent(bond, draft)


def _read_option(bond: BondDraft, setting: Setting, draft: Draft) -> None:
    name = KEYS.get(setting.key)
    if name is None:
        why = suggestion(setting.key, KEYS) or "networkd has no such key for a bond"
        draft.ignore(setting.place, str(setting), why)
        return
    text = setting.text
    if name in LISTS and not text:
        bond.options.pop(name, None)
        return
    if name in LISTS and name in bond.options:
        text = f"{bond.options.pop(name).text} {text}"
    value = _value(name, setting, draft) if name not in LISTS else text
    if value is not None:
        draft.set_option(bond, name, value, setting.place)


def _value(name: str, setting: Setting, draft: Draft) -> str | None:
    text = setting.text
    if setting.key.endswith("Sec"):
        return _time(name, setting, draft)
    if name in BOOLEANS:
        if text.lower() in _TRUE + _FALSE:
            return "1" if text.lower() in _TRUE else "0"
        draft.mistake(setting.place, str(setting), "yes or no is expected; it is left out")
        return None
    return text


def _time(name: str, setting: Setting, draft: Draft) -> str | None:
    time_ms = duration_ms(setting.text, bare_unit="s")
    if time_ms is None:
        why = "a time as 100ms or 1s is expected; it is left out"
        draft.mistake(setting.place, str(setting), why)
        return None
    if name == "lp_interval":
        return str(time_ms // 1000)
    if time_ms >= LIKELY_SLIP_MS and setting.text.isdecimal():
        why = f"a bare number is seconds there, so it is {time_ms} ms; {setting.text}ms was meant?"
        draft.mistake(setting.place, str(setting), why)
    return str(time_ms)


def _note_unsent(bond: BondDraft, draft: Draft) -> None:
    said = bond.options.get("mode")
    mode = said.text if said else "balance-rr"
    for name, only in _ONLY_WITH.items():
        if name in bond.options and mode != only:
            why = f"networkd sets it in mode {only} only; pybondd sets it"
            draft.mistake(bond.options[name].place, f"{bond.name}: {name}", why)
    if "lp_interval" in bond.options and "arp_interval" not in bond.options:
        why = "networkd sets it only together with ARPIntervalSec; pybondd sets it"
        draft.mistake(bond.options["lp_interval"].place, f"{bond.name}: lp_interval", why)


def _read_network(source: Source, draft: Draft) -> None:
    names = first_text(source, "Match", "Name").split()
    found = list(settings(source, draft.notes))
    if not names or any(set(name) & set("*?[!") for name in names):
        why = "the interfaces that it is for are not named one by one in [Match] Name="
        draft.ignore(source.place(), source.name, why)
        return
    bond = first_text(source, "Network", "Bond")
    if bond:
        place = next(each.place for each in found if each.key == "Bond")
        draft.add_ports(draft.bond(bond, place), names, place)
    for name in names:
        draft.interface(name, source.place())
        for setting in found:
            _read_network_setting(name, bond, setting, draft)


def _read_network_setting(name: str, bond: str, setting: Setting, draft: Draft) -> None:
    match setting.section, setting.key:
        case ("Match", "Name") | ("Network", "Bond" | "Description"):
            pass
        case "Network", "PrimarySlave" | "ActiveSlave" as key if bond:
            if setting.text.lower() in _TRUE:
                option = "primary" if key == "PrimarySlave" else "active_slave"
                draft.set_option(draft.bond(bond, setting.place), option, name, setting.place)
        case "Network" | "Address", "Address":
            draft.add_address(name, setting.text, setting.place)
        case "Link", "MTUBytes":
            draft.set_mtu(name, setting.text, setting.place)
        case "Link", "MACAddress":
            draft.set_mac(name, setting.text, setting.place)
        case _:
            draft.ignore(setting.place, str(setting))


def write(config: BondConfig) -> Written:
    """The .netdev, the bond's .network, and one for each port."""
    made = Written()
    mode = BondMode(OPTIONS["mode"].parse(config.options.get("mode", "default")))
    keys = {name: key for key, name in KEYS.items()}
    netdev = ["[NetDev]", f"Name={config.name}", "Kind=bond"]
    netdev += [f"MACAddress={config.mac}"] if config.mac else []
    netdev += [f"MTUBytes={config.mtu}"] if config.mtu else []
    bond = []
    for name, text in config.options.items():
        if name in ("primary", "active_slave") or made.loses_ours(name):
            continue
        if name not in keys:
            made.lose(name, "networkd has no key for it")
        elif why := _why_unsent(name, text, config, mode):
            made.lose(name, why)
        else:
            bond.append(f"{keys[name]}={_as_written(name, text, keys[name])}")
    folder = "/etc/systemd/network"
    made.add(
        f"{folder}/30-{config.name}.netdev", [*netdev, *(["", "[Bond]", *bond] if bond else [])]
    )
    network = ["[Match]", f"Name={config.name}", "", "[Network]"]
    network += [f"Address={address}" for address in config.addresses]
    made.add(f"{folder}/30-{config.name}.network", network)
    for port in config.ports:
        lines = ["[Match]", f"Name={port}", "", "[Network]", f"Bond={config.name}"]
        lines += ["PrimarySlave=yes"] if config.options.get("primary") == port else []
        lines += ["ActiveSlave=yes"] if config.options.get("active_slave") == port else []
        made.add(f"{folder}/30-{port}.network", lines)
        for name in PORT_OPTIONS:
            port_option_is_lost(made, config, port, name, "networkd has no key for it")
    _lose_foreign_names(made, config)
    return made


def _lose_foreign_names(made: Written, config: BondConfig) -> None:
    for name in ("primary", "active_slave"):
        if config.options.get(name) and config.options[name] not in config.ports:
            made.lose(name, "it is said in the port's file, and that interface is no port")


def _why_unsent(name: str, text: str, config: BondConfig, mode: BondMode) -> str:
    only = _ONLY_WITH.get(name)
    if only and OPTIONS["mode"].name_of(mode) != only:
        return f"networkd sets it in mode {only} only"
    if name == "lp_interval" and config.options.get("arp_interval", "0") == "0":
        return "networkd sets it only together with ARPIntervalSec"
    if name == "arp_ip_target" and config.options.get("arp_interval", "0") == "0":
        return "networkd sets them only together with ARPIntervalSec"
    if name == "arp_validate" and text not in _VALIDATE:
        return f"networkd knows {', '.join(_VALIDATE)} only"
    if name == "ad_actor_system" and re.fullmatch(r"(00:?)+", text):
        return "networkd takes no address of zeros; leave the key out for the same"
    return ""


def _as_written(name: str, text: str, key: str) -> str:
    if name == "lp_interval":
        return f"{text}s"
    if key.endswith("Sec"):
        return f"{text}ms"
    if name in BOOLEANS:
        return "yes" if text == "1" else "no"
    return text.replace(",", " ") if name in LISTS else text
