"""NetworkManager's keyfiles, *.nmconnection: one connection a file, for the bond and each port.

Source: nm-settings-keyfile(5), nm-setting-bond.c. Without a monitor NetworkManager takes miimon
100; with both monitors it drops the ARP one.
"""

from pybondd.config.bond_config import BondConfig
from pybondd.config.draft import Draft
from pybondd.config.lines import Source
from pybondd.config.sections import Setting, first_text, settings
from pybondd.config.writing import Written, port_option_is_lost

KNOWN = frozenset(
    [
        "mode",
        "miimon",
        "downdelay",
        "updelay",
        "arp_interval",
        "arp_ip_target",
        "arp_validate",
        "primary",
        "primary_reselect",
        "fail_over_mac",
        "use_carrier",
        "ad_select",
        "xmit_hash_policy",
        "resend_igmp",
        "lacp_rate",
        "ad_actor_sys_prio",
        "ad_actor_system",
        "ad_user_port_key",
        "all_slaves_active",
        "arp_all_targets",
        "min_links",
        "num_grat_arp",
        "packets_per_slave",
        "tlb_dynamic_lb",
        "lp_interval",
        "peer_notif_delay",
        "arp_missed_max",
        "lacp_active",
        "ns_ip6_target",
    ]
)
"""Options that NetworkManager hands on (1.42 and newer)."""
PORT_KEYS = {"queue-id": "queue_id", "prio": "prio"}
"""Keys of [bond-port]."""
_IDENTITY = {"id", "uuid", "type", "interface-name", "master", "controller", "slave-type"}
_IDENTITY |= {"port-type"}
_ETHERNET = ("ethernet", "802-3-ethernet")


def reads(source: Source) -> bool:
    """Whether the file is of this kind, by its name or its first section."""
    is_named = source.name.endswith(".nmconnection") or "system-connections" in source.path
    return is_named or bool(first_text(source, "connection", "type"))


def read(source: Source, draft: Draft) -> None:
    """Take the file into the draft. Raises RefusedError."""
    found = list(settings(source, draft.notes))
    kind = first_text(source, "connection", "type")
    name = first_text(source, "connection", "interface-name")
    master = first_text(source, "connection", "master")
    master = master or first_text(source, "connection", "controller")
    if not name:
        why = "without interface-name it is not known which interface it is for"
        draft.ignore(source.place(), source.name, why)
        return
    draft.interface(name, source.place())
    if kind == "bond":
        draft.bond(name, source.place()).has_own_monitor = True
    role = first_text(source, "connection", "slave-type")
    role = role or first_text(source, "connection", "port-type")
    if master and role == "bond":
        place = next(each.place for each in found if each.key in ("master", "controller"))
        draft.add_ports(draft.bond(master, place), [name], place)
    for setting in found:
        _read_setting(name, setting, draft)


def _read_setting(name: str, setting: Setting, draft: Draft) -> None:
    match setting.section, setting.key:
        case "connection", key if key in _IDENTITY:
            pass
        case "bond", key:
            _read_option(name, key, setting, draft)
        case "bond-port", key if key in PORT_KEYS:
            draft.set_port_option(name, PORT_KEYS[key], setting.text, setting.place)
        case (("ipv4" | "ipv6"), key) if _is_address(key):
            draft.add_address(name, setting.text.split(",")[0], setting.place)
        case (("ipv4" | "ipv6"), "method") if setting.text in ("manual", "disabled", "ignore"):
            pass
        case section, "mtu" if section in _ETHERNET:
            if setting.text != "0":
                draft.set_mtu(name, setting.text, setting.place)
        case section, "cloned-mac-address" if section in _ETHERNET:
            draft.set_mac(name, setting.text, setting.place)
        case _:
            draft.ignore(setting.place, str(setting))


def _is_address(key: str) -> bool:
    return key.startswith("address") and key.removeprefix("address").isdecimal()


def _read_option(name: str, key: str, setting: Setting, draft: Draft) -> None:
    bond = draft.bond(name, setting.place)
    if key == "balance-slb":
        why = "only NetworkManager has it, by rules of nftables beside the bond"
        draft.ignore(setting.place, str(setting), why)
        return
    option = "primary" if key == "active_slave" else key
    draft.set_option(bond, option, setting.text, setting.place)


def write(config: BondConfig) -> Written:
    """The bond's connection and one for each port; NetworkManager makes the uuids."""
    made = Written()
    bond = []
    for name, text in config.options.items():
        if made.loses_ours(name):
            continue
        if name not in KNOWN:
            made.lose(name, "NetworkManager has no such option")
        else:
            bond.append(f"{name}={text}")
    lines = ["[connection]", f"id={config.name}", "type=bond", f"interface-name={config.name}"]
    lines += ["", "[bond]", *bond]
    if config.mtu or config.mac:
        lines += ["", "[ethernet]"]
        lines += [f"mtu={config.mtu}"] if config.mtu else []
        lines += [f"cloned-mac-address={config.mac}"] if config.mac else []
    lines += _address_lines(config, "ipv4", ":") + _address_lines(config, "ipv6", ".")
    folder = "/etc/NetworkManager/system-connections"
    made.add(f"{folder}/{config.name}.nmconnection", lines)
    for port in config.ports:
        made.add(f"{folder}/{config.name}-{port}.nmconnection", _port_lines(config, port))
        why = "NetworkManager has no key for it"
        port_option_is_lost(made, config, port, "actor_port_prio", why)
    return made


def _address_lines(config: BondConfig, section: str, foreign: str) -> list[str]:
    addresses = [each for each in config.addresses if foreign not in each.split("/")[0]]
    if not addresses:
        return ["", f"[{section}]", "method=disabled"]
    numbered = [f"address{number}={each}" for number, each in enumerate(addresses, 1)]
    return ["", f"[{section}]", *numbered, "method=manual"]


def _port_lines(config: BondConfig, port: str) -> list[str]:
    lines = ["[connection]", f"id={config.name}-{port}", "type=ethernet", f"interface-name={port}"]
    lines += [f"master={config.name}", "slave-type=bond"]
    options = config.of_port(port)
    own = [f"{key}={options[name]}" for key, name in PORT_KEYS.items() if name in options]
    return lines + (["", "[bond-port]", *own] if own else [])
