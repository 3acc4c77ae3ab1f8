# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False
"""The packet path, compiled: the twins of pybondd/_pure.py and pybondd/linux/pump.py.

It adds types and loops, not ideas. `Forwarder` decides for one frame and is there to be compared;
`Pump` moves batches of frames without the interpreter's lock.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from pybondd import _pure
from pybondd.counters import Counters, PortCounters, Reason
from pybondd.forwarding import NOBODY, ForwardingTable

include "_fast_hash.pxi"
include "_fast_select.pxi"
include "_fast_balance.pxi"
include "_fast_linux.pxi"
include "_fast_ring.pxi"
include "_fast_punt.pxi"
include "_fast_send.pxi"
include "_fast_receive.pxi"
include "_fast_pump.pxi"


cdef class _Chooser:
    # A table and what outlives it, for the Python callers of what works without the GIL.
    cdef Table *table
    cdef Memory memory

    def __cinit__(self, seed):
        self.table = compiled(ForwardingTable())
        start_memory(&self.memory, seed)

    def __dealloc__(self):
        free(self.table)

    def set_round(self, uint32_t round):
        self.memory.round = round

    def publish(self, table):
        cdef Table *old = self.table
        self.table = compiled(table)
        free(old)

    def select(self, bytes frame, uint32_t queue):
        # select writes to the frame and puts it back; a bytes object must not even do that.
        cdef bytearray scratch = bytearray(frame)
        cdef int chosen[MAX_PORTS]
        cdef int count = select(
            self.table, &self.memory, <uint8_t *><char *>scratch, len(frame), queue, chosen
        )
        assert scratch == frame, "the frame was not put back as it was"
        return tuple([self.ifindex_at(chosen[i]) for i in range(count)])

    cdef int ifindex_at(self, int place):
        if place == TO_BOND:
            return NOBODY
        assert 0 <= place < self.table.entry_count, "a place outside the table"
        return self.table.entries[place].ifindex

    def classify(self, int ifindex, bytes frame):
        cdef int reason = classify(
            self.table, entry_of(self.table, ifindex), <const uint8_t *><const char *>frame,
            len(frame),
        )
        return None if reason == NO_REASON else Reason(reason)

    def as_sent(self, int ifindex, bytes frame):
        cdef bytearray shown = bytearray(frame)
        cdef Entry *entry = entry_of(self.table, ifindex)
        show_as_sent(self.table, <int>(entry - self.table.entries), <uint8_t *><char *>shown)
        return bytes(shown)

    def as_delivered(self, int ifindex, bytes frame):
        cdef bytearray shown = bytearray(frame)
        show_as_delivered(self.table, entry_of(self.table, ifindex), <uint8_t *><char *>shown)
        return bytes(shown)

    def take_load(self):
        cdef Load load = load_taken(&self.memory)
        return load_tuple(&load)


class Forwarder(_pure.Forwarder):
    """pybondd/_pure.py Forwarder, with the compiled choice of ports."""

    def __init__(self, seed):
        super().__init__(seed)
        self._chooser = _Chooser(seed)

    def set_round(self, round):
        """Where round-robin's counter stands: for the comparison at its wrap."""
        self._chooser.set_round(round)

    def publish(self, table):
        """Forward by this table from the next frame on."""
        super().publish(table)
        self._chooser.publish(table)

    def select(self, frame, queue):
        """The ports for a frame that has a whole Ethernet header. Moves the round-robin counter."""
        return self._chooser.select(frame, queue)

    def classify(self, ifindex, frame):
        """Whether a frame from a port is for the host."""
        return self._chooser.classify(ifindex, frame)

    def as_sent(self, ifindex, frame):
        """The frame as it leaves by this port."""
        return self._chooser.as_sent(ifindex, frame)

    def as_delivered(self, ifindex, frame):
        """The frame as the host gets it."""
        return self._chooser.as_delivered(ifindex, frame)

    def take_load(self):
        """Octets sent since this was asked last."""
        return self._chooser.take_load()


def transmit_hash_of(int policy, bytes frame, uint16_t tci=0):
    """balance/hashing.py transmit_hash, compiled."""
    return transmit_hash(policy, <const uint8_t *><const char *>frame, len(frame), tci)


def with_tag(bytes packet, bytes auxdata, int level=SOL_PACKET, int kind=PACKET_AUXDATA):
    """linux/pump_port.py with_tag, compiled: for the comparison."""
    cdef bytearray room = bytearray(HEADROOM_OCTETS) + packet
    cdef bytearray control = bytearray(sizeof(cmsghdr)) + auxdata
    cdef uint8_t *begin = <uint8_t *><char *>room + HEADROOM_OCTETS
    cdef cmsghdr *header = <cmsghdr *><char *>control
    cdef mmsghdr message
    header.cmsg_level, header.cmsg_type = level, kind
    message.msg_hdr.msg_control, message.msg_hdr.msg_controllen = header, len(control)
    message.msg_len = len(packet)
    cdef uint32_t size = put_tag_back(&message, &begin)
    return (<char *>begin)[:size]


def reason_of(int number):
    """linux/pump_port.py reason_of_refusal, compiled: for the comparison."""
    return Reason(reason_of_refusal(number))
