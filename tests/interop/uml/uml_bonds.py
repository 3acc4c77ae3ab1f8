"""Inside the guest: the one thing that differs between a scenario's two runs, the bond itself."""

import contextlib
import io
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TextIO

from uml_world import HOST, batch, enter_for_good, inside, shell

END_LIMIT_S = 5


class KernelBond:
    """bond0 of the kernel's driver, made without ports in a namespace."""

    def __init__(self, ports: list[str], namespace: str = HOST, **options: object) -> None:
        self._ports = ports
        self._namespace = namespace
        words = " ".join(f"{name} {value}" for name, value in options.items() if name != "primary")
        self._primary = f"type bond primary {options['primary']}" if "primary" in options else None
        batch(namespace, f"link add bond0 type bond {words}")

    def enslave(self) -> "KernelBond":
        """Takes the ports and opens the bond, in the order in which ours does."""
        masters = (f"link set {port} down master bond0" for port in self._ports)
        primary = [f"link set bond0 {self._primary}"] if self._primary else []
        batch(self._namespace, *masters, *primary, "link set bond0 up")
        return self

    def set(self, option: str, value: object) -> None:
        shell(f"echo {value} >/sys/class/net/bond0/bonding/{option}", self._namespace)

    def proc(self) -> str:
        with inside(self._namespace):
            return Path("/proc/net/bonding/bond0").read_text()

    def add(self, port: str) -> None:
        batch(self._namespace, f"link set {port} master bond0")

    def remove(self, port: str) -> None:
        batch(self._namespace, f"link set {port} nomaster")

    def down(self) -> None:
        batch(self._namespace, "link del bond0")


class PybonddBond:
    """bond0 of ours in a namespace, by the verbs of its command line."""

    def __init__(self, ports: list[str], namespace: str = HOST, **options: object) -> None:
        self._ports = ports
        self._namespace = namespace
        self._options = options
        self._daemon = 0

    def enslave(self) -> "PybonddBond":
        words = [f"--{name}={value}" for name, value in self._options.items()]
        self._daemon = start(self._namespace, "up", "-f", "bond0", *words, *self._ports)
        return self

    def set(self, option: str, value: object) -> None:
        verb(self._namespace, "set", "bond0", f"{option}={value}")

    def proc(self) -> str:
        return printed_here(self._namespace, "status", "bond0", "--proc")

    def add(self, port: str) -> None:
        verb(self._namespace, "add", "bond0", port)

    def remove(self, port: str) -> None:
        verb(self._namespace, "remove", "bond0", port)

    def down(self) -> None:
        """By signal, which gives the ports back as the verb does, in a tenth of its time here."""
        if self._daemon:
            os.kill(self._daemon, signal.SIGTERM)
            assert ended(self._daemon), "our daemon did not end on SIGTERM"


BONDS = {"kernel": KernelBond, "pybondd": PybonddBond}


def ended(child: int) -> bool:
    """Whether a child ends by itself; it is killed if not, as the next scenario needs its place."""
    end = time.monotonic() + END_LIMIT_S
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def verb(namespace: str, *arguments: str) -> str:
    """What a verb of our command line prints; AssertionError with it when the verb fails."""
    child, pipe = fork_verb(namespace, arguments)
    with pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"pybondd {' '.join(arguments)}\n{said}"
    return said


def printed_here(namespace: str, *arguments: str) -> str:
    """As `verb`, for one that only asks the daemon: without the fork, which takes 0.2 s here."""
    from pybondd.cli.main import run

    os.environ["PYBONDD_RUN_DIR"] = run_directory(namespace)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = run(list(arguments))
    assert code == 0, f"pybondd {' '.join(arguments)}\n{said.getvalue()}"
    return said.getvalue()


def start(namespace: str, *arguments: str) -> int:
    """The process of a verb that stays, as soon as it says that it is ready."""
    child, pipe = fork_verb(namespace, arguments)
    said = ""
    for line in pipe:
        said += line
        if "is ready" in line:
            # Not closed: its next words would end the process. Our own end closes it.
            KEPT_PIPES.append(pipe)
            return child
    os.waitpid(child, 0)
    raise AssertionError(f"pybondd {' '.join(arguments)}\n{said}")


KEPT_PIPES: list[TextIO] = []


def last_words() -> str:
    """What our daemons of this process have said since they were ready."""
    for pipe in KEPT_PIPES:
        os.set_blocking(pipe.fileno(), False)
    return "".join(pipe.read() or "" for pipe in KEPT_PIPES)


def run_directory(namespace: str) -> str:
    """Several worlds may stand at once, each with a bond0."""
    return f"/run/pybondd-{namespace}"


def fork_verb(namespace: str, arguments: tuple[str, ...]) -> tuple[int, TextIO]:
    """A child that is `pybondd` in a namespace, with the pipe of all it prints.

    A fork, not a new interpreter: what the agent has loaded need not be loaded for every verb,
    which takes this slow machine two seconds.
    """
    from pybondd.cli.main import run

    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, open(reading, encoding="utf-8")
    code = 1
    try:
        os.setsid()
        os.close(reading)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.environ["PYBONDD_RUN_DIR"] = run_directory(namespace)
        enter_for_good(namespace)
        code = run(list(arguments))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
