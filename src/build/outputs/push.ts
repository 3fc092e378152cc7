import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/artefact.ts';
import { CommandError, describeFailure } from '../../core/command-error.ts';
import { AppError } from '../../core/errors.ts';
import type { ImageName, OciPush } from '../../core/image.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { BuildCache, ContentId, StepResult } from '../../ports/build-cache.ts';
import { parseContentId } from '../content-id.ts';
import type { KnownResults, Plan } from '../plan.ts';
import { targetOf } from '../selection.ts';
import { OCI_FILE } from '../steps/make-oci.ts';
import { runTool, type ToolContext } from '../tool.ts';

/** What pushing needs. */
export interface PushContext extends ToolContext {
  readonly artefacts: ArtefactStore;
  readonly cache: BuildCache;
  /** A folder of this build's own. */
  readonly workFolder: string;
}

const COPY_SIZE = 1024 * 1024;

/**
 * Push the container image of a release that is published, unless that very image is what was pushed there last. When it
 * fails the release stays published, and the next build tries again.
 */
export async function pushContainerImage(
  { plan, results }: { readonly plan: Plan; readonly results: KnownResults },
  context: PushContext,
): Promise<void> {
  const target = targetOf(plan.chain);
  const push = target.outputs.flatMap((output) => (output.kind === 'oci' ? (output.push ?? []) : []))[0];
  const step = plan.steps.find(({ action }) => action === 'make-oci');
  const result = step === undefined ? undefined : results.get(step.id);
  if (push === undefined || result?.kind !== 'files') return;
  const made = result.files[OCI_FILE];
  if (made === undefined) return;
  const id = pushId(push);
  if (pushedDigest(await context.cache.find(id)) === made.digest) return;
  context.log(`Pushing to ${push.to}`);
  await pushFile({ push, digest: made.digest, image: target.name }, context);
  await context.cache.put(id, { kind: 'files', parent: result.parent, files: { [OCI_FILE]: made } });
}

/** What was pushed last is remembered for each destination. */
function pushId({ to }: OciPush): ContentId {
  return parseContentId(createHash('sha256').update(`push ${to}`).digest('hex'));
}

function pushedDigest(result: StepResult | undefined): Digest | undefined {
  return result?.kind === 'files' ? result.files[OCI_FILE]?.digest : undefined;
}

async function pushFile(
  { push, digest, image }: { readonly push: OciPush; readonly digest: Digest; readonly image: ImageName },
  context: PushContext,
): Promise<void> {
  await mkdir(context.workFolder, { recursive: true });
  const file = join(context.workFolder, OCI_FILE);
  const access = push.authFile === undefined ? ['--dest-no-creds'] : ['--dest-authfile', push.authFile];
  const options = ['--insecure-policy', '--tmpdir', context.workFolder, 'copy', '--preserve-digests'];
  const tls = `--dest-tls-verify=${push.verifyTls}`;
  try {
    await copyOut(digest, file, context.artefacts);
    await runTool(['skopeo', ...options, ...access, tls, `oci-archive:${file}`, push.to], context);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const reason = error.tail.at(-1) ?? describeFailure(error.failure);
    throw new AppError('command-failed', `Cannot push image "${image}" to "${push.to}": ${reason}`, {
      remedy: 'The release is published; build the image again to push it again',
      cause: error,
    });
  } finally {
    await rm(file, { force: true });
  }
}

async function copyOut(digest: Digest, path: string, artefacts: ArtefactStore): Promise<void> {
  const artefact = await artefacts.open(digest);
  const file = await open(path, 'w', 0o600);
  try {
    const buffer = new Uint8Array(COPY_SIZE);
    for (let position = 0; position < artefact.size; ) {
      const read = await artefact.read(buffer, position);
      if (read === 0) throw new AppError('integrity', `Cannot read artefact "${digest}": it is too short`);
      await file.write(buffer, 0, read);
      position += read;
    }
  } finally {
    await artefact.close();
    await file.close();
  }
}
