"""`pybondd export`: how would another program's files say this bond?"""

import sys
from pathlib import Path

import click

from pybondd.cli.client import ask
from pybondd.cli.config_files import config_of_file, new_file
from pybondd.config.bond_config import BondConfig
from pybondd.config.dialects import WRITABLE, write_as
from pybondd.config.draft import Draft
from pybondd.config.finish import finish
from pybondd.config.note import Place
from pybondd.config.sysfs import FRESH_MTU, read_files
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.shapes import StatusJson


@click.command()
@click.argument("bond", required=False)
@click.option("-c", "--config", "file", metavar="FILE", help="Export this TOML, not a live bond.")
@click.option("--as", "format_name", type=click.Choice(WRITABLE), required=True)
@click.option("-o", "--output", "folder", metavar="DIR", help="Write the files below DIR instead.")
def command(bond: str | None, file: str | None, format_name: str, folder: str | None) -> int:
    """Print the configuration of BOND as it is now in another program's format.

    What that format cannot say is told on standard error.
    """
    if bond is None and file is None:
        raise CommandRefusedError(
            Refusal(
                "nothing to export",
                "neither a bond nor -c FILE is named",
                f"example: pybondd export bond0 --as {format_name}",
                exit_code=Exit.USAGE,
            )
        )
    config = config_of_file(file, bond) if file is not None else config_of_running(bond or "")
    written = write_as(config, format_name)
    for note in written.notes:
        print(note, file=sys.stderr)
    for path, text in written.files.items():
        if folder is None:
            print(f"# {path}")
            print(text, end="\n" if path != [*written.files][-1] else "")
        else:
            new_file(Path(folder) / Path(path).name, text)
            print(Path(folder) / Path(path).name)
    return 0


def config_of_running(bond: str) -> BondConfig:
    """The configuration of a running bond. Raises CommandRefusedError."""
    status: StatusJson = ask(bond, "GET", "/status")  # type: ignore[assignment]
    options = ask(bond, "GET", "/options")
    assert isinstance(options, dict)
    slaves = " ".join(port["ifname"] for port in status["ports"])
    draft = Draft()
    read_files(bond, {**options, "slaves": slaves}, bond, draft)
    if str(status["mtu"]) != FRESH_MTU:
        draft.set_mtu(bond, str(status["mtu"]), Place(bond))
    return finish(draft)[0]
