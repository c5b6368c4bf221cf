"""Floor 3: the nouns that every stage meets on. Frozen, typed, without behaviour of their own."""
