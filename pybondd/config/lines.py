"""Which text stands in these octets, and on which lines?

Files of the wild come with a byte order mark, with the line ends of Windows, in GBK instead of
UTF-8, and with blanks and quotes that an editor or a web page has made pretty. All that is read;
what was changed to read it is told once per line.
"""

from dataclasses import dataclass
from pathlib import PurePath

from pybondd.config.note import Kind, Note, Place, broken

MAX_FILE_OCTETS = 1 << 20
"""No configuration of a bond comes near; it keeps /dev/zero and disk images out."""
_PRETTY = str.maketrans(
    {
        "\u00a0": " ",
        "\u3000": " ",
        "\u2003": " ",
        "\ufeff": "",
        "\u200b": "",
        "“": '"',
        "”": '"',
        "＂": '"',
        "‘": "'",
        "’": "'",
        "＝": "=",
        "，": ",",
        "：": ":",
        "＃": "#",
    }
)
"""What a wide or typographic character stands for where a program expects the plain one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its name and octets."""

    path: str
    octets: bytes

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePath(self.path).name

    def place(self, line: int = 0) -> Place:
        """A line of this file."""
        return Place(self.path, line)

    def text(self, notes: list[Note]) -> str:
        """The text, lines ended by LF. Raises RefusedError for what is no text at all."""
        if len(self.octets) > MAX_FILE_OCTETS:
            why = f"it has more than {MAX_FILE_OCTETS} octets"
            raise broken(self.place(), "this is no configuration file", why, "name the file itself")
        if b"\0" in self.octets:
            line = self.octets[: self.octets.index(b"\0")].count(b"\n") + 1
            why = "there is a zero octet in it"
            raise broken(self.place(line), "this is no text", why, "save it as UTF-8")
        text = self._decoded(notes)
        return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")

    def _decoded(self, notes: list[Note]) -> str:
        try:
            return self.octets.decode()
        except UnicodeDecodeError as bad:
            line = self.octets[: bad.start].count(b"\n") + 1
        try:
            text = self.octets.decode("gb18030")
        except UnicodeDecodeError:
            why = "it is neither UTF-8 nor GBK"
            raise broken(self.place(line), "this is no text", why, "save it as UTF-8") from None
        notes.append(Note(Kind.CHANGED, self.place(line), "not UTF-8", "it was read as GBK"))
        return text

    def lines(self, notes: list[Note]) -> list[tuple[Place, str]]:
        """Every line with its place, wide characters outside comments made plain."""
        told: list[tuple[Place, str]] = []
        for number, line in enumerate(self.text(notes).split("\n"), 1):
            place = self.place(number)
            told.append((place, plain(line, place, notes)))
        return told


def plain(line: str, place: Place, notes: list[Note]) -> str:
    """The line with wide characters made plain, a comment left as it is; a change is noted."""
    settings, mark, comment = line.partition("#")
    made = settings.translate(_PRETTY)
    if made != settings:
        why = "programs expect the plain characters, so they would not read this line as meant"
        notes.append(Note(Kind.MISTAKE, place, "wide or typographic blanks or quotes", why))
    return made + mark + comment


def without_remark(text: str) -> tuple[str, str]:
    """A value and the remark that somebody has put right behind it, as in `1(主备)`.

    A remark begins at a bracket that is followed by a letter beyond ASCII, or at such a letter.
    """
    for place, character in enumerate(text):
        rest = text[place:]
        if ord(character) > 0x7F or (character == "(" and not rest.isascii()):
            return text[:place].rstrip(), rest
    return text, ""
