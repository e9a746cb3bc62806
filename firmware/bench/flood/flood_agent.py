"""Sends frames by one interface of the namespace that it runs in, at a steady rate or as fast as it can.

Run as a script: INTERFACE RATE SECONDS (frames a second; 0: as fast as it can). The first line of standard
input is a JSON array with the frames in hexadecimal, which are sent in turns; the second one starts it. Says
`ready` before that. The last line of output is a JSON object: `sent` frames in so many `seconds`.
"""

import json
import socket
import sys
import time
from itertools import cycle

_TICK = 0.001
"""Seconds between two looks at the clock, at a steady rate: what is due meanwhile goes in one go."""
_AT_ONCE = 64
"""Frames between two looks at the clock, as fast as it can."""


def main(interface: str, rate: float, seconds: float) -> None:
    """Sends when it is told to, and says how much that was."""
    frames = cycle([bytes.fromhex(each) for each in json.loads(sys.stdin.readline())])
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, 0))
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        sent = 0
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * rate) + 1 - sent if rate else _AT_ONCE
            for _ in range(due):
                sock.send(next(frames))
            sent += due
            if rate:
                time.sleep(_TICK)
    print(json.dumps({"sent": sent, "seconds": passed}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
