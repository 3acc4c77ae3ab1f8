"""How does `ip -j` print JSON, and how with -p?"""

import json
from collections.abc import Iterator

_INDENT = 4


def compact(shown: object) -> str:
    """One line without blanks."""
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False) + "\n"


def pretty(shown: object) -> str:
    """Each key on a line of its own, values of a list side by side."""
    return "".join(_pieces(shown, 0)) + "\n"


def _pieces(shown: object, depth: int) -> Iterator[str]:
    if isinstance(shown, dict):
        yield "{"
        separator = ""
        for key, value in shown.items():
            yield separator + "\n" + " " * _INDENT * (depth + 1) + json.dumps(key) + ": "
            yield from _pieces(value, depth + 1)
            separator = ","
        yield "\n" + " " * _INDENT * depth + "}" if shown else "}"
    elif isinstance(shown, list):
        yield "[ "
        for place, value in enumerate(shown):
            yield "," if place else ""
            yield from _pieces(value, depth + 1)
        yield " ]" if shown else "]"
    else:
        yield json.dumps(shown, ensure_ascii=False)
