"""Floor 4: octets to tables and back; a file a format. No sockets, no files."""
