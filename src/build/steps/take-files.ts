import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtefactRef } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import { parentOf, withContainer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Store the files that the image publishes. */
export async function takeFiles(args: StepArgs['take-files'], context: StepContext): Promise<StepResult> {
  const parent = parentOf(context);
  return await withContainer(context, async ({ root }) => {
    const files: Record<string, ArtefactRef> = {};
    for (const { name, path } of args.files) {
      const source = await pathInRoot(root, path);
      if (!(await isFile(source))) {
        const reason = `its root has no file "${path}"`;
        throw new AppError(
          'build-failed',
          `Cannot take "${name}" from image "${context.step.image}": ${reason}`,
        );
      }
      const copy = join(context.workFolder, name);
      await copyFile(source, copy);
      files[name] = await context.artefacts.adopt(copy);
    }
    return { kind: 'files', parent, files };
  });
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
