#!/bin/bash
# Fewer mails wait than the first argument says.
waiting=$(find /var/spool/mail -type f | wc -l)
test "$waiting" -lt "$1"
