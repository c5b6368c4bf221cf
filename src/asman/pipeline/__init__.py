"""Floor 5: one node's whole reasoning as a pure step."""
