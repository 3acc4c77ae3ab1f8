"""The Linux bonding driver, rebuilt in user space. Begin with docs/tour.md."""

__version__ = "0.1.0"
