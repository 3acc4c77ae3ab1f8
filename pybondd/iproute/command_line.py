"""What stands before the object of an `ip` command: options, and which object is meant?

Source: iproute2 6.1 ip(8) and as it answers. Options and objects may be cut short; the first in the
order below that fits is meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_WITH_VALUE = ("-loops", "-family", "-batch", "-rcvbuf", "-netns")
_OPTIONS = (
    "-loops",
    "-family",
    "-4",
    "-6",
    "-0",
    "-M",
    "-B",
    "-human-readable",
    "-iec",
    "-statistics",
    "-details",
    "-resolve",
    "-oneline",
    "-timestamp",
    "-tshort",
    "-Version",
    "-force",
    "-batch",
    "-brief",
    "-json",
    "-pretty",
    "-rcvbuf",
    "-color",
    "-help",
    "-netns",
    "-Numeric",
    "-all",
    "-echo",
)
_SHORT_OF_TWO = {"-stats": "-statistics", "-p": "-pretty"}
_OBJECTS = ("address", "addrlabel", "maddress", "route", "rule", "neighbour", "ntable", "link")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """An `ip` command taken apart; `words` are those after the object.

    `options` are pairs of the full name and the words as they were given. `object` is "" for one
    that has nothing to do with interfaces, or with none.
    """

    options: tuple[tuple[str, tuple[str, ...]], ...]
    object: str
    words: tuple[str, ...]

    def has(self, option: str) -> bool:
        """Whether the option of this full name was given."""
        return any(name == option for name, _ in self.options)

    def value_of(self, option: str) -> str | None:
        """The value of an option, the last one given."""
        found = [given[-1] for name, given in self.options if name == option]
        return found[-1] if found else None

    def without(self, *dropped: str) -> list[str]:
        """The words of all options but these."""
        return [word for name, given in self.options if name not in dropped for word in given]


def take_apart(arguments: Sequence[str]) -> CommandLine | None:
    """The command; None if an option is none or lacks its value, which `ip` itself says best."""
    left, options = list(arguments), []
    while left and left[0].startswith("-"):
        word = left.pop(0)
        if word == "--":
            break
        name = _option_named(word)
        if name is None or (name in _WITH_VALUE and not left):
            return None
        options.append((name, (word, left.pop(0)) if name in _WITH_VALUE else (word,)))
    if not left:
        return CommandLine(tuple(options), "", ())
    meant = next((each for each in _OBJECTS if left[0] and each.startswith(left[0])), "")
    return CommandLine(tuple(options), meant, tuple(left[1:]))


def _option_named(word: str) -> str | None:
    word = word[1:] if word.startswith("--") else word
    if word.partition("=")[0] in ("-c", "-co", "-col", "-colo", "-color"):
        return "-color"
    if word in _SHORT_OF_TWO:
        return _SHORT_OF_TWO[word]
    return next((each for each in _OPTIONS if len(word) > 1 and each.startswith(word)), None)
