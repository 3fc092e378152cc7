import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../harness.ts';
import { BUILD_ROWS, buildOneStage, buildUnchanged } from '../rows/build.ts';
import { conffsOfHosts } from '../rows/conffs.ts';
import { LAYER_EXPORT_ROW, layerExport } from '../rows/layer-export.ts';
import { SiteCopy } from '../site-copy.ts';
import type { BenchGroup } from './group.ts';

/** Builds: steps, layers, conffs; on a copy of the demo's site. */
export const buildGroup: BenchGroup = {
  name: 'build',
  rounds: 5,
  open: async ({ tell }) => {
    const problem = SiteCopy.problem();
    let copy: SiteCopy | undefined;
    const site = (): SiteCopy => {
      if (copy === undefined) throw new Error('The copy of the site is not ready');
      return copy;
    };
    const ofSite = problem === undefined ? siteCases(site) : skippedCases(problem);
    return {
      cases: [...ofSite, conffsOfHosts()],
      peers: {},
      prepare: async () => {
        if (problem !== undefined) return;
        tell('Copying the site of the demo');
        copy = await SiteCopy.make();
      },
      close: async () => copy?.remove(),
    };
  },
};

function siteCases(site: () => SiteCopy): readonly BenchCase[] {
  const options = () => ({ folder: join(site().path, 'export'), source: largestLayer(site()) });
  return [buildUnchanged(site), buildOneStage(site), layerExport(options)];
}

function skippedCases(skip: string): readonly BenchCase[] {
  const measure = () => Promise.reject(new Error(skip));
  return [...Object.values(BUILD_ROWS), LAYER_EXPORT_ROW].map((row) => ({ rows: [row], skip, measure }));
}

/** The files of the layer that has most of them. */
function largestLayer(copy: SiteCopy): string {
  const overlay = join(copy.data, 'containers/root/overlay');
  const layers = readdirSync(overlay)
    .map((name) => join(overlay, name, 'diff'))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  const weighed = layers.map((path) => ({ path, entries: readdirSync(path, { recursive: true }).length }));
  const [largest] = weighed.toSorted((a, b) => b.entries - a.entries);
  if (largest === undefined) throw new Error(`Cannot find a layer below "${overlay}"`);
  return largest.path;
}
