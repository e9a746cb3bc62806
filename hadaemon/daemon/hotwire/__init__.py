"""The hotwire at work: its connections, what they carry, and how it is found."""
