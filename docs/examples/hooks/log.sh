#!/bin/sh
# Appends what MySwitch tells, one JSON object a line, to the file named.
#
#   notify: { on: [FAIL, RECOVERED, SWITCH, FAILOVER, TWO_WRITERS, ADVICE], command: [./hooks/log.sh, ./notes.jsonl] }
set -eu
cat >> "$1"
