# How does a frame get to the bond that the table has no port for? The compiled twin of
# linux/punt_queue.py.

cdef extern from "<sys/socket.h>" nogil:
    enum:
        AF_UNIX
        SOCK_DGRAM
        SOCK_NONBLOCK
        SO_SNDBUF
        SO_SNDBUFFORCE
    int socketpair(int family, int kind, int protocol, int *fds)

cdef enum:
    # linux/punt_queue.py ROOM_OCTETS
    PUNT_ROOM_OCTETS = 4 << 20


cdef struct PuntQueue:
    # Both are -1 where there is none (any more).
    int entrance
    int exit


# mutants: on, killed by tests/test_pump_balance.py

cdef inline bint is_punted(
    const PuntQueue *queue, const uint8_t *packet, size_t size
) noexcept nogil:
    return send(queue.entrance, packet, size, MSG_DONTWAIT) == <ssize_t>size


# mutants: off

cdef int open_punt_queue(PuntQueue *queue) except -1:
    cdef int fds[2]
    cdef int room_octets = PUNT_ROOM_OCTETS
    checked(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds))
    queue.entrance, queue.exit = fds[0], fds[1]
    # Without the right to ask for more, the system's bound will do.
    if setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &room_octets, sizeof(room_octets)) < 0:
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room_octets, sizeof(room_octets))
    return 0
