"""The lab's namespaces beside those that others make and end at the same time."""

import time

from .namespaces import Namespaces


def test_a_namespace_of_others_is_not_taken_for_ours() -> None:
    """The kernel gives the number of a namespace that is gone to the next one."""
    with Namespaces() as ours:
        ended = ours.make("ended")
        ended.close()
        for _ in range(20):
            with Namespaces() as others:
                assert others.make("new").identity != ended.identity
            time.sleep(0.05)  # the kernel takes its time to clean up
