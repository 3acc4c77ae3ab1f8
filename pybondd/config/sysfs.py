"""A bond of the kernel as it is: the files of /sys/class/net/<bond>, or its text in /proc.

sysfs shows every option, so only those that differ from a fresh bond of the same mode are taken.
/proc shows some of them, and no option that is at work in another mode.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath

from pybondd.config.bond_config import LISTS, PORT_OPTIONS
from pybondd.config.draft import BondDraft, Draft
from pybondd.config.lines import Source
from pybondd.config.note import Place, broken
from pybondd.config.trial import fresh
from pybondd.option import BondMode
from pybondd.options import OPTIONS
from pybondd.status.proc import LONG_NAMES

_ALWAYS = ("mode", "miimon")
"""Taken even where they have Linux's default, which is not that of `pybondd up`."""
_PORT_DEFAULTS = {"queue_id": "0", "prio": "0", "actor_port_prio": "255"}
"""What a port has that nobody has given anything."""
FRESH_MTU = "1500"
"""What a bond has by itself, so it need not be said."""
_STATE = frozenset({"active_slave"})
"""What is so now, not what somebody wants."""


def reads(source: Source) -> bool:
    """Whether these are all files of bonding/, as lines of name=text."""
    return PurePath(source.path).name == "bonding"


def read(source: Source, draft: Draft) -> None:
    """Take the files of bonding/ into the draft. Raises RefusedError."""
    pairs = (line.partition("=") for _, line in source.lines(draft.notes))
    files = {name: text for name, _, text in pairs if name}
    folder = PurePath(source.path)
    mtu = files.pop("mtu", FRESH_MTU)
    read_files(folder.parent.name, files, source.path, draft)
    if mtu != FRESH_MTU:
        draft.set_mtu(folder.parent.name, mtu, Place(str(folder.parent / "mtu")))


def read_files(name: str, files: Mapping[str, str], folder: str, draft: Draft) -> None:
    """A bond by the texts of bonding/*, by file name. Raises RefusedError."""
    mode = (files.get("mode", "").split() or [""])[0]
    if mode not in OPTIONS["mode"].values:
        why = f"mode reads {mode!r}"
        raise broken(
            Place(f"{folder}/mode"), f"{name} is no bond", why, "name a bond of the kernel"
        )
    bond = draft.bond(name, Place(folder))
    draft.interface(name, Place(folder))
    for option in wanted(files):
        _take(bond, option, files[option], Place(f"{folder}/{option}"), draft)
    draft.add_ports(bond, files.get("slaves", "").split(), Place(f"{folder}/slaves"))
    for option in PORT_OPTIONS:
        for word in files.get(option, "").split():
            if word.rpartition(":")[2] != _PORT_DEFAULTS[option]:
                draft.set_option(bond, option, word, Place(f"{folder}/{option}"))


def wanted(files: Mapping[str, str]) -> list[str]:
    """Which options differ from a fresh bond of this mode, in the kernel's order."""
    other = fresh(files["mode"].split()[0])
    return [
        name
        for name in OPTIONS
        if name in files
        and name != "num_unsol_na"
        and name not in PORT_OPTIONS
        and name not in _STATE
        and (name in _ALWAYS or files[name].strip() != other.read_option(name))
    ]


def _take(bond: BondDraft, name: str, text: str, place: Place, draft: Draft) -> None:
    words = text.split()
    if name in LISTS:
        draft.set_option(bond, name, ",".join(words), place)
    elif words:
        draft.set_option(bond, name, words[0], place)


_PROC_LINES = {
    "MII Polling Interval (ms)": "miimon",
    "Up Delay (ms)": "updelay",
    "Down Delay (ms)": "downdelay",
    "Peer Notification Delay (ms)": "peer_notif_delay",
    "Transmit Hash Policy": "xmit_hash_policy",
    "ARP Polling Interval (ms)": "arp_interval",
    "ARP Missed Max": "arp_missed_max",
    "ARP IP target/s (n.n.n.n form)": "arp_ip_target",
    "NS IPv6 target/s (xx": "ns_ip6_target",
    "LACP active": "lacp_active",
    "LACP rate": "lacp_rate",
    "Min links": "min_links",
    "Aggregator selection policy (ad_select)": "ad_select",
    "System priority": "ad_actor_sys_prio",
}


def reads_proc(source: Source) -> bool:
    """Whether this is the text of /proc/net/bonding/<bond>."""
    return source.octets.lstrip().startswith(b"Ethernet Channel Bonding Driver")


def read_proc(source: Source, draft: Draft) -> None:
    """Take the text of /proc/net/bonding/<bond>; the file's name is the bond's."""
    bond = draft.bond(source.name.split(".")[0], source.place())
    draft.interface(bond.name, source.place())
    files: dict[str, str] = {}
    places: dict[str, Place] = {}
    port = ""
    for place, line in source.lines(draft.notes):
        key, _, text = line.partition(":")
        key, text = key.strip(), text.split("#")[0].strip()
        if key == "Slave Interface":
            port = text
            draft.add_ports(bond, [port], place)
        elif key == "Slave queue ID" and text not in ("0", ""):
            draft.set_port_option(port, "queue_id", text, place)
        elif not port:
            _proc_line(key, text, files)
            places.update({name: place for name in files if name not in places})
    if "mode" not in files:
        why = "there is no line with a known Bonding Mode"
        raise broken(source.place(), "this is no text of a bond", why, "copy the file as it is")
    for name in wanted(_as_in_sysfs(files)):
        _take(bond, name, files[name], places[name], draft)
    why = "options that it does not show are left at their defaults; sysfs has them all"
    draft.ignore(source.place(), "/proc shows a part of the options", why)


def _as_in_sysfs(files: Mapping[str, str]) -> dict[str, str]:
    """/proc shows a named value without its number."""
    shown = dict(files)
    for name, text in files.items():
        if OPTIONS[name].is_shown_by_name and text in OPTIONS[name].values:
            shown[name] = f"{text} {OPTIONS[name].values[text]}"
    return shown


def _proc_line(key: str, text: str, files: dict[str, str]) -> None:
    if key == "Bonding Mode":
        long, suffix, rest = text.partition(" (fail_over_mac ")
        if long in LONG_NAMES:
            files["mode"] = OPTIONS["mode"].name_of(BondMode(LONG_NAMES.index(long)))
        if suffix:
            files["fail_over_mac"] = rest.rstrip(")")
    elif key == "Primary Slave" and text not in ("None", ""):
        name, _, rest = text.partition(" (primary_reselect ")
        files |= {"primary": name, "primary_reselect": rest.rstrip(")")}
    elif key in _PROC_LINES and text:
        name = _PROC_LINES[key]
        words = re.split(r"[,\s]+", text)
        if name == "ns_ip6_target":
            # The key of that line has colons of its own: "(xx::xx form): a, b".
            words = re.split(r"[,\s]+", text.partition(":")[2].partition(":")[2].strip())
        if words[0] != "0" or name != "ad_actor_sys_prio":  # 0 until a first port has joined.
            files[name] = " ".join(words) if name.endswith("target") else words[0]
