"""The command `pybondd`: which verb was meant? Loads only the file of that verb."""

import importlib
import sys
from collections.abc import Sequence

import click

import pybondd
from pybondd.cli import errors, palette
from pybondd.daemon.refusal import CommandRefusedError

VERBS = {
    "up": "make a bond of some interfaces and start it",
    "down": "end a bond and give the host back as it was",
    "add": "put an interface into a bond",
    "remove": "take a port out of a bond",
    "activate": "make a port the active one",
    "set": "write options of a running bond",
    "get": "read options of a running bond",
    "status": "show bonds and their ports",
    "explain": "say why a port carries no traffic, or which one a flow takes",
    "events": "show what happened and why",
    "import": "read the bond of ifcfg, netplan, systemd-networkd and others as TOML",
    "export": "write a bond for one of these, or as ip commands",
    "ip": "iproute2's ip, with bonds of pybondd",
    "ifenslave": "put ports in and out as the old command of this name does",
    "recover": "undo what a killed daemon left behind",
    "lab": "try it in private namespaces",
}
"""Each verb stands in the file of its name; the text is here so that --help loads none of them."""
FILES = {"import": "import_"}
"""Where the verb's own name is a word of Python."""
ALIASES = {"show": "status", "delete": "remove", "del": "remove", "stop": "down"}


class Verbs(click.Group):
    """Finds a command by loading pybondd.cli.<verb> when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order in which one needs them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb or of its alias; None if there is no such verb."""
        verb = ALIASES.get(cmd_name, cmd_name)
        if verb not in VERBS:
            return None
        command = importlib.import_module(f"pybondd.cli.{FILES.get(verb, verb)}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown verb gets a suggestion."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise CommandRefusedError(errors.unknown_verb(args[0], [*VERBS, *ALIASES]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without loading their files."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _print_version(ctx: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(f"pybondd {pybondd.__version__}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version)
@palette.color_option
def root() -> None:
    """The Linux bonding driver in user space."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with one of the codes of `Exit`."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every refusal becomes three lines."""
    try:
        code = root.main(args=arguments, prog_name="pybondd", standalone_mode=False)
    except CommandRefusedError as refused:
        return errors.show(refused.refusal)
    except click.ClickException as misuse:
        return errors.show(errors.from_click(misuse))
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does. Python must not flush again at exit.
        sys.stdout = None
        return 0
    return code if isinstance(code, int) else 0
