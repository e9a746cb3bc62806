"""Lets `inv` find the tasks that `python3 invoke.py` runs; they are in firmware/tasks.py."""

from invoke import Collection

from firmware import tasks

namespace = Collection.from_module(tasks)
