"""Two nodes, one configuration: what each has becomes the ordered steps that make them equal. Pure.

Nothing here reads a file or a clock. It never decides who is active.
"""
