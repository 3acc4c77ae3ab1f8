"""`pybondd down`: end a bond and give the host back as it was."""

import click

from pybondd.cli.client import ask
from pybondd.cli.recover import clean
from pybondd.daemon.lock import wait_until_free
from pybondd.daemon.paths import BondPaths
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal

WAIT_S = 10.0
"""Time for a daemon to end after it has restored the host; it takes some 20 ms."""


@click.command()
@click.argument("bond")
def command(bond: str) -> int:
    """End BOND: its ports get back their MAC, MTU and state, and the interface is removed.

    If no daemon runs (exit code 3), leftovers of a killed one are cleaned up all the same.
    """
    paths = BondPaths.of(bond)
    try:
        ask(bond, "POST", "/down")
    except CommandRefusedError as refused:
        if refused.refusal.exit_code is Exit.NOT_RUNNING and clean(bond):
            print(f"{bond} was not running; what a killed daemon had left behind is undone")
        raise
    if not wait_until_free(paths.lock, WAIT_S):
        raise CommandRefusedError(_still_there(bond))
    print(f"{bond} is down, its ports are as they were")
    return 0


def _still_there(bond: str) -> Refusal:
    return Refusal(
        f"{bond} has restored its ports but its daemon does not end",
        f"it still holds {BondPaths.of(bond).lock} after {WAIT_S:g} s",
        f"its log: {BondPaths.of(bond).log}",
    )
