"""`pybondd events`: show what happened and why."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import cast

import click

from pybondd.cli.client import ask, follow, named_or_only
from pybondd.cli.palette import Tone, color_option, paint
from pybondd.daemon.shapes import EntryJson

TONES = {"debug": Tone.DIM, "info": Tone.PLAIN, "warning": Tone.CHANGING, "error": Tone.BAD}


@click.command()
@click.argument("bond", required=False)
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Go on with what happens next.")
@click.option(
    "-n", "--lines", "count", default=20, show_default=True, help="Entries to begin with."
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Also what was done, with every frame of the bond's own, not only what was reported.",
)
@click.option("-j", "--json", "as_json", is_flag=True, help="One JSON object a line.")
@color_option
def command(bond: str | None, is_followed: bool, count: int, verbose: bool, as_json: bool) -> int:
    """Show the log of BOND: event, cause, decision, effect."""
    name = named_or_only(bond)
    frames = "&frames=1" if verbose else ""
    query = f"/events?count={count}{frames}"
    for entry in _followed(name, query) if is_followed else _recent(name, query):
        for line in [json.dumps(entry)] if as_json else lines(entry, is_verbose=verbose):
            print(line, flush=is_followed)
    return 0


def lines(entry: EntryJson, *, is_verbose: bool) -> list[str]:
    """An entry for people: time, port, text, and what caused it."""
    moment = datetime.fromtimestamp(entry["time"]).astimezone().strftime("%H:%M:%S.%f")[:-3]
    shown = [f"... {entry['lost']} entries lost, reader too slow"] if entry["lost"] else []
    for report in entry["reports"]:
        subject = f"(slave {report['port']}): " if report["port"] else ""
        text = paint(f"{subject}{report['text']}", TONES.get(report["severity"], Tone.PLAIN))
        shown.append(f"{moment}  {text}   {paint('<- ' + entry['cause'], Tone.DIM)}")
    if is_verbose:
        if not entry["reports"]:
            shown.append(f"{moment}  {entry['cause']}")
        shown += [f"{'':14}-> {effect}" for effect in entry["effects"]]
    return shown


def _recent(name: str, query: str) -> list[EntryJson]:
    return cast("list[EntryJson]", ask(name, "GET", query))


def _followed(name: str, query: str) -> Iterator[EntryJson]:
    for text in follow(name, f"{query}&follow=1"):
        yield cast("EntryJson", json.loads(text))
