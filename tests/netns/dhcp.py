"""A DHCP client that asks for an address that it had, and does not wait for the answer (RFC 2131 §4.3.2)."""

ASK_LEASE = """
import socket, struct, sys
options = bytes((53, 1, 3, 50, 4, 10, 77, 0, 150, 255))
head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 7, 0, 0x8000) + bytes(16)
packet = head + bytes.fromhex("525400990001") + bytes(10 + 192) + bytes((99, 130, 83, 99)) + options
sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sending.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
sending.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
sending.bind(("", 68))
sending.sendto(packet, ("255.255.255.255", 67))
"""
"""A program: its argument is the interface."""
ASKED = "10.77.0.150"
