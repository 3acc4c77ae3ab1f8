"""`pybondd set`: write options of a running bond."""

import click

from pybondd.cli.client import ask
from pybondd.cli.words import option_name
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal


@click.command()
@click.argument("bond")
@click.argument("assignment", metavar="OPTION=VALUE", nargs=-1, required=True)
def command(bond: str, assignment: tuple[str, ...]) -> int:
    """Write options of BOND, with the rules of the kernel's sysfs files.

    Several are written in the order given. If one is refused, none is written.
    """
    pairs = [_pair(bond, text) for text in assignment]
    ask(bond, "POST", "/options", {"options": [list(pair) for pair in pairs]})
    return 0


def _pair(bond: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandRefusedError(
            Refusal(
                f"'{text}' is not OPTION=VALUE",
                "there is no = in it",
                f"write: pybondd set {bond} miimon=100   (to read: pybondd get {bond} {text})",
                exit_code=Exit.USAGE,
            )
        )
    return option_name(name, bond), value
