import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import { BUSYBOX_NEEDS, fillBusyboxRoot } from '../build/busybox-root.ts';
import { siteFolder } from '../config/site-folder.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';
import { commandLine } from './command-line.ts';

const TREE = `
small:
  from: small.tar
  web: {stages: [web.sh], outputs: {files: {shell: /bin/busybox}}}
  bad: {stages: [bad.sh], outputs: {files: {shell: /bin/busybox}}}
`;
const DIGEST = expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string;

interface Report {
  readonly job: string;
  readonly release: string;
  readonly error?: { readonly remedy?: string };
}

describeWith(['root', 'buildah', 'mksquashfs', 'tar', ...BUSYBOX_NEEDS], 'what bivouac build says', () => {
  let config: string;
  const run = (...argv: string[]) => commandLine('--config', config, ...argv);

  beforeAll(async () => {
    const folder = siteFolder({
      'images/config.yml': TREE,
      'images/web.sh': 'echo web > /srv/web\n',
      'images/bad.sh': 'echo before\nexit 3\n',
    });
    config = join(folder, 'bivouac.yml');
    const root = temporaryFolder();
    await fillBusyboxRoot(root);
    await commandRunner.run(['tar', '-C', root, '-cf', join(folder, 'images/small.tar'), '.']);
  });

  afterAll(async () => {
    for (const point of await mountPointsBelow(dirname(config)))
      await commandRunner.run(['umount', '--lazy', point]);
  });

  test('as JSON it is a summary; the documents are for "release show"', async () => {
    const { code, stdout } = await run('--json', 'build', 'web');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    const made = { release: DIGEST, published: true, stepsRun: 3, seconds: expect.any(Number) as number };
    expect(report).toEqual({
      image: 'web',
      job: expect.any(String) as string,
      state: 'succeeded',
      ...made,
      architectures: [
        {
          architecture: 'amd64',
          bytes: expect.any(Number) as number,
          publishing: expect.anything() as object,
          ...made,
        },
      ],
    });
    const shown = JSON.parse((await run('--json', 'release', 'show', report.release)).stdout);
    expect(shown).toMatchObject({ digest: report.release, release: { image: 'web' } });
    expect(JSON.parse((await run('--json', 'job', 'show', report.job)).stdout)).toMatchObject({
      state: 'succeeded',
      release: report.release,
    });
  });

  test('of several images what was built before one failed is told as well', async () => {
    const { code, stdout } = await run('--json', 'build', 'web', 'bad');
    expect(code).toBe(1);
    const [web, bad] = JSON.parse(stdout) as Report[];
    expect(web).toMatchObject({ image: 'web', state: 'succeeded', published: false });
    expect(bad).toMatchObject({ image: 'bad', state: 'failed', error: { code: 'build-failed' } });
    const job = bad?.job ?? '';
    expect(bad?.error?.remedy).toBe(`"bivouac job log ${job}" has all that it printed`);
    expect((await run('job', 'log', job)).stdout).toContain('\n    before\n');
  });
});
