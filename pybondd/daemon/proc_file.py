"""Who keeps the copy of /proc/net/bonding/<bond> up to date?"""

import os
from pathlib import Path


class ProcFile:
    """A file that always holds one whole text: written beside it, then renamed over it."""

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self._path = path
        self._text: str | None = None

    def write(self, text: str) -> bool:
        """Make the file hold `text`; True if it had to change. OSError if the disk is full."""
        if text == self._text:
            return False
        self._path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self._path.name}.new")
        beside.write_text(text)
        beside.chmod(0o444)
        os.replace(beside, self._path)
        self._text = text
        return True

    def remove(self) -> None:
        """The bond is gone, and so is its file."""
        self._path.unlink(missing_ok=True)
