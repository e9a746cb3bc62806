"""pyserial's handler for `unix://` addresses: a serial console behind a Unix socket.

pyserial finds it by this module's name (`protocol_<scheme>`) in the packages of
`serial.protocol_handler_packages`, so that `serial.serial_for_url("unix:///path")` opens a virtual
console with the code that opens `/dev/ttyUSB0`. It is pyserial's own TCP handler with another way to
connect.
"""

import contextlib
import socket
from urllib.parse import unquote, urlsplit

from serial.serialutil import SerialException
from serial.urlhandler import protocol_socket

CONNECT_SECONDS = 5.0


class Serial(protocol_socket.Serial):
    """A serial port that is a Unix stream socket. Baud rate and modem lines mean nothing."""

    _socket: socket.socket | None

    def open(self) -> None:
        """Connects to the socket that the URL names.

        Raises:
            SerialException: nobody listens there.
        """
        self.logger = None
        path = unquote(urlsplit(self.portstr or "").path)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            raise SerialException(f"could not open {path}: {error.strerror}") from error
        connection.setblocking(False)
        self._socket = connection
        self.is_open = True

    def close(self) -> None:
        """Ends the connection, also one whose other end is already gone."""
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        self._socket = None
        self.is_open = False
