"""What did a killed daemon leave behind, and how is it undone?"""

import errno

from pybondd.daemon.paths import BondPaths
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.linux.errors import LinuxError
from pybondd.linux.preflight import missing_privileges
from pybondd.linux.recovery import Restored, recover


def undo(paths: BondPaths) -> list[str]:
    """Give back what the journal lists; a line for each port. Raises CommandRefusedError.

    The caller knows that no daemon of this bond lives.
    """
    try:
        restored = recover(paths.journal)
    except LinuxError as error:
        raise CommandRefusedError(_refusal(paths, error)) from error
    failures = [text for each in restored for text in each.failed]
    if failures:
        raise CommandRefusedError(not_restored(paths, failures))
    paths.forget_runtime_files()
    return [restored_text(each) for each in restored]


def restored_text(restored: Restored) -> str:
    """One port in words."""
    return f"{restored.name}: {', '.join(restored.done) or 'as it was'}"


def not_restored(paths: BondPaths, failures: list[str]) -> Refusal:
    """Something could not be given back."""
    return Refusal(
        f"not everything of {paths.bond} could be given back",
        "; ".join(failures),
        f"repair that and try again: pybondd recover {paths.bond}   (journal: {paths.journal})",
    )


def _refusal(paths: BondPaths, error: LinuxError) -> Refusal:
    if missing_privileges() or error.errno in (errno.EPERM, errno.EACCES):
        return Refusal(
            f"may not undo what {paths.bond} left behind",
            str(error),
            f"sudo pybondd recover {paths.bond}",
            error.errno,
            Exit.NO_PRIVILEGE,
        )
    remedy = f"run it there: ip netns exec NAME pybondd recover {paths.bond}"
    if error.errno == errno.EBADMSG:
        remedy = f"look at the file and remove it: {paths.journal}"
    return Refusal(f"cannot undo what {paths.bond} left behind", str(error), remedy, error.errno)
