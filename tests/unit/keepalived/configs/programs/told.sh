#!/bin/sh
# Tells where the addresses are now.
logger "keepalived: $*"
if [ "$1" = up ]; then
    systemctl restart openvpn@branch
fi
