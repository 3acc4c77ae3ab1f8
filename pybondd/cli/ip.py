"""`pybondd ip`: iproute2's command, with bonds of pybondd instead of the kernel's."""

import sys
from pathlib import Path

import click

from pybondd.cli import ip_dialect, real_ip
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal

_SCRIPT = """#!{python} -P
# The {name} of pybondd, for bonds in user space.
{program}
"""
SCRIPTS = {
    "ip": ip_dialect.program("from pybondd.cli.ip_dialect import run", "run(sys.argv[1:])"),
    "ifenslave": ip_dialect.program(
        "from pybondd.cli.main import run", "run(['ifenslave', *sys.argv[1:]])"
    ),
}
"""What is installed, by name."""


class WordForWord(click.Command):
    """Takes all words as they are: they are another program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep every word, also -- and --help."""
        ctx.params["word"] = tuple(args)
        return []


@click.command(cls=WordForWord)
def command(word: tuple[str, ...]) -> int:
    """Do what `ip WORD...` does, with bonds of pybondd.

    `pybondd ip --install DIRECTORY` writes scripts named ip and ifenslave there. With DIRECTORY
    first in PATH, scripts written for the kernel's bonding driver run unchanged.
    """
    if word[:1] == ("--install",):
        return _install(word[1:])
    return ip_dialect.run(word)


def _install(words: tuple[str, ...]) -> int:
    if len(words) != 1:
        remedy = "write: pybondd ip --install DIRECTORY"
        raise CommandRefusedError(
            Refusal("where is ip to be installed?", "one directory", remedy, exit_code=Exit.USAGE)
        )
    directory = Path(words[0])
    for name in SCRIPTS:
        _refuse_foreign(directory / name)
    for name, program in SCRIPTS.items():
        _write(directory / name, program)
    names = " and ".join(SCRIPTS)
    print(f"{names} are in {directory}; put it first: PATH={directory.resolve()}:$PATH")
    return 0


def _refuse_foreign(path: Path) -> None:
    if path.exists() and not real_ip.is_ours(path):
        remedy = "take a directory of its own"
        raise CommandRefusedError(
            Refusal(f"{path} is not written", "it exists and is not ours", remedy)
        )


def _write(path: Path, program: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_SCRIPT.format(python=sys.executable, name=path.name, program=program))
        path.chmod(0o755)
    except OSError as error:
        raise CommandRefusedError(Refusal(f"{path} is not written", str(error), "")) from error
