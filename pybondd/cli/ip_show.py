"""`ip link show` and `ip address show`: the real answer, with what bonds and ports show."""

import json
import sys
from collections.abc import Sequence

from pybondd.cli import real_ip
from pybondd.cli.bonds_here import picture_of, statuses_here
from pybondd.iproute import json_text, merge_json, merge_text
from pybondd.iproute.command_line import CommandLine
from pybondd.iproute.shown import Picture

_BOND_KINDS = ("bond", "bond_slave")


def run(line: CommandLine, arguments: Sequence[str]) -> int:
    """Print; the real `ip`'s exit code."""
    picture = picture_of(statuses_here())
    if not picture.bonds:
        real_ip.become(arguments)
    words, kind, master = _without_filters(line.words, picture)
    # Escape sequences of colours would stand between the words that we look for.
    options = line.without("-color")
    code, answer = real_ip.answer([*options, line.object, *words])
    if code:
        return code
    is_filtered = kind is not None or master is not None
    theirs = ""
    if kind is not None and master is None:
        _, theirs = real_ip.answer([*options, line.object, *line.words])
    if line.has("-json"):
        shown = _json(answer, line, picture, kind, master, is_filtered=is_filtered)
        shown = [*(json.loads(theirs) if theirs.strip() else []), *shown]
        text = json_text.pretty(shown) if line.has("-pretty") else json_text.compact(shown)
    else:
        text = theirs + _text(answer, line, picture, kind, master, is_filtered=is_filtered)
    sys.stdout.write(text)
    sys.stdout.flush()
    return 0


def _json(
    answer: str,
    line: CommandLine,
    picture: Picture,
    kind: str | None,
    master: str | None,
    *,
    is_filtered: bool,
) -> list[merge_json.Link]:
    links: list[merge_json.Link] = json.loads(answer) if answer.strip() else []
    if is_filtered:
        links = [
            each for each in links if merge_json.is_ours(each, picture, kind=kind, master=master)
        ]
    return merge_json.merged(links, picture, has_details=line.has("-details"))


def _text(
    answer: str,
    line: CommandLine,
    picture: Picture,
    kind: str | None,
    master: str | None,
    *,
    is_filtered: bool,
) -> str:
    is_brief = line.has("-brief")
    if is_filtered:
        answer = merge_text.kept(answer, picture, kind=kind, master=master, is_brief=is_brief)
    is_oneline = line.has("-oneline")
    return merge_text.merged(answer, picture, is_brief=is_brief, is_oneline=is_oneline)


def _without_filters(
    words: Sequence[str], picture: Picture
) -> tuple[list[str], str | None, str | None]:
    """The words without the filters that only we can answer; the kind and the master filtered by.

    The kernel knows nothing of our masters and takes our bonds for TAP devices.
    """
    kept, kind, master = [], None, None
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "type" and left and left[0] in _BOND_KINDS:
            kind = left.pop(0)
        elif word == "master" and left and picture.bond(left[0]) is not None:
            master = left.pop(0)
        else:
            kept.append(word)
    return kept, kind, master
