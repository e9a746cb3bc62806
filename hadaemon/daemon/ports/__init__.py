"""The ports at work: links, sockets, virtual addresses, and what is heard and asked on them."""
