"""Files of [sections] with Key=Value lines, as systemd and NetworkManager write them.

configparser knows neither the line of a value nor a key that is given several times.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pybondd.config.lines import Source
from pybondd.config.note import Note, Place, broken


@dataclass(frozen=True, slots=True)
class Setting:
    """One Key=Value line and its section."""

    section: str
    key: str
    text: str
    place: Place

    def __str__(self) -> str:
        return f"[{self.section}] {self.key}={self.text}"


def settings(source: Source, notes: list[Note]) -> Iterator[Setting]:
    """Every setting in order; lines that begin with # or ; are comments. Raises RefusedError."""
    section = ""
    for place, line in source.lines(notes):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        if text.startswith("["):
            if not text.endswith("]"):
                raise broken(place, text, "a section ends with ]", "write it as [Section]")
            section = text[1:-1]
            continue
        key, equals, rest = text.partition("=")
        if not equals:
            raise broken(place, text, "Key=Value or [Section] is expected", "make it a # comment")
        if not section:
            raise broken(place, text, "it stands before the first [Section]", "put it into one")
        yield Setting(section, key.strip(), rest.strip(), place)


def first_text(source: Source, section: str, key: str) -> str:
    """The first value of this key in a file; "" if there is none or the file is broken."""
    inside = False
    for _, line in source.lines([]):
        text = line.strip()
        if text.startswith("["):
            inside = text == f"[{section}]"
        elif inside and text.partition("=")[0].strip() == key:
            return text.partition("=")[2].strip()
    return ""
