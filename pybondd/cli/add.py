"""`pybondd add`: put interfaces into a bond."""

import click

from pybondd.cli.client import ask


@click.command()
@click.argument("bond")
@click.argument("port", nargs=-1, required=True)
@click.option(
    "--yes-cut-me-off", is_flag=True, help="Take a port even if it carries the default route."
)
def command(bond: str, port: tuple[str, ...], yes_cut_me_off: bool) -> int:
    """Put each PORT into BOND. If one cannot join, none does."""
    body = {"ports": list(port), "may_cut_default_route": yes_cut_me_off}
    answer = ask(bond, "POST", "/ports", body)
    print(f"{bond}: {', '.join(port)} joined")
    assert isinstance(answer, dict)
    for note in answer["notes"]:
        print(f"  {note}")
    return 0
