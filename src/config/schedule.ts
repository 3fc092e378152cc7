import { Cron } from 'croner';
import { messageOf } from '../core/errors.ts';

// The fields of crontab(5) and nothing beyond: a schedule means the same here and in any cron.
const FIELD = /^[0-9A-Za-z*,/-]+$/;
const BEYOND = /(?:^|[,/-])(?:L|W)(?:$|[,/-])|\d[LW]/i;

/** Why a text is no schedule of five cron fields, to complete "it …"; undefined when it is one. */
export function faultOfSchedule(text: string): string | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return `has ${fields.length} fields, wanted five`;
  const odd = fields.find((field) => !FIELD.test(field) || BEYOND.test(field));
  if (odd !== undefined) return `has the field ${JSON.stringify(odd)}, which cron does not know`;
  try {
    // Day of month and day of week: either does when both are given, as in crontab(5); Sunday is 0 and 7.
    const cron = new Cron(fields.join(' '), { mode: '5-part', paused: true, timezone: 'UTC' });
    return cron.nextRun() === null ? 'names a day that never comes' : undefined;
  } catch (error) {
    return `is none: ${messageOf(error).replace(/^CronPattern: /, '')}`;
  }
}
