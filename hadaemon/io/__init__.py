"""The edge: one module per outside system. Each translates library errors into EdgeError and decides
nothing.
"""
