"""What did Linux refuse?"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


class LinuxError(Exception):
    """The kernel said no: `errno` says why, `what` which request it was, in one line."""

    def __init__(self, errno: int, what: str) -> None:
        super().__init__(errno, what)
        self.errno = errno
        self.what = what

    def __str__(self) -> str:
        return f"{self.what}: {os.strerror(self.errno)}"


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn an OSError of the block into a LinuxError that names the request."""
    try:
        yield
    except OSError as error:
        raise LinuxError(error.errno or 0, what) from error
