"""Words of the status, and of an installation, that are values of the code, for the catalogs. Pure."""

from hadaemon.language.speech import marked

WORDS = (
    *(marked("redundant"), marked("degraded"), marked("no redundancy"), marked("split"), marked("unknown")),
    *(marked("ACTIVE"), marked("BACKUP"), marked("FAULT"), marked("MAINTENANCE"), marked("OFF")),
    *(marked("active"), marked("backup"), marked("fault"), marked("maintenance"), marked("off")),
    *(marked("master"), marked("spare"), marked("released"), marked("silent"), marked("not-paired")),
    *(marked("up"), marked("down"), marked("no-address"), marked("absent")),
    *(marked("synchronized"), marked("pending"), marked("error")),
    *(marked("critical"), marked("major"), marked("minor"), marked("warning")),
    *(marked("failed"), marked("starting"), marked("broken"), marked("cluster"), marked("stand-alone")),
    *(marked("unconfigured"), marked("refused")),
    *(marked("erasing"), marked("writing"), marked("data"), marked("bundle"), marked("verifying")),
    *(marked("disk"), marked("model"), marked("serial"), marked("size"), marked("contains")),
)
"""They are shown by `_(value)`."""
