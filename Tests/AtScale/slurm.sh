# shellcheck shell=bash disable=SC2034,SC2154
# Slurm of one node, with daemons of its own; sourced by run.

without="or set PRNN_TESTS_WITHOUT_SLURM=1 to leave Slurm out"
for tool in munged slurmctld slurmd sbatch; do
  command -v "$tool" >/dev/null || fail "$tool is not installed; apt-get install slurm-wlm munge, $without"
done
mkdir "$work/state" "$work/spool"
head -c 1024 /dev/urandom >"$work/munge.key"
chmod 600 "$work/munge.key"
cat >"$work/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=1,sched_interval=1
KillWait=2
NodeName=$(hostname -s) NodeAddr=127.0.0.1 Port=$(free_port) CPUs=16 RealMemory=65536
PartitionName=all Nodes=ALL Default=YES State=UP
END
export SLURM_CONF=$work/slurm.conf
declare -A daemons
start() {
  background "$@" >"$work/$1.log" 2>&1
  daemons[$1]=$!
}
start munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --seed-file="$work/munge.seed" --log-file="$work/munged-log"
for ((i = 0; i < 100; i++)); do [ ! -S "$work/munge.socket" ] || break; sleep 0.05; done
start slurmctld -D -c
start slurmd -D
deadline=$((SECONDS + 60))
until [ "$(timeout 2 sinfo --noheader --format=%t 2>/dev/null)" = idle ]; do
  for daemon in munged slurmctld slurmd; do
    [ -e "/proc/${daemons[$daemon]}" ] || fail "$daemon does not run here ($(tail -qn 1 "$work/$daemon.log")); help it, $without"
  done
  [ $SECONDS -lt $deadline ] || fail "Slurm has no node after a minute ($(tail -qn 1 "$work/slurmctld.log")); help it, $without"
  sleep 0.1
done

# Waits until no task is queued or runs.
wait_for_tasks() {
  for ((i = 0; i < 1200; i++)); do
    [ -n "$(squeue --noheader 2>&1)" ] || { stopped=(); return 0; }
    sleep 0.1
  done
  fail "Slurm: tasks were left after two minutes: $(squeue --noheader)"
}

begin slurm
submitted=$(bash -euo pipefail -c "$(recipe Slurm)")
array=${submitted##* }
middle 0 1 2 3
cancelled=$batch
scancel "${array}_$cancelled"
middle 4 5 6 7
requeued=$batch
scontrol requeue "${array}_$requeued"
wait_for_tasks
[ "$(prnn-batches todo job)" = "$cancelled" ] || fail "Slurm: not batch $cancelled alone was left: $(prnn-batches todo job | paste -sd,)"
grep -q 'DUE TO JOB REQUEUE' "prnn-${array}_$requeued.log" || fail "Slurm: batch $requeued was not requeued in its middle"
python3 "$tests/check.py" snapshot snapshot
rm -rf "$work/log-before"
mv "$work/log" "$work/log-before"
mkdir "$work/log"
bash -euo pipefail -c "$(recipe Slurm)" >/dev/null
wait_for_tasks
[ "$(find "$work/log" -type f | wc -l)" -eq 1 ] || fail "Slurm: more than the batch that was left was worked on again"
[ -z "$(bash -euo pipefail -c "$(recipe Slurm)" 2>&1)" ] || fail "Slurm: something was submitted when all was done"
finish Slurm
