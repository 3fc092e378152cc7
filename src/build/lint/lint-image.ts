import { AppError } from '../../core/errors.ts';
import type { BuildRequest } from '../build.ts';
import { prepare } from '../prepare.ts';
import { openSession } from '../session.ts';
import type { BuildSite } from '../site.ts';
import { builtRoot } from './facts.ts';
import { type Judged, lintRoot } from './require-clean.ts';

/** Judge an image as a build would before it publishes, with what is built already; `not-found` when something is not. */
export async function lintImage(request: BuildRequest, site: BuildSite): Promise<readonly Judged[]> {
  const session = await openSession(request, site);
  try {
    const { plan, known } = await prepare(request, { ...site, world: session.world });
    const missing = plan.steps.find((step) => step.status === 'run');
    if (missing === undefined) return await lintRoot(builtRoot(plan, known), session.world);
    const reason = `stage "${missing.stage}" of "${missing.image}" is not built: ${missing.why}`;
    throw new AppError('not-found', `Cannot look at image "${request.image}": ${reason}`, {
      remedy: `Build it: "bivouac build ${request.image}"`,
    });
  } finally {
    await session.close();
  }
}
