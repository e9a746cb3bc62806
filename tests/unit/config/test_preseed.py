"""A bad preseed, or a bad admin.toml: the same clear messages, with the paths of that file."""

import pytest

from hadaemon.config import ConfigError, load_admin, load_preseed
from tests.unit.config.test_load import KEY, problems


def test_a_preseed_is_checked_as_a_whole_with_its_own_paths():
    text = """
    schema = 1
    [admin]
    [node]
    name = "alpha"
    [node.ports.lan]
    mac = "nonsense"
    [cluster]
    name = "office"
    master = "alpha"
    [[cluster.ha_interfaces]]
    port = "lan"
    virtual_adresses = []
    """
    assert problems(load_preseed, text) == [
        "preseed.toml: admin.password_hash: is missing, and so is ssh_keys: without one of them nobody could "
        "log in",
        'preseed.toml: node.ports.lan.mac: "nonsense" is not a MAC address: write six pairs of hex digits, '
        "e.g. 52:54:00:12:34:56",
        "preseed.toml: cluster.ha_interfaces[0].virtual_addresses: is missing: add it, e.g. "
        'virtual_addresses = ["192.168.12.1/24"]',
        "preseed.toml: cluster.ha_interfaces[0].virtual_adresses: unknown key: "
        "did you mean virtual_addresses?",
    ]


def test_a_preseed_holds_node_and_cluster_against_each_other():
    text = f"""
    schema = 1
    [admin]
    ssh_keys = ["{KEY}"]
    [node]
    name = "alpha"
    [node.ports.lan]
    mac = "52:54:00:48:0a:01"
    [cluster]
    name = "office"
    master = "alpha"
    [[cluster.ha_interfaces]]
    port = "dmz"
    virtual_addresses = ["192.168.12.1/24"]
    """
    assert problems(load_preseed, text) == [
        'preseed.toml: cluster.ha_interfaces[0].port: node alpha has no port "dmz": it has: lan'
    ]


@pytest.mark.parametrize("table", ["admin", "node"])
def test_a_preseed_without_a_required_table(table):
    with pytest.raises(ConfigError) as refused:
        load_preseed("schema = 1")
    assert f"preseed.toml: {table}: is missing: add it, e.g. [{table}]" in str(refused.value)


@pytest.mark.parametrize(
    "text, message",
    [
        (
            'password_hash = "hunter2"',
            "password_hash: is not a password hash as in crypt(5): make one with "
            "mkpasswd --method=sha512crypt",
        ),
        ("password_hash = 1", "password_hash: must be a string, not an integer"),
        (
            'ssh_keys = ["ssh-dss AAAA"]',
            'ssh_keys[0]: "ssh-dss AAAA" is not an SSH public key: copy one line of a .pub file, '
            "e.g. ssh-ed25519 AAAA…",
        ),
        (
            f'ssh_keys = ["{KEY[:40]}"]',
            f'ssh_keys[0]: "{KEY[:40]}" is damaged: copy the whole line of the .pub file',
        ),
        (
            f'ssh_keys = ["{KEY[:20]}\\ncommand=x {KEY[20:]}"]',
            "ssh_keys[0]: 'ssh-ed25519 AAAAC3Nz\\ncommand=x aC1lZDI1NTE5AAAAIGPKSUsyz1HwH\\u2026' has line "
            "breaks or control characters: one key is one line",
        ),
    ],
)
def test_admin_error(text, message):
    assert problems(load_admin, f"schema = 1\n{text}") == [f"admin.toml: {message}"]


def test_a_wrong_password_is_never_repeated():
    assert "hunter2" not in str(problems(load_admin, 'schema = 1\npassword_hash = "hunter2"'))
