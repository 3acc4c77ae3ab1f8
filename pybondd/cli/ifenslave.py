"""`pybondd ifenslave`: the verbs of the old command, as how-tos still have them."""

import click

from pybondd.cli import status
from pybondd.cli.client import ask, none_running
from pybondd.daemon.paths import running_bonds
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal


@click.command()
@click.argument("bond", required=False)
@click.argument("port", nargs=-1)
@click.option("-a", "--all-interfaces", is_flag=True, help="Show all bonds, as without BOND.")
@click.option("-c", "--change-active", is_flag=True, help="Make PORT the active one.")
@click.option("-d", "--detach", is_flag=True, help="Take each PORT out of BOND.")
@click.option(
    "-f", "--force", is_flag=True, help="Take a PORT even if it carries the default route."
)
@click.option("-v", "--verbose", is_flag=True, help="Tell what is done.")
def command(
    bond: str | None,
    port: tuple[str, ...],
    all_interfaces: bool,
    change_active: bool,
    detach: bool,
    force: bool,
    verbose: bool,
) -> int:
    """Put each PORT into BOND, which runs already; or what the options say."""
    if bond is None or all_interfaces:
        return _show()
    if not port:
        status.VIEWS["card"](bond)
        return 0
    if change_active and detach:
        raise _misuse("-c and -d exclude each other")
    if change_active:
        if len(port) != 1:
            raise _misuse("one port can be the active one")
        ask(bond, "POST", "/activate", {"port": port[0]})
        done = "is active"
    elif detach:
        ask(bond, "DELETE", "/ports", {"ports": list(port)})
        done = "left"
    else:
        ask(bond, "POST", "/ports", {"ports": list(port), "may_cut_default_route": force})
        done = "joined"
    if verbose:
        print(f"{bond}: {', '.join(port)} {done}")
    return 0


def _show() -> int:
    bonds = running_bonds()
    if not bonds:
        raise CommandRefusedError(none_running())
    for bond in bonds:
        status.VIEWS["card"](bond)
    return 0


def _misuse(why: str) -> CommandRefusedError:
    remedy = "ifenslave [-c | -d] BOND PORT..."
    what = "the command line could not be read"
    return CommandRefusedError(Refusal(what, why, remedy, exit_code=Exit.USAGE))
