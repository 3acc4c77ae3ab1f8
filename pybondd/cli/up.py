"""`pybondd up`: make a bond of some interfaces and start it."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import click

from pybondd.cli.card import card
from pybondd.cli.client import ask
from pybondd.cli.configured import commands_of, give_settings, wanted
from pybondd.cli.errors import unknown_option
from pybondd.cli.palette import color_option
from pybondd.config.bond_config import BondConfig
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.daemon.request import UpRequest
from pybondd.option import BondMode
from pybondd.options import ALIASES, OPTIONS
from pybondd.refusal import RefusedError
from pybondd.settings import NEEDS_MII

DEFAULT_MIIMON_MS = 100
"""Linux starts with 0 outside modes 4 to 6, so a dead cable goes unnoticed: the mistake that most
how-tos on bonding warn of. 100 ms is what bonding.rst recommends."""
_FOLLOWS: Mapping[BondMode | None, str] = {
    BondMode.IEEE8023AD: "lacp_follows",
    BondMode.BALANCE_TLB: "alb_follows",
    BondMode.BALANCE_ALB: "alb_follows",
}
"""Where we heal what Linux leaves broken, unless told to follow it."""

Function: TypeAlias = Callable[..., int]


def bond_options(function: Function) -> Function:
    """Add one --option for each of the kernel's, written with dashes or underscores."""
    for option in reversed(tuple(OPTIONS.values())):
        names = [option.name, *(alias for alias, name in ALIASES.items() if name == option.name)]
        words = [word for name in names for word in (name.replace("_", "-"), name)]
        spellings = dict.fromkeys("--" + word for word in words)
        function = click.option(
            *spellings, option.name, multiple=True, metavar="VALUE", help=option.meaning
        )(function)
    return function


class UpCommand(click.Command):
    """As click's, but an unknown option gets our three lines and the kernel's names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; raises CommandRefusedError for an option that no bond has."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as unknown:
            word = unknown.option_name.lstrip("-").replace("-", "_")
            raise CommandRefusedError(unknown_option(word, "a bond", OPTIONS)) from unknown


@click.command(cls=UpCommand)
@click.argument("bond", required=False)
@click.argument("port", nargs=-1)
@bond_options
@click.option("-c", "--config", "file", metavar="FILE", help="Take the bond from this TOML file.")
@click.option("--dry-run", is_flag=True, help="Only check, and print the ip commands of the same.")
@click.option("-f", "--foreground", is_flag=True, help="Stay in the foreground.")
@click.option(
    "--kernel-defaults",
    is_flag=True,
    help="Linux's defaults: miimon 0 outside modes 4 to 6, lacp_follows and alb_follows linux.",
)
@click.option(
    "--yes-cut-me-off", is_flag=True, help="Take a port even if it carries the default route."
)
@color_option
def command(
    bond: str | None,
    port: tuple[str, ...],
    file: str | None,
    dry_run: bool,
    foreground: bool,
    kernel_defaults: bool,
    yes_cut_me_off: bool,
    **options: tuple[str, ...],
) -> int:
    """Make BOND of the interfaces PORT... and start it.

    For example: pybondd up bond0 --mode active-backup --primary eth0 eth0 eth1

    With neither options nor ports, as /etc/pybondd/BOND.toml says if there is such a file.
    """
    wish = wanted(bond, file, written(options), port)
    added, notes = _defaults(dict(wish.options), like_kernel=kernel_defaults)
    request = UpRequest(wish.bond, (*wish.options, *added), wish.ports, yes_cut_me_off)
    if dry_run:
        for line in commands_of(request.bond, request.options, wish):
            print(line)
        return 0
    stay_or_detach = _stay if foreground else _detach
    return stay_or_detach(request, wish.settings, notes)


def _defaults(
    given: dict[str, str], *, like_kernel: bool
) -> tuple[list[tuple[str, str]], list[str]]:
    """What nobody has asked for, as pairs of option and text, and what to tell of it."""
    mode = _mode(given.get("mode", "default"))
    if like_kernel:
        follows = _FOLLOWS.get(mode)
        return [(follows, "linux")] if follows and follows not in given else [], []
    if mode in NEEDS_MII or {"miimon", "arp_interval"} & given.keys():
        return [], []
    note = (
        f"miimon {DEFAULT_MIIMON_MS} ms by default, so that a dead cable is noticed "
        "(Linux's default is 0: --kernel-defaults)"
    )
    return [("miimon", str(DEFAULT_MIIMON_MS))], [note]


def _mode(text: str) -> BondMode | None:
    """The mode meant; None if it is none, which the bond will say better."""
    try:
        return BondMode(OPTIONS["mode"].parse(text))
    except RefusedError:
        return None


def written(options: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Pairs of option and text as the bond is to be written to.

    It takes ARP targets one by one, each with a sign, and NS targets as one list.
    """
    pairs = []
    for name, texts in options.items():
        if name == "arp_ip_target":
            addresses = [address for text in texts for address in text.split(",")]
            pairs += [(name, f"+{address.lstrip('+')}") for address in addresses]
        elif name == "ns_ip6_target" and texts:
            pairs.append((name, ",".join(texts)))
        else:
            pairs += [(name, text) for text in texts]
    return pairs


def _detach(request: UpRequest, settings: BondConfig | None, notes: list[str]) -> int:
    from pybondd.daemon import background

    announcement = background.start(request)
    try:
        give_settings(settings)
    except CommandRefusedError:
        ask(request.bond, "POST", "/down")
        raise
    status = announcement["ready"]
    for line in [*card(status), *notes, *announcement.get("notes", [])]:
        print(line)
    print(f"✓ {request.bond} runs as process {status['pybondd']['pid']}")
    return 0


def _stay(request: UpRequest, settings: BondConfig | None, notes: list[str]) -> int:
    from pybondd.daemon.service import serve
    from pybondd.daemon.shapes import StatusJson

    def ready(status: StatusJson, more_notes: list[str]) -> None:
        give_settings(settings)
        for line in [*card(status), *notes, *more_notes]:
            print(line)
        print(f"✓ {request.bond} is ready; Ctrl-C ends it")

    serve(request, ready)
    return 0
