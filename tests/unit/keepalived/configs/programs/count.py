#!/usr/bin/python3
"""Good while few sessions are open."""

import sys

sys.exit(0)
