"""Text for people: columns and durations. Pure, and below every package that shows something."""
