"""Official files brought here: the register of them, the network, and what was fetched."""
