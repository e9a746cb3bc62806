"""What a check looks at: text to something that cannot be wrong. Each raises ValueError with what to do."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from hadaemon.config.check_model import HTTP_PORT, PROGRAMS, Dns, Http, Present, Process, Program, Tcp
from hadaemon.config.values import shown
from hadaemon.vrrp.model import IPAddress

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z"
)
_PATH = re.compile(r"/[!-~]{0,1000}\Z")
_PROCESS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9._+@-]{0,63}){0,7}\Z")


def program(text: str) -> Program:
    """A script below cluster.d/checks."""
    return Program(script(text, PROGRAMS))


def script(text: str, folder: str) -> str:
    """The path of a script in a folder of the configuration."""
    place, _, name = text.rpartition("/")
    if place != folder or not _FILE.match(name):
        raise ValueError(
            f"{shown(text)} is no program of the configuration: put it into the folder {folder} beside "
            f"cluster.toml, and write {folder}/NAME"
        )
    return text


def http(text: str) -> Http:
    """A URL without encryption, whose host is an address."""
    if text.startswith("https:"):
        raise ValueError("a page is asked for without encryption: write http://…, or ask by a program")
    try:
        parts = urlsplit(text)
        port = parts.port
        address = _address(parts.hostname or "")
    except ValueError:
        parts, port, address = None, None, None
    if parts is None or address is None or parts.scheme != "http" or port == 0:
        raise _no_url(text)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    if "@" in parts.netloc or parts.fragment or not _PATH.match(path):
        raise _no_url(text)
    return Http(address, port or HTTP_PORT, path)


def _no_url(text: str) -> ValueError:
    return ValueError(
        f"{shown(text)} is not the URL of a page: write it with an address, as in "
        "http://127.0.0.1:8080/health"
    )


def tcp(text: str) -> Tcp:
    """An address and a port."""
    host, _, port = text.rpartition(":")
    try:
        if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        address = _address(bare)
        if (address.version == 6) != (bare != host):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{shown(text)} is not an address with a port: write it as in 192.0.2.7:25 or [2001:db8::7]:25"
        ) from None
    return Tcp(address, int(port))


def dns(text: str) -> Dns:
    """A name, and the server that is asked for it."""
    name, _, server = text.partition("@")
    try:
        address = _address(server)
    except ValueError:
        address = None
    if address is None or not _HOST.match(name):
        raise ValueError(f"{shown(text)} is not a name and its server: write it as in example.org@192.0.2.53")
    return Dns(name, address)


def process(text: str) -> Process:
    """The name of a program's file, behind folders of its path."""
    if not _PROCESS.match(text):
        raise ValueError(
            f"{shown(text)} is not the name of a program: write that of its file, as in master, or with a "
            "folder of its path, as in postfix/master"
        )
    return Process(text)


def present(text: str) -> Present:
    """An absolute path."""
    if not _PATH.match(text) or "/../" in f"{text}/":
        raise ValueError(f"{shown(text)} is not the path of a file: write it as in /run/mail.ready")
    return Present(text)


def _address(text: str) -> IPAddress:
    """Unlike that of an interface it may be a loopback address. Raises ValueError."""
    found = ip_address(text)
    if "%" in text or found.is_unspecified or found.is_multicast:
        raise ValueError
    return found
