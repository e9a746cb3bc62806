"""A pair that ran keepalived and conntrackd: their files read, and translated into ours. Pure.

    lines.py       text of keepalived.conf to lines: comments, includes, conditions, definitions
    tree.py        lines to blocks
    read.py        blocks to what keepalived understands by them, `model.py`
    conntrackd.py  the same of conntrackd.conf
    commands.py    a command, and what it looks at; programs.py: the script that it becomes
    tracked.py     scripts, processes and files to ping groups and checks; notify.py: to hooks
    links.py       the output of `ip`, which knows what neither file says
    translate.py   all of it to cluster.toml, node.toml and a report

Whatever is not carried over is told, with its file and line: nothing is left out in silence.
"""
