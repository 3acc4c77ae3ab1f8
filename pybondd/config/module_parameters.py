"""What does the bonding module make of its parameters when it is loaded?

It corrects much with a warning and refuses little; both before any bond exists, and in another way
than a write to sysfs. Source: Linux 6.12 bond_main.c bond_check_params; the recordings of
tests/conformance/data/module-params-real.json.
"""

import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address

from pybondd.option import BondMode
from pybondd.options import MAX_INT, OPTIONS, PRIMARY_MODES
from pybondd.port import MAX_TARGETS
from pybondd.refusal import RefusedError
from pybondd.settings import DEFAULT_MIIMON_MS, NEEDS_MII

DEFAULT_TX_QUEUES = 16
"""Linux 6.12 bonding.h BOND_DEFAULT_TX_QUEUES."""
PARAMETERS = frozenset(
    [
        "max_bonds",
        "tx_queues",
        "num_grat_arp",
        "num_unsol_na",
        "miimon",
        "updelay",
        "downdelay",
        "use_carrier",
        "mode",
        "primary",
        "primary_reselect",
        "lacp_rate",
        "ad_select",
        "min_links",
        "xmit_hash_policy",
        "arp_interval",
        "arp_ip_target",
        "arp_validate",
        "arp_all_targets",
        "fail_over_mac",
        "all_slaves_active",
        "resend_igmp",
        "packets_per_slave",
        "lp_interval",
    ]
)
"""What `modinfo bonding` lists (6.1); every other option can only be set on a bond."""
_NO_HASH = frozenset({"balance-rr", "active-backup", "broadcast"})
"""Modes in which the module does not even look at xmit_hash_policy."""


@dataclass(slots=True)
class ModuleLoad:
    """What the module does: `bond_count` bonds, bond0 and so on, each with `options`.

    `options` has the kernel's names and canonical values. `warnings` are pairs of the parameter and
    what became of it.
    """

    bond_count: int = 1
    options: dict[str, str] = field(default_factory=dict)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def warn(self, name: str, text: str) -> None:
        """Tell what became of a parameter."""
        self.warnings.append((name, text))


def load(parameters: Iterable[tuple[str, str]]) -> ModuleLoad:
    """Load the module with these. Raises RefusedError (EINVAL) where it does not load."""
    loaded = ModuleLoad()
    given: dict[str, str] = {}
    for name, text in parameters:
        if name in PARAMETERS:
            given["num_grat_arp" if name == "num_unsol_na" else name] = text
        else:
            loaded.warn(name, "the module has no such parameter; it is ignored")
    mode = BondMode(_number_of(given, "mode") if "mode" in given else 0)
    _counts(loaded, given)
    _named_values(loaded, given, mode)
    _numbers(loaded, given)
    _monitors(loaded, given, mode)
    _primary(loaded, given, mode)
    loaded.options = {name: loaded.options[name] for name in OPTIONS if name in loaded.options}
    return loaded


def _counts(loaded: ModuleLoad, given: dict[str, str]) -> None:
    loaded.bond_count = _integer(given, "max_bonds", 1)
    if loaded.bond_count < 0:
        loaded.warn("max_bonds", "a negative number; it becomes 1")
        loaded.bond_count = 1
    queues = _integer(given, "tx_queues", DEFAULT_TX_QUEUES)
    if not 1 <= queues <= 255:
        loaded.warn("tx_queues", f"it is not from 1 to 255; it becomes {DEFAULT_TX_QUEUES}")


def _named_values(loaded: ModuleLoad, given: dict[str, str], mode: BondMode) -> None:
    mode_name = OPTIONS["mode"].name_of(mode)
    if "mode" in given:
        loaded.options["mode"] = mode_name
    for name in ("xmit_hash_policy", "lacp_rate", "ad_select", "fail_over_mac"):
        if name not in given:
            continue
        is_unseen = mode_name in _NO_HASH and name == "xmit_hash_policy"
        if is_unseen or mode in OPTIONS[name].rejects:
            loaded.warn(name, f"it means nothing in mode {mode_name}; it is ignored")
            continue
        _take(loaded, given, name)
        if name == "fail_over_mac" and mode_name != "active-backup":
            loaded.warn(name, "it means something in mode active-backup only")
        if name == "ad_select" and mode_name != "802.3ad":
            loaded.warn(name, "it means something in mode 802.3ad only")


def _take(loaded: ModuleLoad, given: dict[str, str], name: str) -> None:
    loaded.options[name] = OPTIONS[name].name_of(_number_of(given, name))


def _number_of(given: dict[str, str], name: str) -> int:
    try:
        return OPTIONS[name].parse(given[name])
    except RefusedError as refused:
        raise _refused(name, given[name], refused.why) from refused


_RANGES = (
    ("use_carrier", 0, 1, 1),
    ("num_grat_arp", 0, 255, 1),
    ("all_slaves_active", 0, 1, 0),
    ("resend_igmp", 0, 255, 1),
    ("packets_per_slave", 0, 65535, 1),
    ("lp_interval", 1, MAX_INT, 1),
)
"""Lowest, highest, and what anything else becomes."""


def _numbers(loaded: ModuleLoad, given: dict[str, str]) -> None:
    if "min_links" in given:
        loaded.options["min_links"] = str(_integer(given, "min_links", 0))
    for name, low, high, instead in _RANGES:
        if name not in given:
            continue
        number = _integer(given, name, instead)
        if not low <= number <= high:
            loaded.warn(name, f"{number} is not from {low} to {high}; it becomes {instead}")
            number = instead
        loaded.options[name] = str(number)


def _monitors(loaded: ModuleLoad, given: dict[str, str], mode: BondMode) -> None:
    times_ms = {name: _time_ms(loaded, given, name) for name in ("miimon", "updelay", "downdelay")}
    if mode in NEEDS_MII and not times_ms["miimon"]:
        loaded.warn("miimon", f"this mode needs it; it becomes {DEFAULT_MIIMON_MS}")
        times_ms["miimon"] = DEFAULT_MIIMON_MS
    miimon = times_ms["miimon"]
    if OPTIONS["mode"].name_of(mode) == "balance-alb":
        why = f"updelay is {times_ms['updelay']} ms: a switch that learns slowly loses clients"
        loaded.warn("updelay", f"{why} when a port comes back")
    if "miimon" in given:
        loaded.options["miimon"] = str(miimon)
    if not miimon and (times_ms["updelay"] or times_ms["downdelay"]):
        loaded.warn("updelay", "updelay and downdelay mean nothing while miimon is 0")
    for name in ("updelay", "downdelay"):
        if miimon and times_ms[name] % miimon:
            rounded = times_ms[name] // miimon * miimon
            loaded.warn(name, f"{times_ms[name]} is no multiple of miimon; it becomes {rounded}")
        if miimon and name in given:
            loaded.options[name] = str(times_ms[name] // miimon * miimon)
    _arp_monitor(loaded, given, has_miimon=bool(miimon))


def _arp_monitor(loaded: ModuleLoad, given: dict[str, str], *, has_miimon: bool) -> None:
    interval_ms = _time_ms(loaded, given, "arp_interval")
    if interval_ms and has_miimon:
        loaded.warn("arp_interval", "it does not go with miimon; the ARP monitor is off")
        interval_ms = 0
    targets = [word for word in given.get("arp_ip_target", "").split(",") if word]
    if len(targets) > MAX_TARGETS:
        raise _refused("arp_ip_target", given["arp_ip_target"], f"at most {MAX_TARGETS} are taken")
    kept: list[str] = []
    for target in targets:
        address = _target(target)
        if address is None:
            loaded.warn("arp_ip_target", f"{target} is no address; the ARP monitor is off")
            interval_ms = 0
        elif address in kept:
            loaded.warn("arp_ip_target", f"{address} is there twice; once is enough")
        else:
            kept.append(address)
    if interval_ms and not kept:
        loaded.warn("arp_interval", "there is no arp_ip_target; it becomes 0")
        interval_ms = 0
    if kept:
        loaded.options["arp_ip_target"] = ",".join(kept)
    if interval_ms:
        loaded.options["arp_interval"] = str(interval_ms)
    _arp_rules(loaded, given, has_arp=bool(interval_ms))


def _arp_rules(loaded: ModuleLoad, given: dict[str, str], *, has_arp: bool) -> None:
    if "arp_validate" in given:
        if not has_arp:
            why = "the module wants an ARP monitor (arp_interval and arp_ip_target) with it"
            raise _refused("arp_validate", given["arp_validate"], why)
        _take(loaded, given, "arp_validate")
    if "arp_all_targets" in given:
        try:
            _take(loaded, given, "arp_all_targets")
        except RefusedError as refused:
            loaded.warn("arp_all_targets", f"{refused.why}; it becomes any")


def _primary(loaded: ModuleLoad, given: dict[str, str], mode: BondMode) -> None:
    primary = given.get("primary")
    if primary and mode not in PRIMARY_MODES:
        name = OPTIONS["mode"].name_of(mode)
        loaded.warn("primary", f"it means nothing in mode {name}; it is ignored")
        primary = None
    if primary:
        loaded.options["primary"] = primary
        if "primary_reselect" in given:
            _take(loaded, given, "primary_reselect")


def _time_ms(loaded: ModuleLoad, given: dict[str, str], name: str) -> int:
    number = _integer(given, name, 0)
    if number < 0:
        loaded.warn(name, f"{number} is not from 0 to {MAX_INT}; it becomes 0")
    return max(number, 0)


def _integer(given: dict[str, str], name: str, default: int) -> int:
    """A number as the kernel's kstrtoint reads it: decimal, 0x, or octal by a leading 0."""
    text = given.get(name)
    if text is None:
        return default
    matched = re.fullmatch(r"([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)", text)
    if matched is None:
        raise _refused(name, text, "a number is expected")
    digits = matched[2].lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    number = int(digits, base) * (-1 if matched[1] == "-" else 1)
    if not -MAX_INT - 1 <= number <= MAX_INT:
        raise _refused(name, text, "a number of 32 bits is expected")
    return number


def _target(word: str) -> str | None:
    try:
        address = IPv4Address(word)
    except AddressValueError:
        return None
    is_fit = address != IPv4Address(0) and address != IPv4Address("255.255.255.255")
    return str(address) if is_fit else None


def _refused(name: str, text: str, why: str) -> RefusedError:
    what = f"the module does not load with {name}={text}"
    return RefusedError(errno.EINVAL, what, why, f"correct {name}, or leave it out")
