"""LACP: Link Aggregation Control Protocol, as IEEE Std 802.1AX defines it and Linux runs it."""
