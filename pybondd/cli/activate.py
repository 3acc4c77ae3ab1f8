"""`pybondd activate`: make a port the active one."""

import click

from pybondd.cli.client import ask


@click.command()
@click.argument("bond")
@click.argument("port")
def command(bond: str, port: str) -> int:
    """Make PORT the active port of BOND (active-backup), as `ifenslave -c` does."""
    ask(bond, "POST", "/activate", {"port": port})
    print(f"{bond}: {port} is active")
    return 0
