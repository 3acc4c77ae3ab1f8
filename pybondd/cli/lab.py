"""`pybondd lab`: try it in private namespaces, without spare interfaces."""

import errno
from pathlib import Path

import click

from pybondd.cli.palette import color_option, is_coloured
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.refusal import RefusedError

NAMES = ("failover", "rr", "xor", "broadcast", "lacp", "tlb", "alb")
"""The labs; written here so that --help need not load them."""


@click.command()
@click.argument("name", type=click.Choice(NAMES), default="failover")
@click.option(
    "--miimon", default=100, show_default=True, type=click.IntRange(0), help="Poll interval in ms."
)
@click.option(
    "--cables", default=2, show_default=True, type=click.IntRange(1, 2), help="Cables to lay."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Where the picture goes.  [default: ./pybondd-NAME.svg]",
)  # fmt: skip
@color_option
def command(name: str, miimon: int, cables: int, output: Path | None) -> int:
    """Bring up a bond in a private network, cut a cable, and draw what happened.

    NAME is failover (the default), rr, xor, broadcast, lacp, tlb or alb. Needs no root where user
    namespaces are allowed, changes nothing on this host, and is over in seconds.
    """
    from pybondd.lab.failure import LabFailedError
    from pybondd.lab.main import run

    try:
        return run(
            name,
            miimon=miimon,
            cables=cables,
            output=output,
            is_coloured=is_coloured(),
            say=click.echo,
        )
    except RefusedError as refused:
        has_no_right = refused.code in (errno.EPERM, errno.EACCES)
        code = Exit.NO_PRIVILEGE if has_no_right else Exit.REFUSED
        raise CommandRefusedError(
            Refusal(refused.what, refused.why, refused.remedy, exit_code=code)
        ) from refused
    except LabFailedError as failed:
        raise CommandRefusedError(Refusal(failed.what, failed.why, failed.remedy)) from failed
