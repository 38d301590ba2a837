/**
 * The launcher: a few lines of POSIX sh between us and the command. This text is its only source.
 *
 * It outlives us and writes down how the command ended. The command's arguments are its own, so nothing is ever quoted.
 * Every line of it answers a trap:
 *
 * - Handlers, never `trap ''`: an ignored signal would be inherited by the command.
 * - `true >claim`, not `: >claim`: a failed redirection of a special builtin ends the shell before the `||`.
 * - The command runs in the foreground: a background child of a shell ignores INT and QUIT for ever.
 * - In a session of its own (`setsid`, given as the first word): SIGKILL to its group must not reach the launcher.
 * - `/proc/self/stat` instead of `$$`, which in a subshell is the launcher's pid.
 * - The marker is exported after the fork: a search for it must not find the launcher.
 * - Node has raised its limit of open files, which would be inherited: the child goes back to what a shell here has.
 * - Variables have our prefix: one that came in from the environment would go out to the command, changed.
 * - The shell's own words ("Killed") go to the record: they tell a signal from a program that exits with 137.
 */
export const LAUNCH_SCRIPT = `# sh launch.sh UMASK RUNDIR MARKER NOFILE [SETSID] COMMAND [ARG...]
# fds: 0 /dev/null, 1 2 output (O_APPEND), 3 record (r+, prefilled with newlines), 199 liveness FIFO
# record: lines, up to the first empty one. Only what is on disk before the act counts.
trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU
self() {
  read -r REEVE_STAT </proc/self/stat
  set -- "$1" "\${REEVE_STAT%% *}" \${REEVE_STAT##*) }
  printf '%s %s %s\\n' "$1" "$2" "\${22}"
}
exec 4>&2 2>&3
umask 077
set -C
true >"$2/claim" || exit 125
set +C
self launcher >&3 || exit 125
(
  self child >&3 || exit 125
  umask "$1"
  [ -z "$4" ] || ulimit -Sn "$4"
  export REEVE_RUN="$3"
  shift 4
  exec "$@" 2>&4 3>&- 4>&-
)
REEVE_STATUS=$?
read -r REEVE_UPTIME REEVE_IDLE </proc/uptime
printf 'exit %s %s\\n' "$REEVE_STATUS" "$REEVE_UPTIME" >&3
exit "$REEVE_STATUS"
`;

/** Above the first gap of the descriptors, where a Node command would mark what it inherits as close-on-exec. */
export const ALIVE_FD = 199;
