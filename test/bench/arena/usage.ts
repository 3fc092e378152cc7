import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all that it started have used. */
export interface Usage {
  /** Seconds of CPU, those of children that have ended included. */
  readonly cpuSeconds: number;
  /** Largest resident memory of each process so far, summed. */
  readonly peakBytes: number;
}

/** One process, as `/proc/<pid>/stat` has it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** The unit of times in /proc, the same on all that Debian runs on. */
const TICKS_PER_SECOND = 100;

/** What the process tree below `root` has used; the kernel counts a child to its parent once that has waited for it. */
export function usageOf(root: number): Usage {
  const tree = treeOf(root, readStats());
  return {
    cpuSeconds: tree.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakBytes: tree.reduce((sum, { pid }) => sum + peakOf(pid), 0),
  };
}

/** The process and all its descendants. */
export function treeOf(root: number, stats: readonly ProcessStat[]): readonly ProcessStat[] {
  const own = stats.filter(({ pid }) => pid === root);
  const children = stats.filter(({ parent }) => parent === root);
  return [...own, ...children.flatMap(({ pid }) => treeOf(pid, stats))];
}

/** Read `/proc/<pid>/stat`; the name of the program, in parentheses, may hold anything. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // proc(5): 4 is the parent; 14 to 17 are utime, stime, cutime, cstime. `fields` begins with the third.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number.parseInt(text, 10), parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND };
}

function readStats(): readonly ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const text = readIfThere(`/proc/${pid}/stat`);
    return text === undefined ? [] : [parseStat(text)];
  });
}

function peakOf(pid: number): number {
  const text = readIfThere(`/proc/${pid}/status`) ?? '';
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** A process may end while it is looked at. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** A local port that something may listen on. */
export interface ListeningPort {
  readonly protocol: 'udp' | 'tcp';
  readonly port: number;
}

/** Whether anybody in the network namespace of the process listens on the port. */
export function isListening(pid: number, { protocol, port }: ListeningPort): boolean {
  return ['', '6'].some((version) =>
    parseSockets(readIfThere(`/proc/${pid}/net/${protocol}${version}`) ?? '').some(
      (socket) => socket.port === port && (protocol === 'udp' || socket.state === 'listen'),
    ),
  );
}

/** Local ports of `/proc/net/udp` or `/proc/net/tcp`. */
export function parseSockets(
  text: string,
): readonly { readonly port: number; readonly state: 'listen' | 'other' }[] {
  return [...text.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /gm)].map(
    ([, port = '', state]) => ({
      port: Number.parseInt(port, 16),
      state: state === '0A' ? 'listen' : 'other',
    }),
  );
}
