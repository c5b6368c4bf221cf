"""Floor 4: a picture against truth. A judge that shares no estimation code with whom it judges."""
