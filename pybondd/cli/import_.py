"""`pybondd import`: what would the bond of another program's files be here?"""

import sys
from pathlib import Path

import click

from pybondd.cli.config_files import config_directory, from_file, live_sources, new_file, sources_of
from pybondd.config.bond_config import BondConfig
from pybondd.config.dialects import DIALECTS, read_all
from pybondd.config.toml import write
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.refusal import RefusedError


@click.command()
@click.argument("file", nargs=-1)
@click.option("--live", "live", metavar="BOND", help="Read this bond of the kernel as it is now.")
@click.option(
    "--format", "format_name", type=click.Choice([*DIALECTS]), help="What the files are written in."
)
@click.option("-o", "--output", "folder", metavar="DIR", help="Write DIR/<bond>.toml instead.")
def command(
    file: tuple[str, ...], live: str | None, format_name: str | None, folder: str | None
) -> int:
    """Print as TOML the bonds that FILE... describe together; notes go to standard error.

    A FILE may be a directory. Formats: ifcfg, modprobe.d, ifupdown, netplan, systemd-networkd,
    NetworkManager, scripts with ip or ifenslave, /proc/net/bonding, and our own.
    """
    if not file and not live:
        raise CommandRefusedError(
            Refusal(
                "nothing to import",
                "neither a file nor --live BOND is named",
                "example: pybondd import /etc/sysconfig/network-scripts/ifcfg-*",
                exit_code=Exit.USAGE,
            )
        )
    try:
        sources = [*sources_of(file), *(live_sources(live) if live else [])]
        bonds, notes = read_all(sources, format_name or "")
    except RefusedError as refused:
        raise from_file(refused) from refused
    for note in notes:
        print(note, file=sys.stderr)
    if not bonds:
        raise CommandRefusedError(
            Refusal(
                "no bond is described there",
                "nothing that was read makes a bond",
                "name the bond's file as well as those of its ports",
            )
        )
    _hand_over(bonds, folder)
    return 0


def _hand_over(bonds: list[BondConfig], folder: str | None) -> None:
    if folder is not None:
        paths = [Path(folder) / f"{bond.name}.toml" for bond in bonds]
        for path, bond in zip(paths, bonds, strict=True):
            new_file(path, write(bond))
            print(path)
        return
    for bond in bonds:
        print(f"# {config_directory()}/{bond.name}.toml")
        print(write(bond), end="" if bond is bonds[-1] else "\n")
