import { durationSeconds } from '../../core/duration.ts';
import { type KeyContext, type Mapping, quote } from './reading.ts';

const SHORTEST_SECONDS = 10;
const LONGEST_SECONDS = 24 * 3600;

/** `time_limit`: milliseconds that a stage may make no progress; the parent's unless it has its own. */
export function readTimeLimit(keys: Mapping, context: KeyContext): number | undefined {
  const value = keys['time_limit'];
  if (value === undefined) return context.parent?.timeLimit;
  const seconds = typeof value === 'string' ? durationSeconds(value) : undefined;
  if (seconds !== undefined && seconds >= SHORTEST_SECONDS && seconds <= LONGEST_SECONDS)
    return seconds * 1000;
  const remedy = 'Write a time of 10s to 24h, such as "15m"';
  context.fault([...context.path, 'time_limit'], `Cannot limit stages to ${quote(value)}`, remedy);
  return undefined;
}
