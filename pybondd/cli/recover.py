"""`pybondd recover`: undo what a killed daemon left behind."""

import click

from pybondd.cli.errors import show
from pybondd.daemon.lock import holder_pid
from pybondd.daemon.paths import BondPaths, bonds_with_journal
from pybondd.daemon.refusal import CommandRefusedError, Refusal


@click.command()
@click.argument("bond", required=False)
def command(bond: str | None) -> int:
    """Give the host back as it was before BOND (or any bond whose daemon was killed) came up."""
    names = [bond] if bond else bonds_with_journal()
    if bond and is_running(bond):
        raise CommandRefusedError(_alive(bond))
    codes = [0]
    for name in names:
        if is_running(name):
            continue
        try:
            undone = clean(name)
        except CommandRefusedError as refused:
            codes.append(show(refused.refusal))
            continue
        print(f"{name}: {'; '.join(undone) if undone else 'nothing to undo'}")
    if not names:
        print("nothing to undo")
    return max(codes)


def is_running(bond: str) -> bool:
    """Whether a daemon of this bond lives."""
    return holder_pid(BondPaths.of(bond).lock) is not None


def clean(bond: str) -> list[str]:
    """Undo what the journal of a dead daemon lists; one line for each thing undone."""
    paths = BondPaths.of(bond)
    undone: list[str] = []
    if paths.journal.exists():
        # The netlink code is loaded only here: `down` of a running bond does not need it.
        from pybondd.daemon.leftovers import undo

        undone = undo(paths)
    paths.forget_runtime_files()
    paths.lock.unlink(missing_ok=True)
    return undone


def _alive(bond: str) -> Refusal:
    pid = holder_pid(BondPaths.of(bond).lock)
    return Refusal(
        f"{bond} is running" + (f" as process {pid}" if pid else ""),
        "recover is for what a killed daemon left behind",
        f"end it in good order: pybondd down {bond}",
    )
