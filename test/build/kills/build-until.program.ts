/**
 * A build in a process of its own that kills itself: `node build-until.program.ts CONFIG IMAGE [CALL AFTER]`. Every call that
 * changes something goes to standard output as `call NAME MILLISECONDS`; everything is built anew.
 */
import { openBuildSite } from '../../../src/adapters/build-site.ts';
import { openState } from '../../../src/adapters/state.ts';
import { version } from '../../../src/adapters/version.ts';
import { buildImage } from '../../../src/build/build.ts';
import { loadSite, siteOrThrow } from '../../../src/config/load.ts';
import { imageName } from '../../builders.ts';
import { watched } from './kill-points.ts';

const [config = '', image = '', call = '-1', after = '0'] = process.argv.slice(2);
let count = -1;

const site = siteOrThrow(await loadSite(config, { environment: {} }));
const state = await openState(site.directories.data, () => site);
const place = watched(await openBuildSite(site, state, `bivouac ${version()}`), {
  about: () => {
    count += 1;
    if (count !== Number(call)) return;
    if (after === '0') die();
    else setTimeout(die, Number(after));
  },
  done: (name, milliseconds) => process.stdout.write(`call ${name} ${Math.round(milliseconds)}\n`),
});
const request = {
  image: imageName(image),
  images: site.images,
  settings: site.imageSettings,
  fresh: true,
  whenBusy: 'wait',
} as const;
const log = (line: string): void => void process.stdout.write(`log ${line}\n`);
await buildImage({ ...request, log, signal: new AbortController().signal }, place);
await state.close();

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
