"""`ip -batch FILE`: a command on each line."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pybondd.cli import real_ip
from pybondd.iproute.command_line import CommandLine, take_apart

Run = Callable[[Sequence[str]], int]
FAILED = 1
"""What `ip` ends with when a line has failed."""


def run(
    line: CommandLine,
    arguments: Sequence[str],
    concerns_bonds: Callable[[CommandLine], bool],
    run_one: Run,
) -> int:
    """Run each line as a command of its own; stop at the first that fails, unless -force."""
    name = line.value_of("-batch")
    assert name is not None
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text()
    except OSError:
        real_ip.become(arguments)
    shared = line.without("-batch", "-force")
    commands = [(number, [*shared, *words]) for number, words in _commands(text)]
    code = 0
    for number, words in commands:
        taken = take_apart(words)
        ours = taken is not None and concerns_bonds(taken)
        failed = _forked(run_one, words) if ours else real_ip.run(words)
        if failed:
            print(f"Command failed {name}:{number}", file=sys.stderr)
            code = FAILED
            if not line.has("-force"):
                break
    return code


def _forked(run_one: Run, words: Sequence[str]) -> int:
    """Our own command may become the real `ip`, so that it needs a process to do so."""
    import os

    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = FAILED
    try:
        code = run_one(words)
        sys.stdout.flush()
    finally:
        os._exit(code)


def _commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and words. A backslash joins lines, # begins a comment."""
    joined, begins = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        begins = begins or number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        words = shlex.split(joined + line, comments=True)
        if words:
            yield number, words
        joined, begins = "", 0
