import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage } from '../../src/build/build.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { imageName } from '../builders.ts';
import { describeWith } from '../requirements.ts';
import { errorOf } from './build-test.ts';
import { PLAYBOOK_TOOLS, PlaybookSite } from './playbook-site.ts';

const LIMIT = 8000;

describeWith(PLAYBOOK_TOOLS, 'a playbook', () => {
  let folder: PlaybookSite;
  let site: BuildSite & { close(): Promise<void> };

  const build = (playbook: string) => {
    const [trixie, web] = folder.images(playbook);
    const signal = new AbortController().signal;
    const images = [trixie, { ...web, timeLimit: LIMIT }];
    return buildImage({ image: imageName('web'), images, log: () => undefined, signal }, site);
  };

  beforeAll(async () => {
    folder = new PlaybookSite();
    folder.commit({
      'stalled.yml':
        '- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: sleep 3596\n',
      'working.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command:
        argv: [python3, -c, "import time\\nend = time.time() + 16\\nwhile time.time() < end: pass"]
    - ansible.builtin.copy: {content: done, dest: /etc/marker, mode: "0640"}
`,
    });
    site = await folder.open();
    await folder.plantBase(site);
  });

  afterAll(async () => {
    await site.close();
    await folder.remove();
  });

  it('that waits is stopped with all that it started, though Ansible itself never rests', async () => {
    const error = await errorOf(build('stalled.yml'));
    expect(error).toMatchObject({
      message: expect.stringMatching(/stage "stalled\.yml" failed: no progress for 8 s/) as string,
    });
    expect(execFileSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' })).not.toContain('sleep 3596');
    expect(await folder.leftovers()).toEqual([]);
  });

  it('that works without a word for longer than its limit is not', async () => {
    expect((await build('working.yml')).stepsRun).toBeGreaterThan(0);
  });
});
