import type { BuiltImage } from '../../build/built-image.ts';
import type { Digest } from '../../core/artefact.ts';
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

/** Parse the stored document of the release with this digest. */
export function parseReleaseDocument(text: string, digest: Digest): Release {
  const release = parseJson(text, `release "${digest}"`) as Release | Omit<NetbootRelease, 'files'>;
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

/** A disk or a hand may have damaged a text all the same. */
function parseJson(text: string, what: string): object {
  const fault = (reason: string, cause?: unknown): AppError =>
    new AppError('integrity', `Cannot read ${what} from the database: ${reason}`, {
      remedy: 'Put a backup of "bivouac.db" in its place',
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fault('it is no JSON', cause);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw fault('it is no document');
}
