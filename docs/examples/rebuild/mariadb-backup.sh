#!/bin/bash
# Copies one MariaDB server over another with mariadb-backup, for `myswitch rejoin NODE --rebuild`:
#
#   rebuild: { command: [./rebuild/mariadb-backup.sh, /etc/myswitch/rebuild.conf], timeout: 4h }
#
# The copy is made and prepared beside the node's data and takes their place once it is whole, so that the node's disk has to hold both, and
# a copy that fails leaves them as they were. Both machines need the package mariadb-backup. The node's option file has to say read_only = 1.
#
# What is below, up to the line of dashes, is for the file of settings to replace, which is a shell script too.
set -euo pipefail

on_node() { ssh -oBatchMode=yes -oConnectTimeout=10 "root@$MYSWITCH_NODE_HOST" "$1"; }
on_donor() { ssh -oBatchMode=yes -oConnectTimeout=10 "root@$MYSWITCH_DONOR_HOST" "$1"; }
data=/var/lib/mysql       # of the node
donor_data=/var/lib/mysql
owner=mysql:mysql         # of the node's data
stop='systemctl stop mariadb'
start='systemctl start mariadb'
# the account needs RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR and SLAVE MONITOR; its password is in the file
backup='mariadb-backup --defaults-extra-file=/etc/mysql/backup.cnf'
prepare='mariadb-backup'
# ------------------------------------------------------------------------------
if [ $# -gt 0 ]; then . "$1"; fi
new=$data.rebuild old=$data.replaced

# a copy that MySwitch was ended in the middle of may still run
exec 9>"${TMPDIR:-/tmp}/myswitch-rebuild-$MYSWITCH_NODE.lock"
flock -n 9 || { echo "another copy over $MYSWITCH_NODE is under way"; exit 1; }

needed=$(on_donor "du -sm '$donor_data' | cut -f1")
free=$(on_node "df -Pm '$(dirname "$data")' | awk 'NR == 2 { print \$4 }'")
if [ "$free" -le "$needed" ]; then
  echo "$MYSWITCH_NODE has $free MiB left, and the copy takes $needed"
  exit 1
fi

on_node "rm -rf '$new' && mkdir -p '$new'"
on_donor "$backup --backup --stream=mbstream" | on_node "mbstream -x -C '$new'"
on_node "$prepare --prepare --target-dir='$new'"
info=$(on_node "cat '$new/mariadb_backup_binlog_info' 2>/dev/null || cat '$new/xtrabackup_binlog_info'")
gtid=$(printf '%s\n' "$info" | awk 'NR == 1 { print $3 }')
[ -n "$gtid" ] || { echo "the copy does not say at which GTID it is"; exit 1; }
on_node "chown -R '$owner' '$new'"

echo "$MYSWITCH_NODE is stopped"
on_node "$stop"
on_node "rm -rf '$old' && { [ ! -e '$data' ] || mv '$data' '$old'; } && mv '$new' '$data'"
echo "$MYSWITCH_NODE is started with the copy"
on_node "$start"
on_node "rm -rf '$old'"
printf '{"gtid":"%s"}\n' "$gtid"
