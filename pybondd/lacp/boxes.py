"""Which boxes do the machines have?

Names as in IEEE Std 802.1AX-2014 6.4; a machine stands in exactly one of its boxes.
"""

from enum import Enum, auto


class Box(Enum):
    """A state of some machine. (The standard draws states as boxes; "state" is a word too many.)"""

    # A box is the key under which the tables are looked up in every pass. It is equal to itself
    # only, so its identity is a hash; Enum's own costs a call in Python.
    __hash__ = object.__hash__


class ReceiveBox(Box):
    """6.4.12 Receive machine: whose word do we have about the partner?"""

    INITIALIZE = auto()
    PORT_DISABLED = auto()
    LACP_DISABLED = auto()
    EXPIRED = auto()
    DEFAULTED = auto()
    CURRENT = auto()


class PeriodicBox(Box):
    """6.4.13 Periodic Transmission machine: how often do we send unasked?"""

    NO_PERIODIC = auto()
    FAST_PERIODIC = auto()
    SLOW_PERIODIC = auto()
    PERIODIC_TX = auto()


class MuxBox(Box):
    """6.4.15 Mux machine: may this port collect and distribute?

    COLLECTING_DISTRIBUTING is of the coupled machine, COLLECTING and DISTRIBUTING of the
    independent one.
    """

    DETACHED = auto()
    WAITING = auto()
    ATTACHED = auto()
    COLLECTING = auto()
    DISTRIBUTING = auto()
    COLLECTING_DISTRIBUTING = auto()


class ChurnBox(Box):
    """6.4.17 Churn Detection machines: does this side fail to get in sync?"""

    NO_CHURN = auto()
    CHURN_MONITOR = auto()
    CHURN = auto()


class TransmitBox(Box):
    """6.4.16 Transmit machine: may an LACPDU leave now?"""

    WAIT = auto()
    TRANSMIT = auto()


class MarkerBox(Box):
    """6.5.4 Marker Responder: has somebody asked?"""

    WAIT_FOR_MARKER = auto()
    RESPOND_TO_MARKER = auto()
