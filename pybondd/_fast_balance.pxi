# How do balance-tlb and balance-alb forward? The compiled twin of that part of pybondd/_pure.py and
# of balance/balanced.py, under the same names and in the same order. The rules stand there; here
# stands only why each access is inside the frame.
#
# `header` is where the untagged frame's own header ends: 14, or 18 behind a tag. `select` has seen
# 14 octets, and tag_octets those of a tag: what lies before `header` is there.

cdef enum:
    ADDRESS_OCTETS = 6
    GROUP_BIT = 0x01
    NO_BUCKET = -1
    IPV4_DESTINATION_OFFSET = 16
    IPV6_SOURCE_OFFSET = 8
    IPV6_DESTINATION_OFFSET = 24

cdef uint32_t IPV4_BROADCAST = 0xFFFFFFFF
# MAC addresses as address_word gives them; the last one is no frame's.
cdef uint64_t BROADCAST = 0xFFFFFFFFFFFF
cdef uint64_t ALL_NODES_MAC = 0x010000003333
cdef uint64_t NO_ADDRESS = 0xFFFFFFFFFFFFFFFF

# -- _pure.py
# mutants: on, killed by tests/test_balance_twins.py

cdef inline int balanced(
    const Table *table, Memory *memory, uint8_t *frame, uint32_t length
) noexcept nogil:
    # The answer is a place in `entries`, TO_BOND or NO_PLACE.
    cdef uint32_t header = HEADER_OCTETS + tag_octets(frame, length)
    cdef uint32_t untagged_octets = length + HEADER_OCTETS - header
    cdef int64_t word
    cdef int owner
    if table.spread == SPREAD_NONE:
        return NO_PLACE
    if table.balances == BALANCES_IP and be16(frame, header - 2) == ETHERTYPE_ARP:
        return TO_BOND
    word = choosing_word(table, frame, length, header)
    if word == NO_BUCKET:
        return unbalanced(table, memory, untagged_octets)
    if table.spread == SPREAD_HASH:
        # Less than transmit_count, because of the modulo; forwarding.py asserts that it is not 0.
        return table.transmit[word % table.transmit_count]
    owner = table.buckets[word % BUCKET_COUNT]
    if owner != TO_BOND:
        memory.load.bucket_octets[word % BUCKET_COUNT] += untagged_octets
    return owner


cdef inline int64_t choosing_word(
    const Table *table, uint8_t *frame, uint32_t length, uint32_t header
) noexcept nogil:
    cdef int bucket
    if table.balances == BALANCES_IP:
        bucket = bucket_by_destination(frame, length, header)
        if bucket == NO_BUCKET or table.spread != SPREAD_HASH:
            return bucket
    elif not is_balanced_by_hash(frame, length, header):
        return NO_BUCKET
    return untagged_hash(table.hash_policy, frame, length)


cdef inline int unbalanced(
    const Table *table, Memory *memory, uint32_t untagged_octets
) noexcept nogil:
    if table.active == NO_PLACE or not table.entries[table.active].can_transmit:
        return NO_PLACE
    memory.load.unbalanced_octets += untagged_octets
    return table.active


cdef inline void show_as_sent(const Table *table, int place, uint8_t *frame) noexcept nogil:
    # _pure.py as_sent, in place. The caller has seen a whole Ethernet header.
    if table.balances != BALANCES_EVERYTHING and place != table.active:
        put_address(frame + ADDRESS_OCTETS, table.entries[place].mac)


cdef inline void show_as_delivered(
    const Table *table, const Entry *entry, uint8_t *frame
) noexcept nogil:
    # _pure.py as_delivered, in place. The caller has seen a whole Ethernet header.
    if table.bond_mac != NO_ADDRESS and is_own_address(table, entry, address_word(frame)):
        put_address(frame, table.bond_mac)


cdef inline bint is_own_address(
    const Table *table, const Entry *entry, uint64_t address
) noexcept nogil:
    cdef int place
    if address == entry.mac:
        return True
    if not entry.covers_dead_ports:
        return False
    for place in range(table.entry_count):
        if address == table.entries[place].mac and not table.entries[place].can_transmit:
            return True
    return False


cdef inline int why_not_unicast(
    const Table *table, const Entry *entry, const uint8_t *frame
) noexcept nogil:
    # classify has seen a whole Ethernet header.
    if frame[0] & GROUP_BIT:
        return SUPPRESSED
    if address_word(frame) == table.bond_mac and table.bond_mac != entry.mac:
        return OTHER_PORT
    return NO_REASON


# -- balance/balanced.py

cdef inline bint is_balanced_by_hash(
    const uint8_t *frame, uint32_t length, uint32_t header
) noexcept nogil:
    cdef uint16_t ethertype = be16(frame, header - 2)
    if frame[0] & GROUP_BIT:
        return False
    if ethertype == ETHERTYPE_IPV4:
        return True
    return ethertype == ETHERTYPE_IPV6 and not may_be_neighbour(frame, length, header)


cdef inline int bucket_by_destination(
    const uint8_t *frame, uint32_t length, uint32_t header
) noexcept nogil:
    cdef uint16_t ethertype = be16(frame, header - 2)
    cdef const uint8_t *packet = frame + header
    if address_word(frame) == BROADCAST:
        return NO_BUCKET
    if ethertype == ETHERTYPE_IPV4 and has(length, header, IPV4_HEADER_OCTETS):
        # 20 octets are there; the address is the last 4 of them.
        if packet[IPV4_PROTOCOL_OFFSET] == PROTOCOL_IGMP:
            return NO_BUCKET
        if le32(packet, IPV4_DESTINATION_OFFSET) == IPV4_BROADCAST:
            return NO_BUCKET
        return octets_xored(le32(packet, IPV4_DESTINATION_OFFSET))
    if ethertype == ETHERTYPE_IPV6 and not may_be_neighbour(frame, length, header):
        # may_be_neighbour has seen 40 octets; the addresses are the last 32 of them.
        if address_word(frame) == ALL_NODES_MAC:
            return NO_BUCKET
        if is_unspecified(packet + IPV6_SOURCE_OFFSET):
            return NO_BUCKET
        packet += IPV6_DESTINATION_OFFSET
        return octets_xored(le32(packet, 0) ^ le32(packet, 4) ^ le32(packet, 8) ^ le32(packet, 12))
    return NO_BUCKET


cdef inline int octets_xored(uint32_t address) noexcept nogil:
    # Words of a longer address come xored.
    return fold(address) & 0xFF


cdef inline bint is_unspecified(const uint8_t *address) noexcept nogil:
    # The caller has seen 16 octets.
    return (le32(address, 0) | le32(address, 4) | le32(address, 8) | le32(address, 12)) == 0


cdef inline bint may_be_neighbour(
    const uint8_t *frame, uint32_t length, uint32_t header
) noexcept nogil:
    if not has(length, header, IPV6_HEADER_OCTETS):
        return True
    # 40 octets are there; 6 is read.
    if frame[header + IPV6_NEXT_HEADER_OFFSET] != PROTOCOL_ICMPV6:
        return False
    if not has(length, header, IPV6_HEADER_OCTETS + ICMP_HEADER_OCTETS):
        return True
    # 48 octets are there; 40 is read.
    return frame[header + IPV6_HEADER_OCTETS] in (SOLICITATION, ADVERTISEMENT)


# -- addresses

cdef inline uint64_t address_word(const uint8_t *octets) noexcept nogil:
    # The caller has seen six octets.
    return le32(octets, 0) | <uint64_t>octets[4] << 32 | <uint64_t>octets[5] << 40


cdef inline void put_address(uint8_t *octets, uint64_t address) noexcept nogil:
    # The inverse. The caller has seen six octets.
    cdef int i
    for i in range(ADDRESS_OCTETS):
        octets[i] = <uint8_t>(address >> 8 * i)


# mutants: off

cdef Load load_taken(Memory *memory) noexcept nogil:
    # _pure.py take_load. Whoever shares the memory with another thread has shut it out.
    cdef Load load = memory.load
    memset(&memory.load, 0, sizeof(Load))
    return load


cdef load_tuple(const Load *load):
    return tuple([load.bucket_octets[i] for i in range(BUCKET_COUNT)]), load.unbalanced_octets


cdef uint64_t address_of(bytes mac) except? 0:
    # Empty where there is none; forwarding.py asserts that there is no other length.
    return address_word(<const uint8_t *><const char *>mac) if mac else NO_ADDRESS
