"""Floor 5: the shell around the reasoning: feeds, bus, web API. Octets and nouns only."""
