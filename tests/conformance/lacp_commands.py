"""What did the commands of an LACP recording do, and to which side?

A side is a network namespace with a bond in it, called by the first letter of the namespace: A, B
or C. Only what recordings use is known; a command for a bonded side that is not understood is an
error, one for a peer without a bond (another LACP, a script) is that peer's own business.
"""

import re
import shlex
from dataclasses import dataclass

from iproute2_words import UnknownCommandError, pairs, settings


@dataclass(frozen=True)
class Deed:
    """One thing that was done to one side.

    `at` is the instant when the command was logged, that is just after it had its effect; it cannot
    have had it before `since`, when the command before was logged. `followers` are commands that
    were run after it and logged together with it. `words` depend on `verb`.
    """

    since: float
    at: float
    side: str
    verb: str
    name: str = ""
    words: tuple[str, ...] = ()
    followers: int = 0


def deeds_of(commands):
    """Every deed of a recording, in order."""
    deeds, since = [], 0.0
    for entry in commands:
        texts = entry["cmd"].split(";")
        for place, text in enumerate(texts, start=1):
            deeds += [
                Deed(since, entry["t"], side, verb, name, tuple(words), len(texts) - place)
                for side, verb, name, words in _understood(text.strip())
            ]
        since = entry["t"]
    return [deed for deed in deeds if deed.side]


def _understood(text):
    remark = re.fullmatch(r"netlink: (\S+) (\S+) (\w+)=(\S+)", text)
    if remark:
        namespace, device, option, value = remark.groups()
        return [(side_of(namespace), "set", device, [option, value])]
    return list(_parse(shlex.split(text), ""))


def side_of(namespace):
    return namespace[:1]


def _parse(words, side):
    match words:
        case [] | ["sleep", _]:
            return
        case ["ip", "netns", "exec", namespace, *rest]:
            yield from _parse(rest, side_of(namespace))
        case ["ip", ("-n" | "-netns"), namespace, *rest]:
            yield from _parse(["ip", *rest], side_of(namespace))
        case ["sh" | "bash", "-c", script]:
            for line in re.split(r"[;\n]|&&", script):
                yield from _parse(shlex.split(line), side)
        case ["ip", "link", "add", *rest]:
            yield from _parse_add(rest, side)
        case ["ip", "link", "set", "dev", name, *rest] | ["ip", "link", "set", name, *rest]:
            yield from _parse_set(name, rest, side)
        case ["ip", "link", ("del" | "delete"), *rest]:
            yield side, "delete", rest[-1], []
        case ["echo", *text, ">", path]:
            yield _parse_echo(text, path, side)
        case ["ethtool", "-s", name, *rest]:
            yield side, "ethtool", name, rest
        case ["ip", ("addr" | "address"), *_] | ["sysctl", *_]:
            return
        case _:
            yield side, "unknown", "", words


def _parse_add(words, side):
    name, *rest = words[1:] if words[0] == "dev" else words
    kind = rest[rest.index("type") + 1 :]
    yield side, f"add {kind[0]}", name, kind[1:]


def _parse_set(name, words, side):
    for keyword, arguments in settings(words):
        match keyword, arguments:
            case "type", ["bond" | "bond_slave", *options]:
                yield side, "set", name, options
            case "master", [_]:
                yield side, "enslave", name, []
            case "nomaster", []:
                yield side, "release", name, []
            case (("up" | "down" | "address"), _):
                yield side, keyword, name, arguments
            case _:
                yield side, "unknown", name, words


def _parse_echo(text, path, side):
    found = re.fullmatch(r"/sys/class/net/([^/]+)/(?:bonding|bonding_slave)/(\w+)", path)
    value = " ".join(text)
    match found and found[2]:
        case None:
            return side, "unknown", "", [*text, ">", path]
        case "slaves":
            return side, "enslave" if value[0] == "+" else "release", value[1:], []
        case option:
            return side, "set", found[1], [option, value]


def options_of(words):
    """`ip link` words of a bond as pairs of option and value."""
    return list(pairs(words))


def insist_on_understanding(deeds, side):
    """Nothing that was done to this side may be passed over."""
    for deed in deeds:
        if deed.side == side and deed.verb == "unknown":
            raise UnknownCommandError(deed.words)
