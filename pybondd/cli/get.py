"""`pybondd get`: read options of a running bond."""

import click

from pybondd.cli.client import ask
from pybondd.cli.words import option_name


@click.command()
@click.argument("bond")
@click.argument("option", required=False)
def command(bond: str, option: str | None) -> int:
    """Print OPTION of BOND as its sysfs file reads, or all of them as OPTION=VALUE."""
    if option is not None:
        name = option_name(option, bond)
        # A file of sysfs that holds nothing reads as nothing, not as an empty line.
        if text := ask(bond, "GET", f"/options/{name}"):
            print(text)
        return 0
    values = ask(bond, "GET", "/options")
    assert isinstance(values, dict)
    for name, text in values.items():
        print(f"{name}={text}".rstrip("\n"))
    return 0
