import type { ConffsOutcome, HostResult } from '../build/conffs/conffs.ts';
import { formatBytes, formatTable } from './format.ts';

/** A row for each host: what became of it, for which release, and how large its files are or why there are none. */
export function conffsTable({ hosts }: ConffsOutcome): string {
  return formatTable(['HOST', 'FILES', 'RELEASE', 'SIZE', 'REASON'], hosts.map(row));
}

function row(result: HostResult): string[] {
  const release = result.release?.slice(0, 19) ?? '';
  if (result.kind === 'failed') return [result.host, 'failed', release, '', result.reason];
  return [result.host, result.kind, release, formatBytes(result.size), ''];
}
