"""Two boxes on one cable get to know each other by a code of six digits. Only its command loads this."""
