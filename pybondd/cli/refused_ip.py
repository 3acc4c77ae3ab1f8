"""A refusal on its way to be told in the words of `ip`."""

import errno
import os
import sys
from collections.abc import Callable

from pybondd.daemon.refusal import CommandRefusedError, Exit
from pybondd.iproute import answers
from pybondd.iproute.writes import KernelRefusal


class KernelRefusedError(Exception):
    """`refusal` is what the kernel would have said; `more` says why where it would not have."""

    def __init__(self, refusal: KernelRefusal, more: tuple[str, ...] = ()) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal
        self.more = more

    def show(self) -> int:
        """Print it to standard error as `ip` does; the exit code."""
        text, number = self.refusal.text, self.refusal.errno
        print(
            f"Error: {text}." if text else f"RTNETLINK answers: {os.strerror(number)}",
            *(f"  {why}" for why in self.more),
            sep="\n",
            file=sys.stderr,
        )
        return answers.EXIT_CODE


def asked(deed: Callable[[], object]) -> None:
    """Do it; a refusal becomes one in the words of `ip`, and keeps its reasons."""
    try:
        deed()
    except CommandRefusedError as refused:
        raise translated(refused) from refused


def translated(refused: CommandRefusedError) -> KernelRefusedError:
    """The same refusal, for `ip`."""
    told = refused.refusal
    number = told.errno or _errno_of(told.exit_code)
    return KernelRefusedError(KernelRefusal(number), tuple(filter(None, (told.what, told.why))))


def _errno_of(exit_code: Exit) -> int:
    return errno.EPERM if exit_code is Exit.NO_PRIVILEGE else errno.EINVAL
