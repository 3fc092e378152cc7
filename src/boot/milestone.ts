import { parseDigest } from '../core/artefact.ts';
import { type BootFact, MILESTONES, type Milestone } from '../core/event.ts';
import { printable } from '../wire/printable.ts';

/** A report read, or why it cannot be. */
export type MilestoneReading =
  | { readonly ok: true; readonly fact: Extract<BootFact, { kind: 'milestone' }> }
  | { readonly ok: false; readonly reason: string };

const MAX_DETAIL = 4096;
const MAX_SUBJECT = 300;
const DECIMAL = /^[0-9]{1,12}(?:\.[0-9]{1,9})?$/;

/**
 * Read the fields of a report. Texts are cut and made printable; `secret`, the token that the host showed, is taken
 * out of them, for it may be part of a URL or of an error message.
 */
export function readMilestone(fields: URLSearchParams, secret: string): MilestoneReading {
  const milestone = milestoneOf(fields.get('milestone'));
  if (milestone === undefined) return unreadable(fields, 'milestone');
  const numbers: Partial<Record<'uptime' | 'seconds' | 'bytes', number>> = {};
  for (const name of ['uptime', 'seconds', 'bytes'] as const) {
    const text = fields.get(name);
    if (text === null) continue;
    if (!DECIMAL.test(text) || (name === 'bytes' && text.includes('.'))) return unreadable(fields, name);
    numbers[name] = Number(text);
  }
  const given = fields.get('release');
  const release = given === null ? undefined : parseDigest(given);
  if (given !== null && release === undefined) return unreadable(fields, 'release');
  const subject = fields.get('subject');
  const detail = fields.get('detail');
  return {
    ok: true,
    fact: {
      kind: 'milestone',
      milestone,
      ...numbers,
      ...(release === undefined ? {} : { release }),
      // The query of a URL may be a secret, and nobody needs it.
      ...(subject === null ? {} : { subject: clean(subject.split('?', 1)[0] ?? '', MAX_SUBJECT, secret) }),
      ...(detail === null ? {} : { detail: clean(detail, MAX_DETAIL, secret) }),
    },
  };
}

function milestoneOf(text: string | null): Milestone | undefined {
  return MILESTONES.find((milestone) => milestone === text);
}

function unreadable(fields: URLSearchParams, name: string): MilestoneReading {
  const got = fields.get(name);
  return {
    ok: false,
    reason: got === null ? `"${name}" is missing` : `"${name}" is "${printable(got, 40)}"`,
  };
}

function clean(text: string, limit: number, secret: string): string {
  const shown = secret === '' ? text : text.replaceAll(secret, '[token]');
  return printable(shown.trim(), limit);
}
