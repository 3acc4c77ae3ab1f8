"""Which files of sysfs are about LACP? Names only, so that the command line loads them quickly.

Source: Linux 6.12 bond_sysfs.c, bond_sysfs_slave.c.
"""

from typing import Final

LACP_FILES: Final = (
    "ad_aggregator",
    "ad_num_ports",
    "ad_actor_key",
    "ad_partner_key",
    "ad_partner_mac",
)
LACP_PORT_FILES: Final = (
    "ad_aggregator_id",
    "ad_actor_oper_port_state",
    "ad_partner_oper_port_state",
)
"""Files of bonding_slave/."""
PRIVILEGED_FILES: Final = frozenset(
    {
        *("ad_actor_key", "ad_partner_key", "ad_partner_mac"),
        *("ad_actor_sys_prio", "ad_actor_system", "ad_user_port_key"),
    }
)
"""Files that read as empty to whom lacks CAP_NET_ADMIN; the last three are options."""
