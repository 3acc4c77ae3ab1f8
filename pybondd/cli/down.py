"""`pybondd down`: end a bond and give the host back as it was."""

import os
import select

import click

from pybondd.cli.client import ask
from pybondd.cli.recover import clean
from pybondd.daemon.lock import open_holder
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
    try:
        end(bond)
    except CommandRefusedError as refused:
        if refused.refusal.exit_code is Exit.NOT_RUNNING and clean(bond):
            print(f"{bond} was not running; what a killed daemon had left behind is undone")
        raise
    print(f"{bond} is down, its ports are as they were")
    return 0


def end(bond: str) -> None:
    """End the daemon and wait until it has ended. Raises CommandRefusedError."""
    process = open_holder(BondPaths.of(bond).lock)
    ask(bond, "POST", "/down")
    if not _has_ended(process):
        raise CommandRefusedError(_still_there(bond))


def _has_ended(process: int | None) -> bool:
    """Wait for the daemon to end; False if it takes too long."""
    if process is None:
        return True
    try:
        return bool(select.select([process], [], [], WAIT_S)[0])
    finally:
        os.close(process)


def _still_there(bond: str) -> Refusal:
    return Refusal(
        f"{bond} has restored its ports but its daemon does not end",
        f"it is still there after {WAIT_S:g} s",
        f"its log: {BondPaths.of(bond).log}",
    )
