"""The image builder: tasks, build stages, the lab and the benchmarks.

Runs on the development machine; never imports `hadaemon` and is never imported by it.
"""

__version__ = "0.1.0"
