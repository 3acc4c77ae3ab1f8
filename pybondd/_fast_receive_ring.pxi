# How do small frames come in with little ado? A ring of slots that the kernel fills: no call at all.
#
# The kernel copies a small frame into its slot while the sender waits, so that reading one costs us
# nothing but looking. A frame that is too large for a slot waits in the socket's queue as it would
# without a ring (PACKET_COPY_THRESH), and its slot keeps its place: order stays. Slots are small:
# small frames came in at 617 kpps with slots of 256 octets, at 530 with 2048, at 375 without a ring
# (a loop in C over veth, Linux 6.18, 2026-11), and TCP did not mind.
#
# Linux has a flaw here: a super-frame of a kind that virtio-net headers cannot express, such as
# SCTP, leaves its slot taken for ever (net/packet/af_packet.c tpacket_rcv, the owner map; not any
# more in 6.12.117), and all frames after it are dropped. The sign is a drop though the ring was never full:
# nothing else is dropped then. The port does without its ring from that moment on.

cdef extern from *:
    enum:
        __ATOMIC_ACQUIRE
        __ATOMIC_RELEASE
    uint32_t __atomic_load_n(const uint32_t *where, int order) nogil
    void __atomic_store_n(uint32_t *where, uint32_t value, int order) nogil

cdef enum:
    # Holds a frame of up to 180 octets behind the slot's header, addresses and virtio-net header.
    RECEIVE_SLOT_OCTETS = 256
    # 1 MB a port: some milliseconds of small frames, as many as the socket's buffer would hold.
    RECEIVE_SLOTS = 4096
    RECEIVE_RING_OCTETS = RECEIVE_SLOTS * RECEIVE_SLOT_OCTETS


cdef int move_from_ring(Inbox *inbox, int host_fd, Port *port, const Entry *entry) noexcept nogil:
    # The answer is how many slots were read.
    cdef int count = 0
    cdef uint32_t status
    cdef tpacket2_hdr *slot
    move_owed(inbox, host_fd, port, entry)
    while count < BATCH_FRAMES and port.owed < INBOX_FRAMES:
        slot = receive_slot_of(port)
        status = __atomic_load_n(&slot.tp_status, __ATOMIC_ACQUIRE)
        if not status & TP_STATUS_USER:
            see_empty(port)
            break
        if status & TP_STATUS_COPY:
            port.owed += 1
        else:
            move_owed(inbox, host_fd, port, entry)
            if port.owed != 0:
                break
            from_slot(slot, status, host_fd, port, entry)
        __atomic_store_n(&slot.tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE)
        port.receive_head = (port.receive_head + 1) % RECEIVE_SLOTS
        port.filled += 1
        count += 1
    move_owed(inbox, host_fd, port, entry)
    return count


cdef inline void move_owed(
    Inbox *inbox, int host_fd, Port *port, const Entry *entry
) noexcept nogil:
    # An error of the socket, that its interface went down, is told instead of a frame. Then the
    # rest stays owed until the next round, so that slots and queue never get out of step.
    cdef int moved = move_from_queue(inbox, port.owed, host_fd, port, entry)
    port.owed -= moved


cdef inline void see_empty(Port *port) noexcept nogil:
    # Between two sights of an empty ring no more slots were filled than were read.
    if port.filled >= RECEIVE_SLOTS:
        port.was_full = True
    port.filled = 0


cdef inline tpacket2_hdr *receive_slot_of(const Port *port) noexcept nogil:
    # The one that is filled next, or was filled first of those not read.
    return <tpacket2_hdr *>(port.receive_slots + port.receive_head * RECEIVE_SLOT_OCTETS)


cdef inline void from_slot(
    const tpacket2_hdr *slot, uint32_t status, int host_fd, Port *port, const Entry *entry
) noexcept nogil:
    # Between the slot's header and the frame lie 20 octets of address, which nobody reads: a tag
    # that is put back moves the frame's beginning into them.
    cdef uint8_t *packet = <uint8_t *>slot + slot.tp_mac - VNET_HEADER_OCTETS
    cdef tpacket_auxdata auxdata
    cdef uint32_t size
    if slot.tp_snaplen < slot.tp_len:
        # Neither the slot nor the socket's queue had room for it.
        port.tally.receive_drops[KERNEL_DROPPED] += 1
        return
    auxdata.tp_status = status
    auxdata.tp_vlan_tci, auxdata.tp_vlan_tpid = slot.tp_vlan_tci, slot.tp_vlan_tpid
    size = put_tag_back(&auxdata, VNET_HEADER_OCTETS + slot.tp_snaplen, &packet)
    from_port(packet, size, host_fd, port, entry)


cdef void read_kernel_drops(Port *port) noexcept nogil:
    # Asking sets the kernel's counters back to 0.
    cdef tpacket_stats statistics
    cdef socklen_t size = sizeof(statistics)
    if getsockopt(port.fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0:
        return
    port.tally.receive_drops[KERNEL_DROPPED] += statistics.tp_drops
    if port.receive_slots == NULL or receive_slot_of(port).tp_status & TP_STATUS_USER:
        # What is left in the ring may be a full one: it is judged when it is empty.
        return
    see_empty(port)
    if statistics.tp_drops != 0 and not port.was_full:
        # The first of them was the one; those behind it were dropped for nothing.
        port.tally.receive_drops[UNREADABLE] += 1
        port.tally.receive_drops[KERNEL_DROPPED] -= 1
        close_receive_ring(port)
    port.was_full = False


cdef void open_receive_ring(Port *port) noexcept nogil:
    # Where anything is missing there is no ring, and recvmmsg serves as well.
    cdef void *slots
    port.receive_slots = NULL
    port.receive_head = port.filled = port.owed = 0
    port.was_full = False
    if not is_packet_socket(port.fd):
        return
    if is_receive_ring_made(port.fd):
        # What was dropped before there was a ring says nothing of it.
        read_kernel_drops(port)
        slots = mmap(NULL, RECEIVE_RING_OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED, port.fd, 0)
        if slots != MAP_FAILED:
            port.receive_slots = <uint8_t *>slots
            return
    set_receive_ring(port.fd, 0)


cdef void close_receive_ring(Port *port) noexcept nogil:
    # The socket is as it was, and serves without a ring.
    if port.receive_slots != NULL:
        unmap_receive_ring(port)
        set_receive_ring(port.fd, 0)


cdef void unmap_receive_ring(Port *port) noexcept nogil:
    if port.receive_slots != NULL:
        munmap(port.receive_slots, RECEIVE_RING_OCTETS)
    port.receive_slots = NULL


cdef bint is_receive_ring_made(int fd) noexcept nogil:
    cdef int version = TPACKET_V2
    cdef int on = 1
    return (
        setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) == 0
        and setsockopt(fd, SOL_PACKET, PACKET_COPY_THRESH, &on, sizeof(on)) == 0
        and set_receive_ring(fd, RECEIVE_SLOTS) == 0
    )


cdef int set_receive_ring(int fd, unsigned int slots) noexcept nogil:
    # No slots: no ring.
    cdef tpacket_req request
    memset(&request, 0, sizeof(request))
    if slots != 0:
        request.tp_block_size = RING_BLOCK_OCTETS
        request.tp_block_nr = slots * RECEIVE_SLOT_OCTETS // RING_BLOCK_OCTETS
        request.tp_frame_size = RECEIVE_SLOT_OCTETS
        request.tp_frame_nr = slots
    return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request))
