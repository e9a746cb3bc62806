# Whoever logs in at a terminal is told how the pair is, and of the menu.
if [ -t 1 ] && [ "${TERM:-}" ]; then
    timeout 10 hactl status --check 2>/dev/null
    case "$(cat /run/hotspare/language 2>/dev/null)" in
        de) echo 'hactl menu: das Menü dieses Geräts    hactl status: wie es ihm geht    hactl --help: alle Befehle' ;;
        *) echo 'hactl menu: the menu of this box    hactl status: how it is    hactl --help: all commands' ;;
    esac
fi
