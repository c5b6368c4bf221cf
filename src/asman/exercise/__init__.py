"""Floor 4: a seeded sky and its sensors: truth, plots and real octets."""
