"""Floor 2: numbers in, numbers out. One topic a file; no objects, no files, no clock."""
