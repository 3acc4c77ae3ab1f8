"""How is a refusal shown? What, why, what to do: one line each, and did-you-mean."""

import sys
from collections.abc import Iterable

import click

from pybondd.daemon.refusal import Exit, Refusal
from pybondd.suggest import suggestion


def show(refusal: Refusal) -> int:
    """Print the refusal to standard error and return the exit code."""
    parsed = refusal.json()
    kernel = f"   [kernel: {parsed['errno']}]" if parsed["errno"] else ""
    print(f"pybondd: {refusal.what}{kernel}", file=sys.stderr)
    for line in (refusal.why, refusal.remedy):
        if line:
            print(f"  {line}", file=sys.stderr)
    return int(refusal.exit_code)


def unknown_verb(word: str, known: Iterable[str]) -> Refusal:
    """The first word is no command."""
    return Refusal(
        f"unknown command '{word}'",
        suggestion(word, known) or "no command has a similar name",
        "all commands: pybondd --help",
        exit_code=Exit.USAGE,
    )


def unknown_option(word: str, bond: str, known: Iterable[str]) -> Refusal:
    """A word that is no option of a bond."""
    names = list(known)
    return Refusal(
        f"unknown option '{word}' for {bond}",
        suggestion(word, names) or "no bonding option has a similar name",
        f"all options: {', '.join(names)}",
        exit_code=Exit.USAGE,
    )


def from_click(misuse: click.ClickException) -> Refusal:
    """A command line that click could not read."""
    context = getattr(misuse, "ctx", None)
    path = context.command_path if context else "pybondd"
    usage = context.get_usage() if context else ""
    return Refusal(
        " ".join(misuse.format_message().split()),
        usage.split("\n")[0] if usage else "the command line could not be read",
        f"all about it: {path} --help",
        exit_code=Exit.USAGE,
    )
