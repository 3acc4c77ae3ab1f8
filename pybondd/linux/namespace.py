"""Which network namespace is this, and does another one still live?"""

import os
from pathlib import Path

from pybondd.linux.errors import asking


def this_namespace() -> int:
    """The inode number that names the calling thread's network namespace."""
    with asking("look at the network namespace"):
        return os.stat("/proc/thread-self/ns/net").st_ino


def is_alive(namespace: int) -> bool:
    """Does a process live in this network namespace, or has somebody given it a name?

    What we may not look into does not count: a namespace of another user is out of reach anyway.
    """
    places = [*Path("/proc").glob("[0-9]*/ns/net"), *Path("/run/netns").glob("*")]
    return any(_inode(place) == namespace for place in places)


def _inode(place: Path) -> int:
    try:
        return place.stat().st_ino
    except OSError:
        return 0
