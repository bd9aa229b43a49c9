"""Product recommendations compared with other tools."""
