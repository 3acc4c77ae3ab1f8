"""`pybondd ip`: iproute2's command, with bonds of pybondd instead of the kernel's."""

import sys
from pathlib import Path

import click

from pybondd.cli import ip_dialect, real_ip
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal

_SCRIPT = """#!{python} -P
# This is {mark}: it makes bonds in user space and hands the rest to the real one.
{program}
"""


class WordForWord(click.Command):
    """Takes all words as they are: they are another program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep every word, also -- and --help."""
        ctx.params["word"] = tuple(args)
        return []


@click.command(cls=WordForWord)
def command(word: tuple[str, ...]) -> int:
    """Do what `ip WORD...` does, with bonds of pybondd.

    `pybondd ip --install DIRECTORY` writes a script named ip there. With DIRECTORY first in PATH,
    scripts written for the kernel's bonding driver run unchanged.
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
    path = Path(words[0], "ip")
    if path.exists() and not real_ip.is_ours(path):
        remedy = "take a directory of its own"
        raise CommandRefusedError(
            Refusal(f"{path} is not written", "it exists and is not ours", remedy)
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_script())
        path.chmod(0o755)
    except OSError as error:
        raise CommandRefusedError(Refusal(f"{path} is not written", str(error), "")) from error
    print(f"{path} is there; put its directory first: PATH={path.parent.resolve()}:$PATH")
    return 0


def _script() -> str:
    program = "\n".join(ip_dialect.PROGRAM.split("; "))
    return _SCRIPT.format(mark=real_ip.MARK, program=program, python=sys.executable)
