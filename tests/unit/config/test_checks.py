"""[[checks]] and [[hooks]]: what they say, and what is refused."""

from ipaddress import ip_address

import pytest

from hadaemon.config import Check, ConfigError, CountsOn, Hook, load_cluster, render_cluster
from hadaemon.config.check_model import Dns, Http, Present, Process, Program, Tcp
from hadaemon.status.states import NodeState

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""
MAIL = '[[checks]]\nname = "mail"\n'
LOOPBACK, OTHER = ip_address("127.0.0.1"), ip_address("2001:db8::7")

TARGETS = {
    'program = "cluster.d/checks/mail"': Program("cluster.d/checks/mail"),
    'http = "http://127.0.0.1:8080/health?full=1"': Http(LOOPBACK, 8080, "/health?full=1"),
    'http = "http://127.0.0.1"': Http(LOOPBACK, 80, "/"),
    'http = "http://[2001:db8::7]:81/"': Http(OTHER, 81, "/"),
    'tcp = "127.0.0.1:25"': Tcp(LOOPBACK, 25),
    'tcp = "[2001:db8::7]:25"': Tcp(OTHER, 25),
    'dns = "example.org@127.0.0.1"': Dns("example.org", LOOPBACK),
    'dns = "_sip._tcp.example.org@2001:db8::7"': Dns("_sip._tcp.example.org", OTHER),
    'process = "postfix/master"': Process("postfix/master"),
    'process = "chronyd"': Process("chronyd"),
    'file = "/run/mail.ready"': Present("/run/mail.ready"),
}


@pytest.mark.parametrize("line", TARGETS)
def test_what_is_looked_at_is_read_and_survives_rendering(line):
    cluster = load_cluster(f"{CLUSTER}{MAIL}{line}\n")
    assert cluster.checks == (Check("mail", TARGETS[line], 1.0, 0.5, 3, 3, CountsOn.BOTH),)
    assert load_cluster(render_cluster(cluster)) == cluster


HOOK = """[[hooks]]
program = "cluster.d/hooks/tell"
on = ["active", "off"]
timeout = "1500ms"
"""
EVERYTHING = f"""{MAIL}tcp = "192.0.2.7:25"
interval = "5s"
timeout = "250ms"
fall = 2
rise = 4
counts_on = "active"
"""


def test_every_key_is_read_and_survives_rendering():
    cluster = load_cluster(CLUSTER + EVERYTHING)
    (check,) = cluster.checks
    assert check == Check("mail", Tcp(ip_address("192.0.2.7"), 25), 5.0, 0.25, 2, 4, CountsOn.ACTIVE)
    assert load_cluster(render_cluster(cluster)) == cluster


TCP = f'{MAIL}tcp = "192.0.2.7:25"\n'
REFUSED = {
    "nothing to look at": (MAIL, "checks[0]: says not what to look at: add one of program ="),
    "two kinds": (
        TCP + 'file = "/run/x"',
        "checks[0].file: tcp says already what to look at: a check has one",
    ),
    "no name": ('[[checks]]\nfile = "/run/x"', "checks[0].name: is missing"),
    "a name twice": (TCP + TCP, 'checks[1].name: "mail" is already the name of checks[0]'),
    "unknown key": (TCP + "falls = 2", "checks[0].falls: unknown key: did you mean fall?"),
    "no table": ("[checks]\n", "checks: must be an array of tables"),
    "a program elsewhere": (MAIL + 'program = "/usr/bin/true"', 'checks[0].program: "/usr/bin/true" is no'),
    "a program outside": (
        MAIL + 'program = "cluster.d/checks/../haproxy/x"',
        'checks[0].program: "cluster.d/checks/../haproxy/x" is no program of the configuration',
    ),
    "a program that is hidden": (MAIL + 'program = "cluster.d/checks/.x"', "checks[0].program: "),
    "https": (MAIL + 'http = "https://192.0.2.7/"', "checks[0].http: a page is asked for without encryption"),
    "a host by name": (MAIL + 'http = "http://localhost/"', "checks[0].http: "),
    "no scheme": (MAIL + 'http = "127.0.0.1/health"', "checks[0].http: "),
    "a user": (MAIL + 'http = "http://me@192.0.2.7/"', "checks[0].http: "),
    "port 0": (MAIL + 'http = "http://192.0.2.7:0/"', "checks[0].http: "),
    "port 99999": (MAIL + 'http = "http://192.0.2.7:99999/"', "checks[0].http: "),
    "a line in a path": (MAIL + 'http = "http://192.0.2.7/a b"', "checks[0].http: "),
    "a fragment": (MAIL + 'http = "http://192.0.2.7/#a"', "checks[0].http: "),
    "no port": (MAIL + 'tcp = "192.0.2.7"', "checks[0].tcp: "),
    "a bare address": (MAIL + 'tcp = "2001:db8::7:25"', "checks[0].tcp: "),
    "any address": (MAIL + 'tcp = "0.0.0.0:25"', "checks[0].tcp: "),
    "a port of letters": (MAIL + 'tcp = "192.0.2.7:smtp"', "checks[0].tcp: "),
    "no server": (MAIL + 'dns = "example.org"', "checks[0].dns: "),
    "a server by name": (MAIL + 'dns = "example.org@ns.example.org"', "checks[0].dns: "),
    "an empty label": (MAIL + 'dns = "example..org@192.0.2.53"', "checks[0].dns: "),
    "a long label": (MAIL + f'dns = "{"a" * 64}.org@192.0.2.53"', "checks[0].dns: "),
    "a path of a process": (MAIL + 'process = "/usr/sbin/master"', "checks[0].process: "),
    "a pattern": (MAIL + 'process = "mas*"', "checks[0].process: "),
    "a relative file": (MAIL + 'file = "run/x"', "checks[0].file: "),
    "a file above": (MAIL + 'file = "/run/../etc/x"', "checks[0].file: "),
    "too often": (
        TCP + 'interval = "50ms"\ntimeout = "50ms"',
        "checks[0].interval: is too short: from 100ms",
    ),
    "a process too often": (
        MAIL + 'process = "a"\ninterval = "500ms"',
        "checks[0].interval: is too short: from 1000ms",
    ),
    "timeout over interval": (TCP + 'timeout = "2s"', "checks[0].timeout: must be more than 0s"),
    "no timeout": (TCP + 'timeout = "0s"', "checks[0].timeout: must be more than 0s"),
    "timeout over a minute": (
        TCP + 'interval = "300s"\ntimeout = "61s"',
        "checks[0].timeout: must be more than 0s, not longer than interval, and 60s at most",
    ),
    "no fall": (TCP + "fall = 0", "checks[0].fall: must be from 1 to 100"),
    "a look of the backup's": (
        TCP + 'counts_on = "active"\nfall = 1',
        'checks[0].fall: with counts_on = "active" the first look may have begun',
    ),
    "counts on nobody": (TCP + 'counts_on = "spare"', 'checks[0].counts_on: "spare" is not known'),
    "an address owner": (
        f"[vrrp.priorities]\nalpha = 255\nbeta = 100\n{TCP}",
        "vrrp.priorities.alpha: 255 is the address owner's and is never lowered, so checks",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_refused_with_its_place(case):
    text, expected = REFUSED[case]
    with pytest.raises(ConfigError) as refused:
        load_cluster(CLUSTER + text)
    (problem,) = [str(each).removeprefix("cluster.toml: ") for each in refused.value.mistakes]
    assert problem.startswith(expected)


def test_there_is_a_limit_to_their_number():
    many = "".join(f'[[checks]]\nname = "c{number}"\nfile = "/run/x"\n' for number in range(33))
    with pytest.raises(ConfigError, match="there are 32 checks at most"):
        load_cluster(CLUSTER + many)


def test_a_hook_is_read_and_survives_rendering():
    cluster = load_cluster(CLUSTER + HOOK)
    assert cluster.hooks == (Hook("cluster.d/hooks/tell", (NodeState.ACTIVE, NodeState.OFF), 1.5),)
    assert load_cluster(render_cluster(cluster)) == cluster
    assert load_cluster(CLUSTER + HOOK.replace('timeout = "1500ms"', "")).hooks[0].timeout == 30


HOOKS_REFUSED = {
    "no program": ('[[hooks]]\non = ["active"]', "hooks[0].program: is missing"),
    "a check's program": (
        HOOK.replace("/hooks/", "/checks/"),
        'hooks[0].program: "cluster.d/checks/tell" is no program of the configuration: put it',
    ),
    "no state": (HOOK.replace('["active", "off"]', "[]"), "hooks[0].on: must not be empty"),
    "a role": (
        HOOK.replace('"off"', '"master"'),
        'hooks[0].on[1]: "master" is not known: write one of',
    ),
    "a state twice": (HOOK.replace('"off"', '"active"'), 'hooks[0].on[1]: "active" is there twice'),
    "no time": (HOOK.replace("1500ms", "0s"), "hooks[0].timeout: must be more than 0s, and 300s at most"),
    "too long": (HOOK.replace("1500ms", "301s"), "hooks[0].timeout: must be more than 0s, and 300s at most"),
    "twice": (HOOK + HOOK, "hooks[1].program: is that of hooks[0] too: name all states there"),
    "too many": (
        "".join(HOOK.replace("tell", f"h{number}") for number in range(17)),
        "hooks[16]: there are 16 hooks at most",
    ),
}


@pytest.mark.parametrize("case", HOOKS_REFUSED)
def test_a_mistake_of_a_hook_is_refused_with_its_place(case):
    text, expected = HOOKS_REFUSED[case]
    with pytest.raises(ConfigError) as refused:
        load_cluster(CLUSTER + text)
    (problem,) = [str(each).removeprefix("cluster.toml: ") for each in refused.value.mistakes]
    assert problem.startswith(expected)
