"""Keys that sign update bundles: certificates as they are read, passphrases, and a CA of one's own."""
