"""What runs as process 1 of user-mode Linux: prepares the guest, then does what the host asks.

Requests and answers are JSON files in a directory shared with the host, so that their size does not
matter; the serial line only carries the number of a request that is ready or done.
"""

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import termios
import time
import traceback
import tty
from pathlib import Path

LINE = "/dev/ttyS0"
EXCHANGE = Path("/run/exchange")
MODULE_ROOT = Path("/run/modules")
MODULES = (
    "bonding",
    "veth",
    "tun",
    "dummy",
    "bridge",
    "8021q",
    "macvlan",
    "sch_ingress",
    "cls_bpf",
    "cls_matchall",
    "act_mirred",
)
POWER_OFF = 0x4321FEDC  # LINUX_REBOOT_CMD_POWER_OFF of reboot(2)
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main() -> None:
    settings = json.loads(Path(sys.argv[1], "settings.json").read_text())
    os.environ.update(PATH=SEARCH_PATH, HOME="/root", LC_ALL="C", **settings["environment"])
    sys.path[:0] = settings["import_from"]
    try:
        prepare(Path(sys.argv[1]), settings["keep"])
        preload(settings["preload"])
        serve()
    except Exception:
        traceback.print_exc()
    finally:
        power_off()


def preload(modules: list[str]) -> None:
    """Loads what requests will use; one that does not load fails again where it is used."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError:
            traceback.print_exc()


def prepare(exchange: Path, keep: list[str]) -> None:
    """Mounts, modules and lo, with the host's temporary directories hidden."""
    shell("mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run")
    shell("mkdir -p /run/netns /run/exchange /run/modules/lib/modules")
    shell(f"mount -t hostfs -o {exchange} none {EXCHANGE} && mount -t tmpfs tmp /tmp")
    for path in keep:
        shell(f"mkdir -p {path} && mount -t hostfs -o {path} none {path}")
    # Packages put the modules beside the kernel and not where modprobe looks.
    release = os.uname().release
    shell(f"ln -s /usr/lib/uml/modules/{release} {MODULE_ROOT}/lib/modules/{release}")
    # max_bonds=0: otherwise the driver makes a bond0 nobody asked for.
    shell(f"modprobe -d {MODULE_ROOT} bonding max_bonds=0")
    for module in MODULES:
        shell(f"modprobe -d {MODULE_ROOT} {module}")
    # /dev is the guest's own devtmpfs, so the node appears with the module.
    shell("ip link set lo up; sysctl -qw kernel.panic=-1 net.ipv6.conf.default.accept_dad=0")


def shell(command: str) -> None:
    if os.system(command):
        print(f"the guest could not: {command}", file=sys.stderr)


def serve() -> None:
    """Answers requests until the host closes the line or asks for the end."""
    line = os.open(LINE, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line, termios.TCSANOW)
    os.write(line, b"@ready\n")
    with open(line, "rb", buffering=0, closefd=False) as requests:
        for request in iter(requests.readline, b""):
            number = request.strip().decode()
            if number == "end":
                return
            answer(number)
            os.write(line, f"@done {number}\n".encode())


def answer(number: str) -> None:
    """Runs one request in a child of its own group, which is killed when its time is over."""
    request = json.loads((EXCHANGE / f"{number}.request").read_text())
    out, err = (EXCHANGE / f"{number}.{stream}" for stream in ("stdout", "stderr"))
    child = os.fork()
    if child == 0:
        run_request(request, out, err)
    code = wait_for(child, request["timeout_s"])
    (EXCHANGE / f"{number}.rc").write_text(str(code))
    for stream in ("stdout", "stderr", "rc"):
        sync(EXCHANGE / f"{number}.{stream}")


def run_request(request: dict, out: Path, err: Path) -> None:
    """In the child: the request's shell command, or its Python source in this interpreter."""
    code = 1
    try:
        os.setsid()
        redirect(out, err)
        if "shell" in request:
            os.execv("/bin/sh", ["/bin/sh", "-c", request["shell"]])
        code = run_source(request["python"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run_source(source: str) -> int:
    try:
        exec(compile(source, "<request>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def redirect(out: Path, err: Path) -> None:
    for descriptor, path in ((0, Path("/dev/null")), (1, out), (2, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)


def wait_for(child: int, timeout_s: float) -> int:
    """The child's exit code as a shell would say it; 124 when its time was over."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if pid == 0:
            time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)  # for a child that had not come to lead a group yet
    os.waitpid(child, 0)
    return 124


def sync(path: Path) -> None:
    """Without this the host may read before the guest's page cache is written."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def power_off() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.sync()
    ctypes.CDLL(None, use_errno=True).reboot(POWER_OFF)


if __name__ == "__main__":
    main()
