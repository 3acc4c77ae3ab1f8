"""`pybondd status`: show bonds and their ports."""

import json
from collections.abc import Callable
from typing import cast

import click

from pybondd.cli.card import card, oneline
from pybondd.cli.client import ask, none_running
from pybondd.cli.errors import show
from pybondd.cli.palette import color_option
from pybondd.daemon.paths import running_bonds
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.daemon.shapes import StatusJson


@click.command()
@click.argument("bond", required=False)
@click.option(
    "-j", "--json", "as_json", is_flag=True, help="JSON with the keys of `ip -d -j link`."
)
@click.option("-p", "--pretty", is_flag=True, help="Indent the JSON.")
@click.option("--proc", is_flag=True, help="The text of /proc/net/bonding, byte for byte.")
@click.option("--oneline", "as_line", is_flag=True, help="One line for each bond.")
@color_option
def command(bond: str | None, as_json: bool, pretty: bool, proc: bool, as_line: bool) -> int:
    """Show BOND, or every bond that runs."""
    bonds = [bond] if bond else running_bonds()
    if not bonds:
        raise CommandRefusedError(none_running())
    if proc:
        return _each(bonds, lambda name: print(ask(name, "GET", "/proc"), end=""))
    if as_json or pretty:
        _print_json([_status(name) for name in bonds], is_one=bond is not None, pretty=pretty)
        return 0
    if as_line:
        return _each(bonds, lambda name: print(oneline(_status(name))))
    return _each(bonds, lambda name: print("\n".join(card(_status(name)))))


def _status(name: str) -> StatusJson:
    # The daemon of the same version wrote it; checking each key again would only repeat the shape.
    return cast("StatusJson", ask(name, "GET", "/status"))


def _print_json(statuses: list[StatusJson], *, is_one: bool, pretty: bool) -> None:
    shown = statuses[0] if is_one else statuses
    print(json.dumps(shown, indent=4 if pretty else None))


def _each(bonds: list[str], print_one: Callable[[str], None]) -> int:
    """Print every bond; a dead one does not hide the others. The worst exit code wins."""
    codes = [0]
    for name in bonds:
        try:
            print_one(name)
        except CommandRefusedError as refused:
            codes.append(show(refused.refusal))
    return max(codes)
