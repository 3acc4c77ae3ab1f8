"""Where does a faulty copy of the program run? In a fork that cannot hurt."""

import os
import resource
import sys


def fork_silenced(cpu_limit_s: int) -> int:
    """Fork; the child's process id, or 0 in the child, which is silent and has so much CPU time.

    A fault may turn a bounded loop into an endless one.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit_s, cpu_limit_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    return 0
