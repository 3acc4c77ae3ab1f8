"""What do the words of `ip link add`, `set` and `del` say of a master, a kind and a device?

The words that are not about bonds are kept as they are, for the real `ip`. Source: iproute2 6.1
ip-link(8) and as it answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pybondd.iproute.misuse import incomplete

_VERBS = ("add", "set", "change", "replace", "delete", "show", "lst", "list", "xstats", "afstats")
_SAME = {"change": "set", "lst": "show", "list": "show"}

WITH_VALUE = frozenset(
    word
    for line in (
        "name index link address broadcast brd txqueuelen qlen txqlen mtu netns multicast",
        "allmulticast promisc trailers arp carrier dynamic alias group mode state numtxqueues",
        "numrxqueues addrgenmode link-netns link-netnsid protodown gso_max_size gso_max_segs",
        "gro_max_size gso_ipv4_max_size gro_ipv4_max_size tso_max_size tso_max_segs parentdev",
        "min_mtu max_mtu headroom tailroom",
    )
    for word in line.split()
)
"""Words with one value behind them."""
_MAY_BE_SHORT = (
    "link",
    "address",
    "broadcast",
    "txqueuelen",
    "type",
    "index",
    "numtxqueues",
    "numrxqueues",
)
"""In the order in which iproute2 compares."""
_BARE = frozenset({"up", "down", "nomaster"})
_OWN_GRAMMAR = frozenset({"vf", "xdp", "xdpgeneric", "xdpdrv", "xdpoffload", "protodown_reason"})
"""Words followed by a grammar of their own; what comes after them is not looked at."""


@dataclass(frozen=True, slots=True)
class LinkWords:
    """`rest` are the words that say nothing about device, master or a bond's options.

    `name` is the value of the word `name`, which makes or renames; None where it was not said, as
    with all others here.
    """

    device: str | None
    name: str | None
    master: str | None
    releases: bool
    kind: str | None
    kind_words: tuple[str, ...]
    rest: tuple[str, ...]
    netns: str | None
    group: str | None


def verb_of(words: Sequence[str]) -> str:
    """`add`, `set`, `delete`, `show`; another word as it is; `show` without any."""
    if not words:
        return "show"
    meant = next((verb for verb in _VERBS if words[0] and verb.startswith(words[0])), words[0])
    return _SAME.get(meant, meant)


def read_link_words(words: Sequence[str]) -> LinkWords:
    """The words after the verb. Raises MisuseError where a value is missing."""
    found: dict[str, str] = {}
    rest: list[str] = []
    left = list(words)
    while left:
        word = _full(left.pop(0))
        if word == "type":
            return _of_kind(found, rest, left)
        if word in _OWN_GRAMMAR:
            return _collected(found, [*rest, word, *left])
        if word == "nomaster":
            found[word] = word
        elif word in _BARE:
            rest.append(word)
        elif word in WITH_VALUE or word in ("dev", "master"):
            _take(word, left, found, rest)
        else:
            found.setdefault("dev", word)
    return _collected(found, rest)


def _full(word: str) -> str:
    if not word or word in WITH_VALUE or word in _BARE:
        return word
    return next((full for full in _MAY_BE_SHORT if full.startswith(word)), word)


def _take(word: str, left: list[str], found: dict[str, str], rest: list[str]) -> None:
    if not left:
        raise incomplete()
    value = left.pop(0)
    found[word] = value
    if word not in ("dev", "master"):
        rest += [word, value]


def _of_kind(found: dict[str, str], rest: list[str], left: list[str]) -> LinkWords:
    if not left:
        raise incomplete()
    kind, *kind_words = left
    return _collected(found, rest, kind, tuple(kind_words))


def _collected(
    found: dict[str, str],
    rest: list[str],
    kind: str | None = None,
    kind_words: tuple[str, ...] = (),
) -> LinkWords:
    return LinkWords(
        device=found.get("dev"),
        name=found.get("name"),
        master=found.get("master"),
        releases="nomaster" in found,
        kind=kind,
        kind_words=kind_words,
        rest=tuple(rest),
        netns=found.get("netns"),
        group=found.get("group"),
    )
