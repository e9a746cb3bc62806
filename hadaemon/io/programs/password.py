"""Passwords to hashes as crypt(5) has them, by the system's own libcrypt: Python has no module for it."""

import ctypes
import os

from hadaemon.io.errors import EdgeError

_LIBRARY = "libcrypt.so.1"
_YESCRYPT = b"$y$"
_SALT = 16
"""Random bytes."""


def hash_password(password: str) -> str:
    """Hashes with a new salt. Raises EdgeError. No other process ever sees the password."""
    try:
        library = ctypes.CDLL(_LIBRARY, use_errno=True)
        library.crypt_gensalt.restype = ctypes.c_char_p
        library.crypt.restype = ctypes.c_char_p
        salt = library.crypt_gensalt(_YESCRYPT, ctypes.c_ulong(0), os.urandom(_SALT), _SALT)
        hashed = library.crypt(password.encode(), salt) if salt else None
    except (OSError, AttributeError) as error:
        raise EdgeError(f"the password cannot be hashed: {error}") from error
    if not hashed or not hashed.startswith(_YESCRYPT):
        raise EdgeError("the password cannot be hashed: libcrypt refuses")
    return bytes(hashed).decode("ascii")
