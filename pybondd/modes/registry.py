"""Which class is which mode?"""

from collections.abc import Mapping
from types import MappingProxyType

from pybondd.modes.active_backup import ActiveBackup
from pybondd.modes.balance_alb import BalanceAlb
from pybondd.modes.balance_rr import BalanceRr
from pybondd.modes.balance_tlb import BalanceTlb
from pybondd.modes.balance_xor import BalanceXor
from pybondd.modes.base import Mode
from pybondd.modes.broadcast import Broadcast
from pybondd.modes.ieee8023ad import Ieee8023ad
from pybondd.option import BondMode

MODES: Mapping[BondMode, type[Mode]] = MappingProxyType(
    {
        mode.number: mode
        for mode in (
            BalanceRr,
            ActiveBackup,
            BalanceXor,
            Broadcast,
            Ieee8023ad,
            BalanceTlb,
            BalanceAlb,
        )
    }
)
