"""The one base class of what can go wrong in a way that the user can mend."""


class FirmwareError(Exception):
    """A failure told in three parts: what happened, where, and what to do about it.

    `what` is one sentence; `where` names a file and the place in it, or a log; `todo` is the next step.
    """

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        lines = [f"error: {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.todo:
            lines.append(f"  what to do: {self.todo}")
        return "\n".join(lines)
