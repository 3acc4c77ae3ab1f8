# How do frames get from the ports to the host? The compiled twin of linux/pump.py, the ports' side,
# and of linux/pump_port.py.
#
# One inbox serves all ports, one after the other, so that 255 ports need no more room than one.

cdef enum:
    # A frame lies this far into its room: space to move its beginning forward when a tag comes in.
    HEADROOM_OCTETS = 64
    INBOX_ROOM_OCTETS = HEADROOM_OCTETS + FRAME_ROOM_OCTETS + 5
    CONTROL_WORDS = 8
    # Eight of the largest frames still fit into a core's cache: with 32, TCP into the bond reached
    # 0.70 of a bare cable instead of 0.88, and small frames were not one bit faster (2026-11).
    INBOX_FRAMES = 8


cdef struct Inbox:
    uint8_t *rooms
    iovec pieces[INBOX_FRAMES]
    mmsghdr messages[INBOX_FRAMES]
    uint64_t controls[INBOX_FRAMES][CONTROL_WORDS]


cdef int move_from_port(
    Inbox *inbox, int host_fd, Port *port, const Table *table, const Entry *entry
) noexcept nogil:
    # The answer is how many frames were read.
    cdef int count
    cdef int i
    for i in range(INBOX_FRAMES):
        inbox.messages[i].msg_hdr.msg_controllen = CONTROL_WORDS * 8
    count = recvmmsg(port.fd, inbox.messages, INBOX_FRAMES, MSG_DONTWAIT, NULL)
    if count < 0:
        count_error(port, errno)
        return 0
    for i in range(count):
        from_port(inbox, i, host_fd, port, table, entry)
    return count


# mutants: on, killed by tests/test_pump.py tests/test_pump_balance.py

cdef inline void from_port(
    Inbox *inbox, int i, int host_fd, Port *port, const Table *table, const Entry *entry
) noexcept nogil:
    cdef mmsghdr *message = &inbox.messages[i]
    cdef uint8_t *packet = <uint8_t *>inbox.pieces[i].iov_base
    cdef uint32_t size = put_tag_back(message, &packet)
    cdef uint32_t length = max(size, <uint32_t>VNET_HEADER_OCTETS) - VNET_HEADER_OCTETS
    cdef int reason
    port.tally.received_frames += 1
    port.tally.received_octets += length
    reason = TRUNCATED if length > MAX_FRAME_OCTETS else (
        classify(table, entry, packet + VNET_HEADER_OCTETS, length)
    )
    if reason == NO_REASON:
        show_as_delivered(table, entry, packet + VNET_HEADER_OCTETS)
        if write_fd(host_fd, packet, size) != <ssize_t>size:
            reason = HOST_REFUSED
    if reason == NO_REASON:
        port.tally.delivered_frames += 1
        port.tally.delivered_octets += length
    else:
        port.tally.receive_drops[reason] += 1


# mutants: on, killed by tests/test_twins.py

cdef inline uint32_t put_tag_back(const mmsghdr *message, uint8_t **packet) noexcept nogil:
    # The answer is the size of header and frame; `packet` may begin earlier afterwards.
    cdef const tpacket_auxdata *auxdata = auxdata_of(&message.msg_hdr)
    cdef uint32_t size = message.msg_len
    if auxdata == NULL or size < VNET_HEADER_OCTETS + ADDRESSES_OCTETS:
        return size
    if not auxdata.tp_status & TP_STATUS_VLAN_VALID:
        return size
    # HEADROOM_OCTETS lie before `packet`, and the header and both addresses were asked for.
    packet[0] -= TAG_OCTETS
    memmove(packet[0], packet[0] + TAG_OCTETS, VNET_HEADER_OCTETS + ADDRESSES_OCTETS)
    write_tag(packet[0] + VNET_HEADER_OCTETS + ADDRESSES_OCTETS, auxdata)
    move_offsets(packet[0])
    return size + TAG_OCTETS


cdef inline const tpacket_auxdata *auxdata_of(const msghdr *header) noexcept nogil:
    # PACKET_AUXDATA is the only control message that the socket was asked for: it is the first.
    # The kernel has written cmsg_len octets of CONTROL_WORDS, and they hold the structure.
    cdef const cmsghdr *control = <const cmsghdr *>header.msg_control
    if header.msg_controllen < sizeof(cmsghdr) + sizeof(tpacket_auxdata):
        return NULL
    if control.cmsg_level != SOL_PACKET or control.cmsg_type != PACKET_AUXDATA:
        return NULL
    return <const tpacket_auxdata *>(control + 1)


cdef inline void write_tag(uint8_t *where, const tpacket_auxdata *auxdata) noexcept nogil:
    cdef uint16_t tag_type = CUSTOMER_TAG
    if auxdata.tp_status & TP_STATUS_VLAN_TPID_VALID:
        tag_type = auxdata.tp_vlan_tpid
    where[0] = tag_type >> 8
    where[1] = tag_type & 0xFF
    where[2] = auxdata.tp_vlan_tci >> 8
    where[3] = auxdata.tp_vlan_tci & 0xFF


cdef inline void move_offsets(uint8_t *packet) noexcept nogil:
    # The header has no alignment after the move, so it is copied out and in.
    cdef virtio_net_hdr header
    memcpy(&header, packet, sizeof(header))
    if header.hdr_len != 0:
        header.hdr_len += TAG_OCTETS
    if header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM:
        header.csum_start += TAG_OCTETS
    memcpy(packet, &header, sizeof(header))


# mutants: off

cdef void clear_error(Port *port) noexcept nogil:
    # A socket's error waits until it is asked for, and epoll would report it for ever.
    cdef int error = 0
    cdef socklen_t size = sizeof(error)
    getsockopt(port.fd, SOL_SOCKET, SO_ERROR, &error, &size)
    count_error(port, error)


cdef void count_error(Port *port, int number) noexcept nogil:
    # A super-frame of a kind that a virtio-net header cannot express is gone.
    if number == EINVAL:
        port.tally.receive_drops[UNREADABLE] += 1


cdef void read_kernel_drops(Port *port) noexcept nogil:
    # Asking sets the kernel's counter back to 0.
    cdef tpacket_stats statistics
    cdef socklen_t size = sizeof(statistics)
    if getsockopt(port.fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0:
        port.tally.receive_drops[KERNEL_DROPPED] += statistics.tp_drops


cdef Inbox *new_inbox() except NULL:
    cdef Inbox *inbox = <Inbox *>calloc(1, sizeof(Inbox))
    cdef int i
    if inbox == NULL:
        raise MemoryError
    inbox.rooms = <uint8_t *>calloc(INBOX_FRAMES, INBOX_ROOM_OCTETS)
    if inbox.rooms == NULL:
        free(inbox)
        raise MemoryError
    for i in range(INBOX_FRAMES):
        inbox.pieces[i].iov_base = inbox.rooms + i * INBOX_ROOM_OCTETS + HEADROOM_OCTETS
        inbox.pieces[i].iov_len = FRAME_ROOM_OCTETS
        inbox.messages[i].msg_hdr.msg_iov = &inbox.pieces[i]
        inbox.messages[i].msg_hdr.msg_iovlen = 1
        inbox.messages[i].msg_hdr.msg_control = inbox.controls[i]
    return inbox


cdef void free_inbox(Inbox *inbox) noexcept:
    if inbox != NULL:
        free(inbox.rooms)
    free(inbox)
