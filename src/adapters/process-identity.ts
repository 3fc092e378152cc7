import { readFileSync } from 'node:fs';

/**
 * Names a running process for good: kernel boot id, pid and start time, since pids are used again. Undefined when no
 * such process runs (proc_pid_stat(5), field 22).
 */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTime] = [fields[0], fields[19]];
    if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
    return `${kernelBootId()}/${pid}/${startTime}`;
  } catch {
    return undefined;
  }
}

/** Whether the process that this identity was made from still runs. */
export function isRunning(identity: string): boolean {
  const pid = Number(identity.split('/')[1]);
  return Number.isSafeInteger(pid) && processIdentity(pid) === identity;
}

function kernelBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
