"""The edge: one module per outside system, which decides nothing and translates errors into EdgeError."""
