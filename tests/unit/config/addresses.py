"""A pair that names an address at each key that takes one, and all of it right."""

from tests.unit.config.test_alarms import PEM

KEYS = ["aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE=", "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyI="]

NODE = f"""
schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.12.141/24", "2001:db8:12::141/64"]
[ports.wan]
mac = "52:54:00:48:0a:02"
addresses = ["192.168.175.102/24"]
[ports.guest]
mac = "52:54:00:48:0a:03"
[ports.hotwire]
mac = "52:54:00:48:0a:04"
[ports.spare]
mac = "52:54:00:48:0a:05"
addresses = ["10.66.0.2/24"]
[alarms.webhook]
url = "https://192.168.12.52/hook"
[alarms.mail]
relay = "192.168.12.25"
from = "alpha@example.org"
to = ["admin@example.org"]
ca = '''{PEM}'''
"""

CLUSTER = f"""
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
addresses = {{ alpha = "192.168.180.2/24", beta = "192.168.180.3/24" }}
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24", "2001:db8:12::1/64"]
[ha_interfaces.router_advertisements]
prefixes = ["2001:db8:12::/64", "2001:db8:13::/64"]
dns = ["2001:db8:12::53"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["192.168.175.101/24"]
peers = {{ alpha = "192.168.175.102", beta = "192.168.175.103" }}
[[ha_interfaces]]
port = "guest"
virtual_addresses = ["192.168.20.1/24"]
[[ping_groups]]
name = "uplink"
hosts = ["192.168.175.1"]
[[tracked_routes]]
destination = "0.0.0.0/0"
[[checks]]
name = "page"
http = "http://192.168.12.80/"
[[checks]]
name = "mail"
tcp = "192.168.12.81:25"
[[checks]]
name = "names"
dns = "example.org@192.168.12.82"
[[routes]]
destination = "default"
gateway = "192.168.175.1"
[[routes]]
destination = "198.51.100.0/24"
gateway = "192.168.12.254"
[dns]
servers = ["192.168.12.53"]
[ntp]
servers = ["ntp.example.org", "192.168.12.123"]
[ssh]
ports = ["lan"]
sources = ["192.168.12.0/24"]
[syslog]
servers = ["192.168.12.51"]
[[firewall.rules]]
action = "allow"
source = ["192.168.12.0/24"]
destination = ["192.0.2.0/24"]
[[firewall.source_nat]]
address = "192.168.175.101"
source = ["192.168.12.0/24"]
destination = ["192.0.2.0/24"]
[[firewall.destination_nat]]
address = "192.168.175.101"
to = "192.168.12.80"
services = ["tcp/443"]
source = ["192.0.2.0/24"]
[[follow.services]]
unit = "report.service"
source = "192.168.175.101"
[[follow.wireguard]]
name = "wg0"
private_key = "{KEYS[0]}"
addresses = ["10.8.0.1/24"]
listen_port = 51820
source = "192.168.175.101"
[[follow.wireguard.peers]]
public_key = "{KEYS[0]}"
allowed = ["10.8.0.2/32", "192.168.77.0/24"]
endpoint = "198.51.100.7:51820"
[[follow.wireguard.peers]]
public_key = "{KEYS[1]}"
allowed = ["10.8.0.3/32"]
[[follow.dhcp]]
port = "guest"
range = "192.168.20.100-192.168.20.199"
gateway = "192.168.20.2"
dns = ["192.168.20.53"]
hosts = {{ "52:54:00:aa:bb:cc" = "192.168.20.80", "52:54:00:aa:bb:cd" = "192.168.20.150" }}
"""
