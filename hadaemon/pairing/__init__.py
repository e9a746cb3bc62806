"""Two boxes on one cable get to know each other by a code of six digits. Loaded by its command alone."""
