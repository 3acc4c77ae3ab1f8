# Which port, or ports, does a frame leave by, and does one that comes in reach the host?
# The compiled twin of pybondd/_pure.py, in that order, under the same names. The rules and where
# they come from stand there; here stands only why each access is inside its array.

from libc.string cimport memcpy, memmove, memset

# -- counters.py Reason

cdef enum:
    NO_PORT = 0
    TOO_SHORT = 1
    TRUNCATED = 2
    PORT_BUSY = 3
    PORT_DOWN = 4
    PORT_REFUSED = 5
    TOO_LONG = 6
    SUPPRESSED = 7
    HOST_REFUSED = 8
    UNKNOWN_PORT = 9
    KERNEL_DROPPED = 10
    UNREADABLE = 11
    PUNT_FULL = 12
    OTHER_PORT = 13
    REASONS = 14
    NO_REASON = -1

# -- forwarding.py

cdef enum:
    SPREAD_NONE = 0
    SPREAD_ONE = 1
    SPREAD_ROUND_ROBIN = 2
    SPREAD_HASH = 3
    SPREAD_EVERY = 4
    SPREAD_BUCKETS = 5
    BALANCES_EVERYTHING = 0
    BALANCES_IP = 2
    RECEIVE_SUPPRESS = 1
    RECEIVE_UNICAST = 2
    MAX_PORTS = 255
    BUCKET_COUNT = 256
    NO_PLACE = -1
    # _pure.py TO_BOND, where a place is asked for.
    TO_BOND = -2

cdef enum:
    HEADER_OCTETS = 14
    TAG_OCTETS = 4
    ADDRESSES_OCTETS = 12
    IPV4_PROTOCOL_OFFSET = 9
    PROTOCOL_IGMP = 2
    IPV6_NEXT_HEADER_OFFSET = 6
    SOLICITATION = 135
    ADVERTISEMENT = 136


cdef struct Entry:
    # forwarding.py PortEntry. `port` is the pump's own, or NULL; select does not look at it.
    # `covers_dead_ports` is the active port's alone.
    int ifindex
    bint can_transmit
    bint is_live
    int receive
    uint32_t queue_id
    uint64_t mac
    bint covers_dead_ports
    void *port


cdef struct Table:
    # forwarding.py ForwardingTable. `transmit`, `active` and `buckets` are places in `entries`; a
    # bucket of nobody is TO_BOND.
    int spread
    int hash_policy
    uint32_t packets_per_port
    bint obeys_queue_id
    bint copies_neighbours
    int balances
    uint64_t bond_mac
    int active
    int transmit_count
    int entry_count
    int transmit[MAX_PORTS]
    int buckets[BUCKET_COUNT]
    Entry entries[MAX_PORTS]


cdef struct Load:
    # _pure.py take_load
    uint64_t bucket_octets[BUCKET_COUNT]
    uint64_t unbalanced_octets


cdef struct Memory:
    # What goes on from one table to the next: the round-robin counter, the random word, the load.
    uint32_t round
    uint32_t random
    Load load


# mutants: on, killed by tests/test_select_twins.py tests/test_balance_twins.py

cdef int select(
    const Table *table, Memory *memory, uint8_t *frame, uint32_t length, uint32_t queue, int *chosen
) noexcept nogil:
    # The caller has seen a whole Ethernet header. `chosen` has room for MAX_PORTS places in
    # `entries`; the answer is how many are filled. TO_BOND stands alone where it stands. Not one
    # octet of `frame` is different afterwards.
    cdef int forced
    if table.obeys_queue_id and queue:
        forced = port_of_queue(table, queue)
        if forced != NO_PLACE:
            chosen[0] = forced
            return 1
    if table.spread == SPREAD_EVERY or (table.copies_neighbours and is_neighbour(frame, length)):
        return every_live(table, chosen)
    if table.balances != BALANCES_EVERYTHING:
        chosen[0] = balanced(table, memory, frame, length)
        return chosen[0] != NO_PLACE
    if table.transmit_count == 0:
        return 0
    if table.spread == SPREAD_ONE:
        chosen[0] = table.transmit[0]
    elif table.spread == SPREAD_ROUND_ROBIN:
        chosen[0] = in_turn(table, memory, frame, length)
    elif table.spread == SPREAD_HASH:
        # Less than transmit_count, because of the modulo.
        chosen[0] = table.transmit[
            untagged_hash(table.hash_policy, frame, length) % <uint32_t>table.transmit_count
        ]
    else:
        return 0
    return chosen[0] != NO_PLACE


cdef int classify(
    const Table *table, const Entry *entry, const uint8_t *frame, uint32_t length
) noexcept nogil:
    if length < HEADER_OCTETS:
        return TOO_SHORT
    if entry == NULL:
        return UNKNOWN_PORT
    if entry.receive == RECEIVE_SUPPRESS:
        return SUPPRESSED
    return why_not_unicast(table, entry, frame) if entry.receive == RECEIVE_UNICAST else NO_REASON


cdef inline int port_of_queue(const Table *table, uint32_t queue) noexcept nogil:
    cdef int place
    for place in range(table.entry_count):
        if table.entries[place].queue_id == queue:
            return place if table.entries[place].is_live else NO_PLACE
    return NO_PLACE


cdef inline int every_live(const Table *table, int *chosen) noexcept nogil:
    cdef int count = 0
    cdef int i
    for i in range(table.transmit_count):
        if table.entries[table.transmit[i]].is_live:
            chosen[count] = table.transmit[i]
            count += 1
    return count


cdef inline int in_turn(
    const Table *table, Memory *memory, const uint8_t *frame, uint32_t length
) noexcept nogil:
    if not is_igmp(frame, length):
        return walk(table, next_turn(table, memory))
    return walk(table, 0) if table.active == NO_PLACE else table.active


cdef inline uint32_t next_turn(const Table *table, Memory *memory) noexcept nogil:
    if table.packets_per_port == 0:
        return next_word(memory)
    memory.round += 1
    return memory.round // table.packets_per_port


cdef inline int walk(const Table *table, uint32_t turn) noexcept nogil:
    # `select` has seen that transmit_count is not 0; the modulo keeps each place below it.
    cdef uint32_t count = <uint32_t>table.transmit_count
    cdef uint32_t first = turn % count
    cdef uint32_t step
    cdef int place
    for step in range(count):
        place = table.transmit[(first + step) % count]
        if table.entries[place].can_transmit:
            return place
    return NO_PLACE


cdef inline uint32_t next_word(Memory *memory) noexcept nogil:
    memory.random ^= memory.random << 13
    memory.random ^= memory.random >> 17
    memory.random ^= memory.random << 5
    return memory.random


cdef inline uint32_t tag_octets(const uint8_t *frame, uint32_t length) noexcept nogil:
    # wire/ethernet.py take_tag: how much there is to take out, 4 octets or none.
    if length < HEADER_OCTETS + TAG_OCTETS:
        return 0
    return TAG_OCTETS if is_vlan_type(be16(frame, ADDRESSES_OCTETS)) else 0


cdef inline bint is_igmp(const uint8_t *frame, uint32_t length) noexcept nogil:
    cdef uint32_t header = HEADER_OCTETS + tag_octets(frame, length)
    # 20 octets are asked for at `header`; the last one read is 9, the first one 2 before it.
    return (
        has(length, header, IPV4_HEADER_OCTETS)
        and be16(frame, header - 2) == ETHERTYPE_IPV4
        and frame[header + IPV4_PROTOCOL_OFFSET] == PROTOCOL_IGMP
    )


cdef inline bint is_neighbour(const uint8_t *frame, uint32_t length) noexcept nogil:
    # `select` has seen 14 octets, and tag_octets those of a tag: the two before `header` are there.
    cdef uint32_t header = HEADER_OCTETS + tag_octets(frame, length)
    cdef uint16_t ethertype = be16(frame, header - 2)
    if ethertype == ETHERTYPE_ARP:
        return True
    # 48 octets are asked for at `header`; the last one read is 40.
    return (
        ethertype == ETHERTYPE_IPV6
        and has(length, header, IPV6_HEADER_OCTETS + ICMP_HEADER_OCTETS)
        and frame[header + IPV6_NEXT_HEADER_OFFSET] == PROTOCOL_ICMPV6
        and frame[header + IPV6_HEADER_OCTETS] in (SOLICITATION, ADVERTISEMENT)
    )


cdef inline uint32_t untagged_hash(int policy, uint8_t *frame, uint32_t length) noexcept nogil:
    # The addresses step over the tag, so that what follows need not move; then all is put back.
    # tag_octets has seen 18 octets: 16 are moved.
    cdef uint8_t kept[ADDRESSES_OCTETS + TAG_OCTETS]
    cdef uint32_t word
    if tag_octets(frame, length) == 0:
        return transmit_hash(policy, frame, length, 0)
    memcpy(kept, frame, sizeof(kept))
    memmove(frame + TAG_OCTETS, frame, ADDRESSES_OCTETS)
    word = transmit_hash(
        policy, frame + TAG_OCTETS, length - TAG_OCTETS, be16(kept, HEADER_OCTETS)
    )
    memcpy(frame, kept, sizeof(kept))
    return word


# mutants: off

cdef void start_memory(Memory *memory, seed):
    memset(memory, 0, sizeof(Memory))
    memory.random = seed & 0xFFFFFFFF or 0x9E3779B9


cdef Table *compiled(table) except NULL:
    # forwarding.py __post_init__ has asserted MAX_PORTS and that each port is known.
    cdef Table *result = <Table *>calloc(1, sizeof(Table))
    if result == NULL:
        raise MemoryError
    result.spread = table.spread
    result.hash_policy = table.hash_policy
    result.packets_per_port = table.packets_per_port
    result.obeys_queue_id = table.obeys_queue_id
    result.copies_neighbours = table.copies_neighbours
    result.entry_count = len(table.ports)
    result.transmit_count = len(table.tx_ports)
    places = {}
    for place, entry in enumerate(table.ports):
        places[entry.ifindex] = place
        result.entries[<int>place] = [
            entry.ifindex, entry.can_transmit, entry.is_live, entry.receive, entry.queue_id,
            address_of(entry.mac),
            table.covers_dead_ports and entry.ifindex == table.active_port, NULL,
        ]
    for i, ifindex in enumerate(table.tx_ports):
        result.transmit[<int>i] = places[ifindex]
    result.active = NO_PLACE if table.active_port is None else places[table.active_port]
    result.balances = table.balances
    result.bond_mac = address_of(table.bond_mac)
    for i, ifindex in enumerate(table.buckets):
        result.buckets[<int>i] = places.get(ifindex, TO_BOND)
    return result


cdef Entry *entry_of(Table *table, int ifindex) noexcept nogil:
    cdef int place
    for place in range(table.entry_count):
        if table.entries[place].ifindex == ifindex:
            return &table.entries[place]
    return NULL
