#!/bin/sh
# Moves an address from the old primary's machine to the new one's.
#
#   hooks:
#     after: { command: [./hooks/virtual-ip.sh, 10.0.0.100/24, eth0, ssh, -oConnectTimeout=1, 'root@{}'], timeout: 10s }
#
# After address and device comes what reaches a node; {} stands for its name in myswitch.yaml.
set -eu
address=$1 device=$2
shift 2
[ "$MYSWITCH_EVENT" = after ] && [ "$MYSWITCH_RESULT" = switched ] || exit 0

# on NODE COMMAND ...: runs it there
on() (
  node=$1
  shift
  command=$*
  set -- $reach
  for word; do
    shift
    case $word in *'{}'*) word=${word%%'{}'*}$node${word#*'{}'} ;; esac
    set -- "$@" "$word"
  done
  exec "$@" $command
)
reach=$*

# an old primary that is dead keeps nobody's address; one that only hangs may: fence it (hooks.stonith)
on "$MYSWITCH_FROM" ip address del "$address" dev "$device" || echo "$MYSWITCH_FROM did not give $address up"
on "$MYSWITCH_TO" ip address replace "$address" dev "$device"
# neighbours learn of it at once, where the machine has the tool
on "$MYSWITCH_TO" arping -q -c 2 -U -I "$device" "${address%/*}" 2>/dev/null || true
