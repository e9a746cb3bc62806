"""`bench boot`: how long a node boots beside a plain Debian, and where the time goes.

`watch` looks at a machine from outside, `contenders` switches it on and asks it afterwards, `answers` reads
what it says; `page` and `plot` show it.
"""
