# The compiled twin of linux/pump.py Pump: who may touch what, and when.

cdef enum:
    MAX_EVENTS = 64
    # Rounds over descriptors that were ready before others are asked for: the poll costs a call,
    # and a port that becomes ready waits for this many batches at most.
    BUSY_ROUNDS = 16
    # Where an interface index stands in epoll's events; no interface has these.
    THE_HOST = 0
    THE_WAKE = -1


cdef class Pump:
    """linux/pump.py Pump, moving batches without the interpreter's lock."""

    cdef Lock lock
    cdef Host host
    cdef Memory memory
    cdef Inbox *inbox
    cdef Table *table
    cdef int port_count
    cdef Port *ports[MAX_PORTS]
    cdef Tally departed
    cdef int epoll_fd
    cdef int wake_fd
    cdef int stops

    def __cinit__(self, int tap_fd, *, seed):
        self.epoll_fd = self.wake_fd = -1
        self.host.punt_queue.entrance = self.host.punt_queue.exit = -1
        pthread_mutex_init(&self.lock.door, NULL)
        pthread_mutex_init(&self.lock.world, NULL)
        start_memory(&self.memory, seed)
        self.table = compiled(ForwardingTable())
        self.inbox = new_inbox()
        self.host.fd = tap_fd
        self.host.arena = <uint8_t *>calloc(1, ARENA_OCTETS)
        if self.host.arena == NULL:
            raise MemoryError
        open_punt_queue(&self.host.punt_queue)
        self.epoll_fd = checked(epoll_create1(EPOLL_CLOEXEC))
        self.wake_fd = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
        checked(watch(self.epoll_fd, self.wake_fd, THE_WAKE))
        checked(watch(self.epoll_fd, tap_fd, THE_HOST))

    def __dealloc__(self):
        cdef int i
        self.close_descriptors()
        for i in range(self.port_count):
            free_port(self.ports[i])
        free(self.table)
        free(self.host.arena)
        free_inbox(self.inbox)
        pthread_mutex_destroy(&self.lock.door)
        pthread_mutex_destroy(&self.lock.world)

    def close(self):
        """Give up what the pump itself has opened, after `run` has returned."""
        self.close_descriptors()

    cdef void close_descriptors(self) noexcept:
        close_descriptor(&self.epoll_fd)
        close_descriptor(&self.wake_fd)
        close_descriptor(&self.host.punt_queue.entrance)
        close_descriptor(&self.host.punt_queue.exit)

    def add_port(self, int ifindex, int fd):
        """Move frames of this port too. `fd` stays the caller's and must stay open."""
        assert self.port_count < MAX_PORTS, "more ports than there is room for"
        assert port_of(self.ports, self.port_count, ifindex) == NULL, "the port is already there"
        cdef Port *port = new_port(ifindex, fd)
        cdef int result
        with nogil:
            enter(&self.lock)
            self.ports[self.port_count] = port
            self.port_count += 1
            resolve(self.table, self.ports, self.port_count)
            result = watch(self.epoll_fd, fd, ifindex)
            leave(&self.lock)
        checked(result)

    def remove_port(self, int ifindex):
        """Leave the port alone: afterwards its descriptor is not touched. Unknown: nothing."""
        cdef Port *port
        with nogil:
            enter(&self.lock)
            port = port_of(self.ports, self.port_count, ifindex)
            if port != NULL:
                self.take_out(port)
            leave(&self.lock)
        free_port(port)

    cdef void take_out(self, Port *port) noexcept nogil:
        cdef int i
        epoll_ctl(self.epoll_fd, EPOLL_CTL_DEL, port.fd, NULL)
        read_kernel_drops(port)
        absorb(&self.departed, &port.tally)
        for i in range(self.port_count):
            if self.ports[i] == port:
                memmove(
                    &self.ports[i], &self.ports[i + 1],
                    (self.port_count - i - 1) * sizeof(Port *),
                )
                break
        self.port_count -= 1
        resolve(self.table, self.ports, self.port_count)

    def publish(self, table):
        """Forward by this table from the next batch on."""
        cdef Table *old
        cdef Table *new = compiled(table)
        with nogil:
            enter(&self.lock)
            old = self.table
            resolve(new, self.ports, self.port_count)
            self.table = new
            reclaim(&self.host, new, &self.memory)
            leave(&self.lock)
        free(old)

    def stop(self):
        """Let `run` return, now or as soon as it is called."""
        self.stops = True
        eventfd_write(self.wake_fd, 1)

    def run(self):
        """Move frames until `stop`. What the world does wrong is counted, not raised."""
        with nogil:
            while not self.stops:
                self.serve_ready()

    cdef void serve_ready(self) noexcept nogil:
        cdef epoll_event events[MAX_EVENTS]
        cdef int count = epoll_wait(self.epoll_fd, events, MAX_EVENTS, -1)
        cdef int moved
        for _ in range(BUSY_ROUNDS):
            enter(&self.lock)
            moved = self.serve_once(events, count)
            leave(&self.lock)
            if moved == 0 or self.stops:
                break

    cdef int serve_once(self, epoll_event *events, int count) noexcept nogil:
        cdef int moved = 0
        cdef int i
        for i in range(count):
            if events[i].data.fd == THE_HOST:
                moved += self.serve_host(events[i].events)
            elif events[i].data.fd != THE_WAKE:
                moved += self.serve_port(events[i].data.fd, events[i].events)
            # What went wrong is dealt with in the first round.
            events[i].events &= EPOLLIN
        return moved

    cdef int serve_host(self, uint32_t ready) noexcept nogil:
        cdef int moved = move_from_host(&self.host, self.table, &self.memory)
        if moved == 0 and ready & ~<uint32_t>EPOLLIN:
            # The interface was deleted: no frame comes again, and epoll would not rest.
            epoll_ctl(self.epoll_fd, EPOLL_CTL_DEL, self.host.fd, NULL)
        return moved

    cdef int serve_port(self, int ifindex, uint32_t ready) noexcept nogil:
        cdef Port *port = port_of(self.ports, self.port_count, ifindex)
        if port == NULL:
            return 0
        if ready & EPOLLERR:
            clear_error(port)
        return move_from_port(
            self.inbox, self.host.fd, port, self.table, entry_of(self.table, ifindex)
        )

    def take_load(self):
        """Octets sent since this was asked last: by bucket, and by the active port without one."""
        cdef Load load
        with nogil:
            enter(&self.lock)
            load = load_taken(&self.memory)
            leave(&self.lock)
        return load_tuple(&load)

    def punted_fd(self):
        """Where to read what is left to the bond; it stays the pump's. Never blocks."""
        return self.host.punt_queue.exit

    def counters(self):
        """What became of each frame, as of the end of a batch."""
        cdef Host host
        cdef Tally departed
        cdef Tally *tallies = <Tally *>calloc(MAX_PORTS, sizeof(Tally))
        cdef int ifindexes[MAX_PORTS]
        cdef int count
        cdef int i
        if tallies == NULL:
            raise MemoryError
        with nogil:
            enter(&self.lock)
            host = self.host
            departed = self.departed
            count = self.port_count
            for i in range(count):
                read_kernel_drops(self.ports[i])
                tallies[i] = self.ports[i].tally
                ifindexes[i] = self.ports[i].ifindex
            leave(&self.lock)
        ports = tuple([port_counters(ifindexes[i], &tallies[i]) for i in range(count)])
        free(tallies)
        return Counters(
            host.frames, host.octets, host.copies, drops_tuple(host.drops), ports,
            port_counters(0, &departed), host.punted, host.reclaimed,
        )


cdef Port *port_of(Port **ports, int count, int ifindex) noexcept nogil:
    cdef int i
    for i in range(count):
        if ports[i].ifindex == ifindex:
            return ports[i]
    return NULL


cdef void resolve(Table *table, Port **ports, int count) noexcept nogil:
    # So that no frame need look for its port.
    cdef int place
    for place in range(table.entry_count):
        table.entries[place].port = port_of(ports, count, table.entries[place].ifindex)


cdef int watch(int epoll_fd, int fd, int ifindex) noexcept nogil:
    cdef epoll_event event
    event.events = EPOLLIN
    event.data.u64 = 0
    event.data.fd = ifindex
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)


cdef int checked(int result) except -1:
    if result < 0:
        raise OSError(errno, "the pump cannot watch its descriptors")
    return result


cdef void close_descriptor(int *fd) noexcept:
    if fd[0] >= 0:
        close_fd(fd[0])
    fd[0] = -1


cdef void absorb(Tally *total, const Tally *other) noexcept nogil:
    # A tally is nothing but 64-bit counters.
    cdef uint64_t *into = <uint64_t *>total
    cdef const uint64_t *added = <const uint64_t *>other
    cdef size_t i
    for i in range(sizeof(Tally) // sizeof(uint64_t)):
        into[i] += added[i]


cdef port_counters(int ifindex, const Tally *tally):
    return PortCounters(
        ifindex,
        tally.sent_frames, tally.sent_octets,
        tally.received_frames, tally.received_octets,
        tally.delivered_frames, tally.delivered_octets,
        drops_tuple(tally.transmit_drops), drops_tuple(tally.receive_drops),
    )


cdef drops_tuple(const uint64_t *drops):
    return tuple([drops[i] for i in range(REASONS)])
