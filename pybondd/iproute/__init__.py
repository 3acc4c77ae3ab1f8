"""The words of iproute2's `ip`, where they speak of bonds: reading them and writing them."""
