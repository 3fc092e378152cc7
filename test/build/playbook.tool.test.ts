import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage } from '../../src/build/build.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { aHost, hostName, imageName } from '../builders.ts';
import { describeWith } from '../requirements.ts';
import { PLAYBOOK_TOOLS, PlaybookSite } from './playbook-site.ts';

describeWith(PLAYBOOK_TOOLS, 'playbooks as stages of an image', () => {
  let folder: PlaybookSite;
  let site: BuildSite & { close(): Promise<void> };
  const lines: string[] = [];

  const build = (...stages: readonly string[]): Promise<BuildOutcome> => {
    lines.length = 0;
    const signal = new AbortController().signal;
    const images = folder.images(...stages);
    return buildImage({ image: imageName('web'), images, log: (line) => lines.push(line), signal }, site);
  };
  const commit = () =>
    execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder.repository, encoding: 'utf8' }).trim();

  beforeAll(async () => {
    folder = new PlaybookSite();
    site = await folder.open();
    await folder.plantBase(site);
  });

  afterAll(async () => {
    await site.close();
    await folder.remove();
  });

  const markerOf = async ({ release }: BuildOutcome): Promise<string> => {
    const container = await site.cache.find(release.release.layers.at(-1)?.contentId as never);
    if (container?.kind !== 'layer') throw new Error('Expected a layer');
    const layer = await site.world.engine.topLayer(container.container);
    expect(statSync(join(layer, 'etc/marker')).mode & 0o7777).toBe(0o640);
    return readFileSync(join(layer, 'etc/marker'), 'utf8');
  };

  it('run for a host of the image’s name, with the truth about the build, and leave no process, mount or file behind', async () => {
    const outcome = await build('image.yml');
    expect(await markerOf(outcome)).toBe('vauban bool True\nconffs bool False\nhost web\n');
    expect(lines.join('\n')).toContain('TASK [marker : write what this run is told]');
    expect(execFileSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' })).not.toContain('sleep 3599');
    expect(await folder.leftovers()).toEqual([]);
    const result = await site.cache.find(outcome.release.release.layers[1]?.contentId as never);
    expect(result).toMatchObject({ commit: commit() });
  });

  it('see the secrets of their stage, which no log has', async () => {
    const path = join(folder.path, 'token');
    writeFileSync(path, 'correct horse battery\n');
    folder.commit({
      'secret.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: cat /run/secrets/token
      register: token
    - ansible.builtin.debug: {var: token}
    - ansible.builtin.copy: {content: "{{ token.stdout | length }}", dest: /etc/marker, mode: "0640"}
`,
    });
    const [trixie, web] = folder.images('secret.yml');
    const images = [trixie, { ...web, secrets: [{ name: 'token', path }] }];
    const signal = new AbortController().signal;
    const log = (line: string): void => void lines.push(line);
    lines.length = 0;
    expect(await markerOf(await buildImage({ image: web.name, images, log, signal }, site))).toBe('21');
    expect(lines.join('\n')).toContain('***');
    expect(lines.join('\n')).not.toContain('battery');
    expect(await folder.leftovers()).toEqual([]);
  });

  it('are known until something that they use changes', async () => {
    const before = await build('image.yml');
    expect(before.stepsRun).toBe(0);
    folder.commit({ 'roles/unrelated/tasks/main.yml': '- ansible.builtin.debug: {msg: changed}\n' });
    folder.hosts = [aHost({ name: hostName('new1') })];
    expect((await build('image.yml')).stepsRun).toBe(0);
    folder.commit({ 'roles/marker/templates/marker.j2': 'changed\n' });
    const after = await build('image.yml');
    expect(after.stepsRun).toBe(2); // the playbook, and the file taken from its layer
    expect(await markerOf(after)).toBe('changed\n');
  });

  it('come from the branch that the stage names', async () => {
    folder.branch('old');
    folder.commit({ 'roles/marker/templates/marker.j2': 'newest\n' });
    expect(await markerOf(await build('old@image.yml'))).toBe('changed\n');
    expect(await markerOf(await build('image.yml'))).toBe('newest\n');
    await expect(build('gone@image.yml')).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('that fail say what failed and why', async () => {
    await expect(build('failing.yml')).rejects.toMatchObject({
      code: 'build-failed',
      message:
        'Cannot build image "web": stage "failing.yml" failed: task "say why" (failing.yml:4): not today',
    });
    await expect(build('nobody.yml')).rejects.toMatchObject({
      remedy: expect.stringContaining('match "web"') as string,
    });
    await expect(build('gone.yml')).rejects.toMatchObject({ code: 'config-invalid' });
    folder.commit({ 'broken.yml': '- hosts: web\n  nonsense: 1\n' });
    await expect(build('broken.yml')).rejects.toThrow(/'nonsense' is not a valid attribute for a Play/);
    expect(await folder.leftovers()).toEqual([]);
  });
});
