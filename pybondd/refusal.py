"""How does the core say no? By raising this before anything has changed."""

import errno


class RefusedError(Exception):
    """A request is not granted; nothing has changed.

    `code` is the errno that Linux's driver answers with. `what`, `why`, `remedy` are for people,
    one line each.
    """

    def __init__(self, code: int, what: str, why: str, remedy: str = "") -> None:
        super().__init__(f"{what}: {why} [{errno.errorcode[code]}]")
        self.code = code
        self.what = what
        self.why = why
        self.remedy = remedy
