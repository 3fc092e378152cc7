import { randomBytes } from 'node:crypto';
import type { BootFact, BootId } from '../core/event.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { Facts, Subject } from './facts.ts';

/** Where the beginning of a boot goes on record. */
export interface BootRecord {
  readonly facts: Facts;
  readonly recorder: BootRecorder;
  readonly onError: (error: unknown) => void;
}

/** The boot that the fact belongs to. A record that cannot be written keeps no host from booting. */
export async function beginBoot(subject: Subject, fact: BootFact, record: BootRecord): Promise<BootId> {
  const { facts, recorder, onError } = record;
  try {
    await facts.settled();
    return await recorder.record(subject, fact);
  } catch (error) {
    onError(error);
    return unrecordedBoot();
  }
}

function unrecordedBoot(): BootId {
  return `unrecorded-${randomBytes(5).toString('hex')}` as BootId;
}
