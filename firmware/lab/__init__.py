"""Two nodes, their cables and what hangs on them, as one Python object.

`python3 invoke.py pair` and the QEMU tests share it. From the bottom up:

- `topology` says what there is (pure data), `preseed` what each node is told, `fat` writes that on a stick;
- `command` turns a node into a QEMU command line, `machine` runs it, `qmp` steers it;
- `line` reads and answers consoles, `console` is a shell on one;
- `switch` joins the nodes' ports with the `client`s that watch from outside;
- `node` and `lab` give the verbs: `power_on`, `pull`, `run`, `wait_for_state`, `cut`, `heal`;
- `pair` and `shell` are the user's way in;
- `namespaces` is for those who need a kernel and no machine: the tests of the daemon, the failover benchmark.

Nothing here needs privileges, and nothing outlives a `Lab` that was closed.
"""
