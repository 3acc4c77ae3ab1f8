"""The text of `ip link show` with what our bonds and their ports have to say.

It is read stanza by stanza: the first line begins with the index, the others are indented. With -o
a stanza is one line with backslashes; with -br one line that begins with the name.
"""

import re
from collections.abc import Callable, Iterator

from pybondd.iproute.shown import BOND_KIND, Picture, ShownBond, ShownPort, flags_with
from pybondd.iproute.words_of_details import bond_words, port_words

Keep = Callable[[ShownBond | None, ShownPort | None], bool]

_HEAD = re.compile(r"(\d+): ")
_BRIEF_HEAD = re.compile(r"([^\s@]+)")
_FLAGS = re.compile(r"<([^>]*)>")
_QDISC = re.compile(r"( mtu \d+(?: qdisc \S+)?)(?= )")
_KIND = re.compile(r"^    tun .*?(?=addrgenmode |numtxqueues |$)", re.MULTILINE)
_AFTER_KINDS = re.compile(r"(?=addrgenmode |numtxqueues )")


def merged(text: str, picture: Picture, *, is_brief: bool, is_oneline: bool) -> str:
    """The same text, stanzas of ours as the kernel's driver would have them shown."""
    return "".join(
        _one(stanza, *_found(stanza, picture, is_brief=is_brief), is_oneline=is_oneline)
        for stanza in _stanzas(text, is_brief=is_brief)
    )


def kept(
    text: str, picture: Picture, *, kind: str | None, master: str | None, is_brief: bool
) -> str:
    """The stanzas of ours that a filter `type kind` or `master name` fits."""
    return "".join(
        stanza
        for stanza in _stanzas(text, is_brief=is_brief)
        if _fits(*_found(stanza, picture, is_brief=is_brief), kind=kind, master=master)
    )


def _fits(
    bond: ShownBond | None, port: ShownPort | None, *, kind: str | None, master: str | None
) -> bool:
    if master is not None and (port is None or port.master != master):
        return False
    if kind == BOND_KIND:
        return bond is not None
    return kind is None or (kind == "bond_slave" and port is not None)


def _stanzas(text: str, *, is_brief: bool) -> Iterator[str]:
    stanza = ""
    for line in text.splitlines(keepends=True):
        if stanza and (is_brief or _HEAD.match(line)):
            yield stanza
            stanza = ""
        stanza += line
    if stanza:
        yield stanza


def _found(
    stanza: str, picture: Picture, *, is_brief: bool
) -> tuple[ShownBond | None, ShownPort | None]:
    matched = (_BRIEF_HEAD if is_brief else _HEAD).match(stanza)
    if matched is None:
        return None, None
    key = matched[1] if is_brief else int(matched[1])
    return picture.bond(key), picture.port(key)


def _one(stanza: str, bond: ShownBond | None, port: ShownPort | None, *, is_oneline: bool) -> str:
    if bond is None and port is None:
        return stanza
    if is_oneline:
        stanza = stanza.replace("\\", "\n")
    if bond is not None:
        stanza = _with_flag(stanza, "MASTER")
        stanza = _KIND.sub(lambda _: "    " + bond_words(bond.info_data), stanza, count=1)
    if port is not None:
        stanza = _with_flag(stanza, "SLAVE")
        stanza = _QDISC.sub(rf"\1 master {port.master}", stanza, count=1)
        words = port_words(port.info_slave_data)
        stanza = _AFTER_KINDS.sub(lambda _: f"\n    {words}", stanza, count=1)
    return stanza[:-1].replace("\n", "\\") + "\n" if is_oneline else stanza


def _with_flag(stanza: str, role: str) -> str:
    def add(matched: re.Match[str]) -> str:
        flags = flags_with(matched[1].split(","), role)
        return f"<{','.join(flags)}>"

    return _FLAGS.sub(add, stanza, count=1)
