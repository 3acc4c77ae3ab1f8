"""`pybondd remove`: take ports out of a bond."""

import click

from pybondd.cli.client import ask


@click.command()
@click.argument("bond")
@click.argument("port", nargs=-1, required=True)
def command(bond: str, port: tuple[str, ...]) -> int:
    """Take each PORT out of BOND; it gets back its MAC, MTU and state."""
    ask(bond, "DELETE", "/ports", {"ports": list(port)})
    print(f"{bond}: {', '.join(port)} left")
    return 0
