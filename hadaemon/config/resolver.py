"""A table of names that may stand within each other: each made once, circles told."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from hadaemon.config.reader import Mistakes

MAX_DEPTH = 16
"""Names within names."""

T = TypeVar("T")


class Resolver(Generic[T]):
    """Names that may have others of the same table in them, but not themselves."""

    def __init__(
        self,
        written: Mapping[str, tuple[str, ...]],
        known: Mapping[str, T],
        parse: Callable[[str, Iterable[str]], object],
        make: Callable[..., T],
        path: str,
        mistakes: Mistakes,
    ) -> None:
        """`written`: what each has; `known`: others, which are whole already. `parse` takes what is no name,
        and the names that there are."""
        self._written = written
        self._found = dict(known)
        self._parse = parse
        self._make = make
        self._path = path
        self._mistakes = mistakes

    def resolve(self, name: str, trail: tuple[str, ...] = ()) -> T:
        """The object of that name. What is wrong is noted, and is left out."""
        if name not in self._found:
            members = [
                self._member(text, f"{self._path}.{name}[{index}]", (*trail, name))
                for index, text in enumerate(self._written[name])
            ]
            self._found[name] = self._make(name, [each for each in members if each is not None])
        return self._found[name]

    def _member(self, text: str, path: str, trail: tuple[str, ...]) -> object | None:
        try:
            if text in trail:
                circle = " -> ".join((*trail[trail.index(text) :], text))
                raise ValueError(f"goes in a circle, {circle}: remove one of them")
            if text in self._found or text in self._written:
                if len(trail) == MAX_DEPTH:
                    raise ValueError(f"names within names: {MAX_DEPTH} are the limit")
                return self.resolve(text, trail)
            return self._parse(text, (*self._found, *self._written))
        except ValueError as error:
            self._mistakes.add(path, str(error))
            return None
