"""What does somebody want a bond to be, whatever file they wrote it into?"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pybondd.option import Option
from pybondd.options import ALIASES, OPTIONS

LISTS = frozenset({"arp_ip_target", "ns_ip6_target"})
"""Options whose text here is a list of addresses separated by commas, as `ip link` reads them."""
PORT_OPTIONS = ("queue_id", "prio", "actor_port_prio")
"""Options that belong to one port: here they stand with their port."""
_SAME = MappingProxyType({**ALIASES, "num_unsol_na": "num_grat_arp"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BondConfig:
    """One bond as wanted. Only what somebody has written stands here; the rest is the default.

    `options` has the kernel's names and, as values, its names or decimal numbers (canonical()).
    `port_options` has one such mapping for a port that wants any. `mtu` is in octets, `addresses`
    are with prefix length, `mac` as aa:bb:cc:dd:ee:ff; None and empty is "not said".
    """

    name: str
    ports: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    port_options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    mtu: int | None = None
    mac: str | None = None

    def of_port(self, port: str) -> Mapping[str, str]:
        """The options of one port."""
        return self.port_options.get(port, _NOTHING)

    def written(self) -> list[tuple[str, str]]:
        """Pairs of option and text as a running bond is to be written to, lists taken apart."""
        pairs: list[tuple[str, str]] = []
        for name, text in self.options.items():
            if name == "arp_ip_target":
                pairs += [(name, f"+{address}") for address in text.split(",") if address]
            else:
                pairs.append((name, text))
        for port in self.ports:
            pairs += [(name, f"{port}:{text}") for name, text in self.of_port(port).items()]
        return pairs


def in_order(addresses: Iterable[str]) -> tuple[str, ...]:
    """IPv4 before IPv6, each as it was written: formats keep them apart, and so must we."""
    return tuple(sorted(addresses, key=lambda address: ":" in address))


def option_named(word: str) -> Option | None:
    """The option of this name; dashes count as underscores, other tools' names are known."""
    plain = word.strip().replace("-", "_")
    return OPTIONS.get(_SAME.get(plain, plain))


def canonical(option: Option, text: str) -> str:
    """The value's name where Linux shows it by name, else its number; lists with single commas.

    Raises RefusedError for a value that the table of options does not know. What is no number is
    only tidied: whether it fits a bond, the bond says (trial.py).
    """
    if option.name in LISTS:
        return ",".join(word.lstrip("+") for word in re.split(r"[,\s]+", text.strip()) if word)
    if option.name == "ad_actor_system":
        return text.strip().lower()
    if option.is_raw:
        return text.strip()
    number = option.parse(text)
    return option.name_of(number) if option.is_shown_by_name else str(number)
