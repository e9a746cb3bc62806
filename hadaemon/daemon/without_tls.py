"""Loads asyncio without TLS, which nobody in the daemon speaks: it would be 6 ms, and locked memory.

To be imported before anything else that imports asyncio.
"""

from hadaemon.io.kernel.parts import without

with without("ssl"):
    import asyncio  # noqa: F401
