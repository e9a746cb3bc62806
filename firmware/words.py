"""What is typed, with the dashes that nobody types.

The library knows words without dashes, but each for one value. A task that takes several of the same kind
(`import alpha.conf beta.conf`) gets them by their option, which is put in here.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence


def spelled_out(
    words: Sequence[str], tasks: Collection[str], several: Mapping[str, str], switches: Collection[str]
) -> Iterator[str]:
    """The same command line.

    `tasks`: their names; `several`: the option that words without dashes are for, by task. `switches`: what
    begins with a dash and takes no word after it.
    """
    task, given, value_due = "", False, False
    for word in words:
        if value_due:
            value_due = False
        elif word in tasks and (task not in several or given):
            task, given = word, False
        elif task in several and word.startswith("-"):
            given = given or word.partition("=")[0] == f"--{several[task]}"
            value_due = "=" not in word and word not in switches
        elif task in several:
            given = True
            yield f"--{several[task]}"
        yield word
