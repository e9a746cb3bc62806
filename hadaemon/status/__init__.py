"""What a node tells of itself, as values. Pure.

`hactl` loads this and nothing of what decides, so it imports only what is as light as itself.
"""
