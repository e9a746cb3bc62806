"""The lists that [networks] may name, of a configuration that is not in place yet."""

from hadaemon.config.objects import Lists
from hadaemon.config.objects_model import LIST_SUFFIX, LISTS
from hadaemon.sync.tree import FILES, Tree


def tree_lists(tree: Tree) -> Lists:
    """By file name. What is no text has lines that are refused."""
    place = f"{FILES}/{LISTS}/"
    return {
        path.removeprefix(place): content.decode(errors="replace")
        for path, content in tree.files
        if path.startswith(place) and path.endswith(LIST_SUFFIX)
    }
