"""What does `ip` say to words that it cannot use? It says so before it asks the kernel.

Source: iproute2 6.1 as it answers; the texts are what scripts compare.
"""


class MisuseError(Exception):
    """The words cannot be meant so; the text is iproute2's, `exit_code` too.

    `usage` names the kind whose usage `ip` prints below the text, which may be "".
    """

    def __init__(self, text: str, exit_code: int = 255, usage: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code
        self.usage = usage


def wrong_argument(word: str, why: str) -> MisuseError:
    """A value that cannot be read."""
    return MisuseError(f'Error: argument "{word}" is wrong: {why}')


def unknown_word(kind: str, word: str) -> MisuseError:
    """The kind of interface knows no such word; or it was `help`."""
    if word and "help".startswith(word):
        return MisuseError("", 1, kind)
    called = "command" if kind == "bond" else "option"
    return MisuseError(f'{kind}: unknown {called} "{word}"?', 1, kind)


def incomplete() -> MisuseError:
    """The value of the last word is missing."""
    return MisuseError('Command line is not complete. Try option "help"')


def no_device(name: str) -> MisuseError:
    """There is no interface of this name."""
    return MisuseError(f'Cannot find device "{name}"', 1)
