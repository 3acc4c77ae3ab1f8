# How do frames get from the host to the ports? The compiled twin of linux/pump.py, host's side.
#
# A batch is read into one arena, frames close behind each other, so that small ones stay in the
# cache and large ones have room. Each port gathers its frames, small ones in its ring, and sends
# them by one call at the batch's end: a flow stays on one port, so its order stays.

cdef enum:
    BATCH_FRAMES = 64
    # Room for two of the largest frames, or a batch of the usual ones. More would push the first
    # out of the cache before it is sent.
    ARENA_OCTETS = 192 << 10
    # One octet more than the largest frame, so that a longer one shows.
    FRAME_ROOM_OCTETS = VNET_HEADER_OCTETS + MAX_FRAME_OCTETS + 1
    # Each frame begins on a cache line of its own.
    LINE_OCTETS = 64


cdef struct Tally:
    # counters.py PortTally
    uint64_t sent_frames
    uint64_t sent_octets
    uint64_t received_frames
    uint64_t received_octets
    uint64_t delivered_frames
    uint64_t delivered_octets
    uint64_t transmit_drops[REASONS]
    uint64_t receive_drops[REASONS]


cdef struct Port:
    int ifindex
    int fd
    Tally tally
    SendRing ring
    unsigned int waiting
    iovec pieces[BATCH_FRAMES]
    mmsghdr messages[BATCH_FRAMES]


cdef struct Host:
    # What is read from the host, and the ports that have frames waiting because of it.
    int fd
    uint64_t frames
    uint64_t octets
    uint64_t copies
    uint64_t punted
    uint64_t reclaimed
    uint64_t drops[REASONS]
    PuntQueue punt_queue
    uint8_t *arena
    int busy_count
    Port *busy[MAX_PORTS]


cdef int move_from_host(Host *host, const Table *table, Memory *memory) noexcept nogil:
    # The answer is how many frames were read.
    cdef uint32_t used = 0
    cdef int count = 0
    cdef ssize_t size
    while count < BATCH_FRAMES and used + FRAME_ROOM_OCTETS <= ARENA_OCTETS:
        # FRAME_ROOM_OCTETS are left behind `used`, as was just asked.
        size = read_fd(host.fd, host.arena + used, FRAME_ROOM_OCTETS)
        if size < VNET_HEADER_OCTETS:
            break
        from_host(host, table, memory, host.arena + used, <uint32_t>size - VNET_HEADER_OCTETS)
        used += whole_lines(<uint32_t>size)
        count += 1
    flush(host)
    return count


cdef inline uint32_t whole_lines(uint32_t size) noexcept nogil:
    return (size + LINE_OCTETS - 1) // LINE_OCTETS * LINE_OCTETS


cdef void reclaim(Host *host, const Table *table, Memory *memory) noexcept nogil:
    # Whoever reads the punt queue waits for us. An empty datagram marks its end, since what is
    # punted again comes behind that. Without room for it frames are being lost anyway.
    cdef uint32_t used = 0
    cdef int count = 0
    cdef ssize_t size
    if host.punted == 0 or send(host.punt_queue.entrance, NULL, 0, MSG_DONTWAIT) < 0:
        return
    while True:
        if count == BATCH_FRAMES or used + FRAME_ROOM_OCTETS > ARENA_OCTETS:
            flush(host)
            used = 0
            count = 0
        # FRAME_ROOM_OCTETS are left behind `used`, as was just seen to.
        size = read_fd(host.punt_queue.exit, host.arena + used, FRAME_ROOM_OCTETS)
        if size < VNET_HEADER_OCTETS:
            break
        host.reclaimed += 1
        forward(host, table, memory, host.arena + used, <uint32_t>size - VNET_HEADER_OCTETS)
        used += whole_lines(<uint32_t>size)
        count += 1
    flush(host)


# mutants: on, killed by tests/test_pump.py tests/test_pump_balance.py

cdef inline void from_host(
    Host *host, const Table *table, Memory *memory, uint8_t *packet, uint32_t length
) noexcept nogil:
    host.frames += 1
    host.octets += length
    if length < HEADER_OCTETS:
        host.drops[TOO_SHORT] += 1
        return
    if length > MAX_FRAME_OCTETS:
        host.drops[TRUNCATED] += 1
        return
    forward(host, table, memory, packet, length)


cdef inline void forward(
    Host *host, const Table *table, Memory *memory, uint8_t *packet, uint32_t length
) noexcept nogil:
    cdef int chosen[MAX_PORTS]
    cdef int count
    cdef int i
    count = select(table, memory, packet + VNET_HEADER_OCTETS, length, 0, chosen)
    if count == 0:
        host.drops[NO_PORT] += 1
        return
    if chosen[0] == TO_BOND:
        punt(host, packet, length)
        return
    host.copies += count - 1
    for i in range(count):
        put(host, table, chosen[i], packet, length)


cdef inline void put(
    Host *host, const Table *table, int place, uint8_t *packet, uint32_t length
) noexcept nogil:
    # A frame goes to a port once, and a batch has BATCH_FRAMES at most: `pieces` has room.
    cdef Port *port = <Port *>table.entries[place].port
    if port == NULL:
        host.drops[UNKNOWN_PORT] += 1
        return
    # A frame that shows another source goes to one port only: nobody else waits for the old one.
    show_as_sent(table, place, packet + VNET_HEADER_OCTETS)
    gather(host, port, packet, length)


cdef inline void punt(Host *host, const uint8_t *packet, uint32_t length) noexcept nogil:
    if is_punted(&host.punt_queue, packet, VNET_HEADER_OCTETS + length):
        host.punted += 1
    else:
        host.drops[PUNT_FULL] += 1


# mutants: off
# (What has to do with the ring needs real packet sockets: tests/interop/test_pump_on_wire.py.)

cdef inline void gather(Host *host, Port *port, uint8_t *packet, uint32_t length) noexcept nogil:
    if port.waiting == 0 and port.ring.waiting == 0:
        host.busy[host.busy_count] = port
        host.busy_count += 1
    # From the first frame on that the ring does not take, the batch goes the other way: in order.
    if port.waiting == 0 and put_in_ring(&port.ring, packet, length):
        return
    send_ring(port)
    add_piece(port, packet, VNET_HEADER_OCTETS + length)


cdef inline void add_piece(Port *port, uint8_t *packet, uint32_t size) noexcept nogil:
    port.pieces[port.waiting].iov_base = packet
    port.pieces[port.waiting].iov_len = size
    port.waiting += 1


cdef inline void flush(Host *host) noexcept nogil:
    cdef int i
    for i in range(host.busy_count):
        send_ring(host.busy[i])
        send_from(host.busy[i], 0)
    host.busy_count = 0


cdef void send_ring(Port *port) noexcept nogil:
    # What the kernel leaves in the ring, it refused or had no room for. It goes the other way, which
    # tells why of each frame; the kernel waits at the first slot that it left.
    cdef SendRing *ring = &port.ring
    cdef unsigned int first = ring.head + RING_SLOTS - ring.waiting
    cdef unsigned int taken = 0
    cdef unsigned int i
    cdef tpacket2_hdr *slot
    if ring.waiting == 0:
        return
    send(ring.fd, NULL, 0, MSG_DONTWAIT)
    while taken < ring.waiting and was_taken(slot_at(ring, first + taken)):
        port.tally.sent_octets += slot_at(ring, first + taken).tp_len - VNET_HEADER_OCTETS
        taken += 1
    port.tally.sent_frames += taken
    for i in range(taken, ring.waiting):
        slot = slot_at(ring, first + i)
        slot.tp_status = TP_STATUS_AVAILABLE
        add_piece(port, <uint8_t *>slot + SLOT_HEADER_OCTETS, slot.tp_len)
    ring.head = (first + taken) % RING_SLOTS
    ring.waiting = 0


# mutants: on, killed by tests/test_pump.py tests/test_pump_balance.py

cdef void send_from(Port *port, unsigned int first) noexcept nogil:
    # Sends what waits in `pieces`, from this place on.
    cdef int count
    while first < port.waiting:
        count = send_messages(port, first)
        if count < 0:
            # The first frame of those left is the one that was refused; the next may pass.
            port.tally.transmit_drops[reason_of_refusal(errno)] += 1
            count = 1
        else:
            count_sent(port, first, first + count)
        first += count
    port.waiting = 0


# mutants: off
# (The error of a packet socket's other direction: tests/interop/test_pump_on_wire.py.)

cdef inline int send_messages(Port *port, unsigned int first) noexcept nogil:
    # That a super-frame could not be read is told to whoever uses the socket next, which may be us;
    # a frame that is refused for its own sake is refused again.
    cdef int count = sendmmsg(port.fd, port.messages + first, port.waiting - first, MSG_DONTWAIT)
    if count < 0 and errno == EINVAL:
        count = sendmmsg(port.fd, port.messages + first, port.waiting - first, MSG_DONTWAIT)
        port.tally.receive_drops[UNREADABLE] += count > 0
    return count


# mutants: on, killed by tests/test_pump.py tests/test_pump_balance.py

cdef inline void count_sent(Port *port, unsigned int first, unsigned int end) noexcept nogil:
    cdef unsigned int i
    port.tally.sent_frames += end - first
    for i in range(first, end):
        port.tally.sent_octets += port.pieces[i].iov_len - VNET_HEADER_OCTETS


# mutants: on, killed by tests/test_twins.py

cdef int reason_of_refusal(int number) noexcept nogil:
    if number == EAGAIN or number == ENOBUFS or number == ENOMEM:
        return PORT_BUSY
    if number == ENETDOWN or number == ENODEV or number == ENXIO:
        return PORT_DOWN
    return TOO_LONG if number == EMSGSIZE else PORT_REFUSED


# mutants: off

cdef Port *new_port(int ifindex, int fd) except NULL:
    cdef Port *port = <Port *>calloc(1, sizeof(Port))
    cdef int i
    if port == NULL:
        raise MemoryError
    port.ifindex = ifindex
    port.fd = fd
    open_ring(&port.ring, ifindex, fd)
    for i in range(BATCH_FRAMES):
        port.messages[i].msg_hdr.msg_iov = &port.pieces[i]
        port.messages[i].msg_hdr.msg_iovlen = 1
    return port


cdef void free_port(Port *port) noexcept:
    if port != NULL:
        close_ring(&port.ring)
    free(port)
