"""Floor 4: plots become tracks of one set of contributors."""
