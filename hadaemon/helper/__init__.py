"""What needs root, in small programs with fixed verbs: nothing here takes a path, a command or a name
from outside.
"""
