import { isBranchName } from '../../core/branch.ts';
import { BUILD_TARGETS, isBuildTarget } from '../../core/build-target.ts';
import { isHostPattern } from '../../core/host-pattern.ts';
import type { ImageDefinition, ScheduleOptions } from '../../core/image.ts';
import { parseBuildParents } from '../../core/job.ts';
import { entriesOf, type KeyContext, type Mapping, quote, TEXT_REMEDY } from './reading.ts';

/** When, for which hosts and from which branch an image is built. */
export type BuildKeys = Pick<ImageDefinition, 'conffs' | 'branch' | 'schedule' | 'scheduleOptions'>;

/** `conffs`, `branch`, `schedule`, `schedule_options`: an image's own, never its parent's. */
export function readBuildKeys(keys: Mapping, context: KeyContext): BuildKeys {
  const conffs = readConffs(keys['conffs'], context);
  const branch = readBranch(keys['branch'], context);
  const schedule = readSchedule(keys['schedule'], context);
  return {
    ...(conffs === undefined ? {} : { conffs }),
    ...(branch === undefined ? {} : { branch }),
    ...(schedule === undefined ? {} : { schedule }),
    ...('schedule_options' in keys ? { scheduleOptions: readScheduleOptions(keys, context) } : {}),
  };
}

function readConffs(value: unknown, { path, fault }: KeyContext): string | undefined {
  if (value === undefined) return undefined;
  const remedy = 'Write a host pattern such as "web*", or remove the key';
  const at = [...path, 'conffs'];
  if (typeof value !== 'string') {
    fault(at, `Cannot read the host pattern ${quote(value)}: it is no text`, remedy);
  } else if (!isHostPattern(value)) {
    fault(at, `Cannot use host pattern ${quote(value)} in "conffs": it names no hosts`, remedy);
  } else {
    return value.trim();
  }
  return undefined;
}

function readBranch(value: unknown, { path, fault }: KeyContext): string | undefined {
  if (value === undefined || (typeof value === 'string' && isBranchName(value))) return value;
  const reason = typeof value === 'string' ? 'git allows no such name' : 'it is no text';
  const remedy = typeof value === 'number' ? TEXT_REMEDY : 'Name a branch such as "main"';
  fault([...path, 'branch'], `Cannot use branch ${quote(value)}: ${reason}`, remedy);
  return undefined;
}

function readSchedule(value: unknown, { path, fault }: KeyContext): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length <= 256)) return value;
  const remedy = 'Write five fields in quotes: "MINUTE HOUR DAY MONTH WEEKDAY"';
  fault([...path, 'schedule'], `Cannot read the schedule ${quote(value)}`, remedy);
  return undefined;
}

function readScheduleOptions(keys: Mapping, context: KeyContext): ScheduleOptions {
  let options: ScheduleOptions = { target: 'all', buildParents: 0 };
  for (const [option, value] of entriesOf('schedule_options', keys, context)) {
    const at = [...context.path, 'schedule_options', option];
    if (option === 'stage') {
      if (isBuildTarget(value)) options = { ...options, target: value };
      else
        context.fault(at, `Cannot build stage ${quote(value)}`, `Write one of ${BUILD_TARGETS.join(', ')}`);
    } else if (option === 'build_parents') {
      const parents = parseBuildParents(value);
      if (parents === undefined)
        context.fault(at, `Cannot build ${quote(value)} parents`, 'Write a whole number, or -1 for all');
      else options = { ...options, buildParents: parents };
    } else {
      context.fault(
        at,
        `Cannot use option "${option}" of a schedule`,
        'Known options are stage, build_parents',
      );
    }
  }
  return options;
}
