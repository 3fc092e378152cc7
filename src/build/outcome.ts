import { shortDigest } from '../core/artefact.ts';
import type { ChannelName } from '../core/image.ts';
import type { NamedRelease } from '../core/release.ts';
import type { ConffsOutcome } from './conffs/conffs.ts';
import type { Publishing } from './publish.ts';

/** What a build came to. */
export interface BuildOutcome {
  readonly release: NamedRelease;
  readonly publishing: Publishing;
  /** Whether a channel was moved. */
  readonly published: boolean;
  /** How many steps had to run. */
  readonly stepsRun: number;
  readonly seconds: number;
  /** What became of each host, when files of hosts were asked for. */
  readonly conffs?: ConffsOutcome;
}

/** The last line of a build's log. */
export function closingLine(outcome: BuildOutcome, channel: ChannelName): string {
  const { stepsRun, seconds } = outcome;
  const steps = `${stepsRun} ${stepsRun === 1 ? 'step' : 'steps'} run, ${seconds.toFixed(1)} s`;
  return `${whatHappened(outcome, channel)} (${steps})`;
}

function whatHappened({ release, publishing }: BuildOutcome, channel: ChannelName): string {
  const name = `release ${shortDigest(release.digest)} of "${release.release.image}"`;
  switch (publishing.kind) {
    case 'move':
      return `Published ${name} to ${channel}`;
    case 'same':
      return `Nothing new: ${channel} is ${name} already`;
    case 'kept':
      return `Kept ${name}: it is published to no channel`;
    case 'pinned':
      return `Kept ${name}: ${channel} is pinned by ${publishing.pin.actor}${because(publishing.pin.reason)}`;
    case 'withdrawn':
      return `Kept ${name}: ${publishing.by.actor} rolled ${channel} back from it${because(publishing.by.reason)}`;
    case 'no-previous':
      return `Kept ${name}`;
  }
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}
