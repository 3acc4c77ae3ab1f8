"""`python -m pybondd.daemon BOND PORT...`: the process that `pybondd up` starts."""

import argparse
import sys
from collections.abc import Sequence

from pybondd.daemon.background import announce
from pybondd.daemon.refusal import CommandRefusedError, Exit
from pybondd.daemon.request import UpRequest
from pybondd.daemon.service import serve, show_title
from pybondd.daemon.shapes import StatusJson


def main(arguments: Sequence[str]) -> int:
    """Run one bond; what it has to tell goes to the descriptor given."""
    given = _parser().parse_args(arguments)
    pairs = tuple((name, text) for name, _, text in (o.partition("=") for o in given.option))
    request = UpRequest(
        given.bond, pairs, tuple(given.port), given.may_cut_default_route, given.stays_down
    )
    is_announced = False

    def ready(status: StatusJson, notes: list[str]) -> None:
        nonlocal is_announced
        announce(given.ready_descriptor, {"ready": status, "notes": notes})
        is_announced = True

    show_title(request.bond)
    try:
        serve(request, ready)
    except CommandRefusedError as refused:
        if not is_announced:
            announce(given.ready_descriptor, {"refused": refused.refusal.json()})
        return int(refused.refusal.exit_code)
    return int(Exit.DONE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pybondd.daemon", description=__doc__)
    parser.add_argument("--ready-descriptor", type=int, required=True)
    parser.add_argument("--may-cut-default-route", action="store_true")
    parser.add_argument("--stays-down", action="store_true")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=TEXT")
    parser.add_argument("bond")
    parser.add_argument("port", nargs="*")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
