import type { BuiltImage } from '../../build/built-image.ts';
import { AppError } from '../../core/errors.ts';
import type { BootFact } from '../../core/event.ts';
import type { Host } from '../../core/host.ts';
import type { BuildRequest } from '../../core/job.ts';
import type { NetbootRelease, Release, ReleaseFile } from '../../core/release.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { BootGrant } from '../../ports/token-store.ts';

// Only the stores of this folder write these documents, so their shapes are those of the migration in force.

/** Parse a stored host. */
export function parseHostDocument(text: string): Host {
  return parseJson(text, 'a host') as Host;
}

/** Parse a stored release. */
export function parseReleaseDocument(text: string): Release {
  const release = parseJson(text, 'a release') as Release | Omit<NetbootRelease, 'files'>;
  // Documents of the first version had no other outputs, and did not tell which one made a file.
  const files = 'files' in release ? release.files : [];
  return {
    ...release,
    files: files.map((file) => ({ ...file, kind: (file as Partial<ReleaseFile>).kind ?? 'files' })),
  };
}

/** Parse the stored request of a build job. */
export function parseBuildRequestDocument(text: string): BuildRequest {
  return parseJson(text, 'a build request') as BuildRequest;
}

/** Parse a stored fact of a boot. */
export function parseFactDocument(text: string): BootFact {
  return parseJson(text, 'an event') as BootFact;
}

/** Parse a stored grant of a boot token. */
export function parseGrantDocument(text: string): BootGrant {
  return parseJson(text, 'a boot token') as BootGrant;
}

/** Parse a stored result of a build step. */
export function parseStepDocument(text: string): StepResult {
  return parseJson(text, 'a build step') as StepResult;
}

/** Parse the stored layers of an image as it was last built. */
export function parseBuiltLayersDocument(text: string): BuiltImage['layers'] {
  return parseJson(text, 'the layers of an image') as BuiltImage['layers'];
}

/** Parse the stored commits of a host layer. */
export function parseCommits(text: string): readonly string[] {
  return parseJson(text, 'a host layer') as readonly string[];
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('integrity', `Cannot read ${what} from the database: it is no JSON`, { cause });
  }
}
