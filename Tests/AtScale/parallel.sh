# shellcheck shell=bash disable=SC2034,SC2154
# GNU parallel, on this machine and on one that is reached by ssh (this one, too); sourced by run.

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

ssh-keygen -q -t ed25519 -N '' -f "$work/key"
cat >"$work/sshd_config" <<END
Port $(free_port)
ListenAddress 127.0.0.1
HostKey $work/key
AuthorizedKeysFile $work/key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
SetEnv PATH=$PATH PRNN=prnn
END
[ -d /run/sshd ] || { mkdir /run/sshd && made_run_sshd=1; }
background "$(command -v sshd)" -D -e -f "$work/sshd_config" 2>"$work/sshd.log"
cat >"$work/ssh_config" <<END
Host *
  HostName 127.0.0.1
  Port $(sed -n 's/^Port //p' "$work/sshd_config")
  IdentityFile $work/key
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
END
for ((i = 0; i < 100; i++)); do
  ! ssh -F "$work/ssh_config" other true 2>/dev/null || break
  sleep 0.05
done
ssh -F "$work/ssh_config" other prnn --version >/dev/null || fail "ssh to this machine does not work: $(tail -n 1 "$work/sshd.log")"

begin parallel
line=$(recipe "GNU parallel")
echo : >nodes
background bash -euo pipefail -c "$line" >/dev/null 2>&1
session=$!
middle 2
{ pkill -KILL -s "$session" && ended "$session"; } 2>/dev/null || true
stopped=()
python3 "$tests/check.py" snapshot snapshot
mv "$work/log" "$work/log-before"
mkdir "$work/log"
# Two machines now; and while a batch is worked on nobody else gets it.
printf '%s\n' : "ssh -F $work/ssh_config other" >nodes
background bash -euo pipefail -c "$line" >output 2>&1
resumed=$!
middle 3 4 5 6
status=0
prnn-batches run job "$batch" >second 2>&1 || status=$?
kill -CONT "$process"
stopped=()
[ "$status $(cat second)" = "75 prnn-batches: batch $batch is being worked on already" ] ||
  fail "a second process got batch $batch: $(cat second)"
ended "$resumed" || fail "GNU parallel: $(cat output)"
# Columns of the log: machine and exit status.
[ "$(awk 'NR > 1 { print $2 != ":" }' job/joblog | sort -u | wc -l)" -eq 2 ] || fail "GNU parallel: not both machines had batches: $(cat job/joblog)"
finish "GNU parallel"
