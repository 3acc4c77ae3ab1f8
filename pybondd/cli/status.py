"""`pybondd status`: show bonds and their ports."""

import json
from collections.abc import Callable
from typing import cast

import click

from pybondd.cli.card import LACP_MODE, card, oneline
from pybondd.cli.client import ask, none_running
from pybondd.cli.errors import show
from pybondd.cli.palette import color_option
from pybondd.daemon.paths import running_bonds
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.shapes import StatusJson
from pybondd.status.lacp_shapes import LacpBondJson


@click.command()
@click.argument("bond", required=False)
@click.option(
    "-j", "--json", "as_json", is_flag=True, help="JSON with the keys of `ip -d -j link`."
)
@click.option("-p", "--pretty", is_flag=True, help="Indent the JSON.")
@click.option("--proc", is_flag=True, help="The text of /proc/net/bonding, byte for byte.")
@click.option("--lacp", is_flag=True, help="Everything that LACP knows (mode 802.3ad).")
@click.option("--oneline", "as_line", is_flag=True, help="One line for each bond.")
@color_option
def command(
    bond: str | None, as_json: bool, pretty: bool, proc: bool, lacp: bool, as_line: bool
) -> int:
    """Show BOND, or every bond that runs."""
    bonds = [bond] if bond else running_bonds()
    if not bonds:
        raise CommandRefusedError(none_running())
    if proc:
        return _each(bonds, lambda name: print(ask(name, "GET", "/proc"), end=""))
    if as_json or pretty:
        shown = [_lacp_only(name) if lacp else _status(name) for name in bonds]
        print(json.dumps(shown[0] if bond else shown, indent=4 if pretty else None))
        return 0
    if lacp:
        return _each(bonds, _print_lacp)
    if as_line:
        return _each(bonds, lambda name: print(oneline(_status(name))))
    return _each(bonds, lambda name: print("\n".join(card(_status(name)))))


def _print_lacp(name: str) -> None:
    from pybondd.cli.lacp_card import lacp_card

    status = _status(name)
    print("\n".join(lacp_card(status, _negotiated(status))))


def _lacp_only(name: str) -> object:
    """What the `lacp` of bond and ports say, under the names."""
    status = _status(name)
    ports = [
        {"ifname": each["ifname"], "lacp": each["pybondd"]["lacp"]} for each in status["ports"]
    ]
    return {"ifname": status["ifname"], "lacp": _negotiated(status), "ports": ports}


def _negotiated(status: StatusJson) -> LacpBondJson:
    """Raises CommandRefusedError where there is no LACP, and where it may not be seen."""
    lacp, mode = status["pybondd"]["lacp"], status["linkinfo"]["info_data"]["mode"]
    if lacp is not None:
        return lacp
    name = status["ifname"]
    if mode != LACP_MODE:
        why = f"its mode is {mode}"
        what, remedy = f"{name} speaks no LACP", "pybondd up BOND --mode 802.3ad PORT..."
        raise CommandRefusedError(Refusal(what, why, remedy))
    raise CommandRefusedError(
        Refusal(
            f"the LACP of {name} is not shown",
            "as in Linux, who negotiates with whom is for CAP_NET_ADMIN only",
            f"sudo pybondd status {name} --lacp",
            exit_code=Exit.NO_PRIVILEGE,
        )
    )


def _status(name: str) -> StatusJson:
    # The daemon of the same version wrote it; checking each key again would only repeat the shape.
    return cast("StatusJson", ask(name, "GET", "/status"))


def _each(bonds: list[str], print_one: Callable[[str], None]) -> int:
    """Print every bond; a dead one does not hide the others. The worst exit code wins."""
    codes = [0]
    for name in bonds:
        try:
            print_one(name)
        except CommandRefusedError as refused:
            codes.append(show(refused.refusal))
    return max(codes)
