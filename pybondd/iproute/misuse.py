"""What does `ip` say to words that it cannot use? It says so before it asks the kernel.

Source: iproute2 6.1 as it answers; the texts are what scripts compare.
"""


class MisuseError(Exception):
    """The words cannot be meant so; the text is iproute2's, `exit_code` too."""

    def __init__(self, text: str, exit_code: int = 255) -> None:
        super().__init__(text)
        self.text = text
        self.exit_code = exit_code


def wrong_argument(word: str, why: str) -> MisuseError:
    """A value that cannot be read."""
    return MisuseError(f'Error: argument "{word}" is wrong: {why}')


def incomplete() -> MisuseError:
    """The value of the last word is missing."""
    return MisuseError('Command line is not complete. Try option "help"')


def no_device(name: str) -> MisuseError:
    """There is no interface of this name."""
    return MisuseError(f'Cannot find device "{name}"', 1)
