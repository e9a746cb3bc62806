"""How far a step is, how fast it goes, and how long it will take: one line."""


def progress_line(step: str, done: int, total: int, seconds: float, left: str) -> str:
    """`done` and `total` in bytes; `seconds` since the step began. `left`: the word for what is left."""
    seconds = max(seconds, 0.001)
    speed = done / seconds
    line = f"{step:10}{done * 100 // max(total, 1):4} %  {done / 1e6:7.0f} MB  {speed / 1e6:7.1f} MB/s"
    rest = (total - done) / speed if speed else 0.0
    return f"{line}  {rest:4.0f} s {left}" if done < total else f"{line}  {seconds:6.1f} s"
