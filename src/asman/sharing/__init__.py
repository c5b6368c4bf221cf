"""Floor 4: agreements decide what may leave. Only here is anything made `Released`."""
