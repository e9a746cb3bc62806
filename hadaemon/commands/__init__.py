"""The commands of `hactl`, declared: everything but their arguments and what runs. Loads next to nothing.

The parser, `--help`, the completion, the man page, the examples and what the other node may have run here are
made from it.
"""
