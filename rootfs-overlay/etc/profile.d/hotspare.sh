# Whoever logs in at a terminal is told of the menu.
if [ -t 1 ] && [ "${TERM:-}" ]; then
    echo 'hactl menu: the menu of this box    hactl status: how it is    hactl --help: all commands'
fi
