/**
 * The guardian: a few lines of POSIX sh that outlive us, and end what may not. This text is its only source.
 *
 * It blocks in a read on its standard input, whose other end only we hold, and polls nothing while we live. The end of
 * that input is our death, however we die. Every line of it answers a trap:
 *
 * - `trap ''`: a handler would interrupt the read, and an interrupted read looks like our death.
 * - Nothing of ours is kept open but that input, so that it never delays the news of anybody else's end.
 * - `owner` names the guardian in charge. A new orchestrator starts its own guardian and then takes `owner`; this one
 *   then ends what it has told to end, tells nobody else, and leaves. Told is decided: adoption came too late.
 * - A launch that nobody has claimed is revoked by its claim; one that is under way has five seconds to say who it is,
 *   half a second when its launcher is dead.
 * - It says what it does before it does it: a signal that nobody accounts for would look like a crash.
 * - No signal without the start time of the very process; no record of another boot or pid namespace is believed, and
 *   none that names process 1, whose group would mean everybody.
 * - Age is counted in steps of at most two seconds: a machine that slept has not used up a lease.
 * - `also PID:START …` names the commands that ask about units just now, each with a group of its own: they end with
 *   us at once, whoever is in charge. The whole list every time: a new guardian need not know the old one's.
 * - While a lease runs only `owner` is looked at, so a thousand runs cost no more than one.
 * - What the command leaves behind is told to end when the command is over, and killed when the grace is: the rest of
 *   its session, and whoever carries its marker. A run that was over before we died may have left something, too.
 * - The marker is searched with grep(1) first, because a shell cannot read it: one look for all runs of a turn, and
 *   only what that finds is compared to the letter.
 */
export const GUARDIAN_SCRIPT = `# sh guardian.sh INSTANCE BOOT NAMESPACE
# in the state directory, in a session of its own
# fds: 0 lifeline, which says "leave" or "also PID:START ...", 1 is told "ready" and closed, 2 /dev/null
# runs/ID/policy: "adopt" | "stop|lease TTL GRACE SIGNAL sweep|keep MARKER", times in 1/100 s
trap '' HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU
me=$1 world="run 1 $2 $3" also= told= strays= late= age=0 due=0
umask 077
set -C

now() {
  read -r up idle </proc/uptime
  up=\${up%.*}\${up#*.}
}
# PID START: it lives, and is the one that is meant.
is() {
  read -r stat </proc/$1/stat || return 1
  set -- "$2" \${stat##*) }
  state=$2 group=$4
  [ "$2" != Z ] && [ "$2" != X ] && [ "\${21}" = "$1" ]
}
# What the record says, if it is of this boot and namespace.
identify() {
  read -r head || return 1
  # The port that it was given follows.
  case "$head " in "$world "*) ;; *) return 1 ;; esac
  while read -r word number detail; do
    case $word in
      launcher) launcher=$number began=$detail ;;
      child) [ "$pid" ] || pid=$number start=$detail ;;
      exit) ended=\${detail%.*}\${detail#*.} ;;
      '') break ;;
    esac
  done
  case $pid in *[!0-9]* | 0 | 1) return 1 ;; esac
}
# One look at all processes serves all runs of a turn.
isSession() {
  if [ ! "$sessions" ]; then
    sessions=' '
    for file in /proc/[0-9]*/stat; do
      read -r stat <$file || continue
      set -- "$1" \${stat##*) }
      sessions="$sessions$5 "
    done
  fi
  case $sessions in *" $1 "*) ;; *) return 1 ;; esac
}
# PID START, left behind: told once that it is to end, and killed when it is time.
end() {
  left=0
  [ $age -ge $ttl ] || return
  if [ $age -ge $last ]; then
    kill -KILL "$1"
    return
  fi
  case "$strays " in *" $1:$2 "*) return ;; esac
  strays="$strays $1:$2"
  kill -TERM "$1"
  [ "$state" != T ] || kill -CONT "$1"
}
# Whether anybody of the session is left.
sweepSession() {
  isSession "$pid" || return 1
  left=1
  for file in /proc/[0-9]*/stat; do
    read -r stat <$file || continue
    set -- "\${stat%% *}" \${stat##*) }
    state=$2
    [ "$5" = "$pid" ] && [ "$1" != "$pid" ] && [ "$state" != Z ] && [ "$state" != X ] || continue
    [ "\${21}" -gt "$ended" ] || end "$1" "\${21}"
  done
  return $left
}
# Whether anybody is left who carries the marker of this run.
sweepMarked() {
  [ "$marker" ] || return 1
  [ "$looked" ] || marked=$(grep -lsF "REEVE_RUN=\${marker%%/*}/" /proc/[0-9]*/environ) looked=1
  left=1
  for file in $marked; do
    grep -qsF "REEVE_RUN=$marker" $file || continue
    one=\${file#/proc/} one=\${one%/environ}
    read -r stat </proc/$one/stat || continue
    set -- "$one" \${stat##*) }
    since=\${21}
    tr '\\0' '\\n' <$file | grep -qxF "REEVE_RUN=$marker" || continue
    is "$one" "$since" && end "$one" "$since"
  done
  return $left
}
# Whether anything is left of what a command that is over has started.
sweep() {
  [ "$rest" = sweep ] || return 1
  some=1
  [ ! "$ended" ] || ! sweepSession || some=0
  ! sweepMarked || some=0
  return $some
}
# Whether there is something left to do for a run.
attend() {
  pid= start= ended= asked= launcher=
  case "$told " in *" $1 "*) asked=1 ;; esac
  [ "$asked" ] || [ ! "$late" ] || return 1
  read -r when ttl grace signal rest marker <$1/policy || return 1
  case $when in stop | lease) ;; *) return 1 ;; esac
  case $ttl:$grace in :* | *: | *[!0-9:]*) return 1 ;; esac
  last=$((ttl + grace))
  identify <$1/record || return 1
  if [ "$ended" ]; then
    sweep && [ $age -lt $((last + 1000)) ] || return 1
    [ $age -ge $ttl ] || [ $due -le $ttl ] || due=$ttl
    return 0
  fi
  if [ ! "$pid" ]; then
    [ -e $1/claim ] || ! true >$1/claim || return 1
    due=0 limit=500
    [ ! "$launcher" ] || is "$launcher" "$began" || limit=50
    [ $age -lt $limit ]
    return
  fi
  if ! is "$pid" "$start"; then
    [ "$asked" ] && { sweep || [ $age -lt $((last + 100)) ]; } && [ $age -lt $((last + 1000)) ]
    return
  fi
  to=$pid
  [ "$group" != "$pid" ] || to=-$pid
  if [ "$asked" ]; then
    [ $age -lt $last ] || kill -KILL $to
    [ $age -lt $((last + 1000)) ]
    return
  fi
  if [ $age -lt $ttl ]; then
    [ $due -le $ttl ] || due=$ttl
    return 0
  fi
  printf '%s %s\\n' $when $up >>$1/guardian || return 0
  told="$told $1" due=0
  kill -$signal $to
  [ "$state" != T ] || kill -CONT $to
}

echo ready
exec >/dev/null 2>&1
while read -r word rest; do
  case $word in
    leave) exit 0 ;;
    also) also=$rest ;;
  esac
done
for one in $also; do
  is "\${one%:*}" "\${one#*:}" && [ "$group" = "\${one%:*}" ] && kill -KILL "-\${one%:*}"
done
now
before=$up todo='runs/*'
while :; do
  read -r owner <owner && [ "$owner" = "$me" ] || late=1 due=0
  now
  step=$((up - before)) before=$up
  [ $step -le 200 ] || step=200
  age=$((age + step))
  if [ $age -ge $due ]; then
    due=360000000 next= sessions= looked=
    [ ! "$told$strays" ] || due=0
    for run in $todo; do attend $run && next="$next $run"; done
    [ "$next" ] || exit 0
    todo=$next
  fi
  sleep 0.1
done
`;
