import { describe, expect, it } from 'vitest';
import { faultOfSchedule } from '../../src/config/schedule.ts';

describe('faultOfSchedule', () => {
  it.each([
    '0 3 * * *',
    '*/5 0-6,22 1,15 JAN-MAR mon-fri',
    '0 3 * * 0',
    '0 3 * * 7',
    '0 3 13 * 5',
    ' 0  3 * * * ',
    '0 0 29 2 *',
  ])('takes %j', (text) => {
    expect(faultOfSchedule(text)).toBeUndefined();
  });

  it.each([
    ['@daily', /has 1 fields, wanted five/],
    ['0 3 * *', /has 4 fields/],
    ['0 0 3 * * *', /has 6 fields/],
    ['', /has 1 fields/],
    ['61 * * * *', /Invalid value for minute: 61/],
    ['0 3 * * 8', /is none/],
    ['0 3 L * *', /the field "L", which cron does not know/],
    ['0 3 15W * *', /the field "15W"/],
    ['0 3 * * 1#2', /the field "1#2"/],
    ['0 3 13 * +5', /the field "\+5"/],
    ['0 3 * * ?', /the field "\?"/],
    ['0 3 31 2 *', /names a day that never comes/],
    ['0 3 * * 5-1', /is none/],
  ])('refuses %j', (text, reason) => {
    expect(faultOfSchedule(text)).toMatch(reason);
  });
});
