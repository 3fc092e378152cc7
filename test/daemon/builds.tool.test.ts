import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBuildahEngine } from '../../src/adapters/buildah.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import { describeWith } from '../requirements.ts';
import { plantBusyboxBase } from './busybox-base.ts';
import { ask, askApi } from './http-client.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite } from './site.ts';
import { fetchTftp } from './tftp-client.ts';

/** Seconds that no other program sleeps, so that what is left of a stage of this run is known by them. */
const FOR_EVER = `${100_000 + process.pid}`;
const SLOW = `echo begun\nsetsid sleep ${FOR_EVER} &\nsleep ${FOR_EVER}\n`;
const NEEDS = ['root', 'buildah', 'mksquashfs', 'flock', 'setpriv', 'busybox', 'ldd'];

describeWith(NEEDS, 'builds when the server is killed', () => {
  let site: DaemonSite;
  let server: ServerProcess;

  beforeAll(async () => {
    site = makeSite();
    writeStage('one');
    await plantBusyboxBase(site, 'nbp');
    server = await ServerProcess.start(site);
    const job = await follow(await queue());
    expect(job, job.log).toMatchObject({ state: 'succeeded', published: true });
  });

  afterAll(async () => {
    await server.kill();
    const commands = commandRunner;
    const engine = await openBuildahEngine({ directory: join(site.data, 'containers'), commands });
    for (const owner of await engine.owners()) await engine.cleanUp(owner);
    for (const point of await mountPointsBelow(site.data))
      await commandRunner.run(['umount', '--lazy', point]);
    site.remove();
  });

  function writeStage(content: string, more = ''): void {
    writeFileSync(
      join(site.images, 'stage.sh'),
      `mkdir -p /srv\necho ${content} > /srv/snponly.efi\n${more}`,
    );
  }

  async function queue(): Promise<string> {
    const answer = await askApi(site, '/builds', { method: 'POST', json: { image: 'nbp' } });
    expect(answer.status).toBe(202);
    return (JSON.parse(answer.text) as { job: { id: string } }).job.id;
  }

  async function show(id: string): Promise<{ state: string; published?: boolean; error?: string }> {
    return JSON.parse((await askApi(site, `/builds/${id}`)).text) as { state: string };
  }

  /** Follow the log to its end; resolves to the job, with what was read. */
  async function follow(id: string, onLog?: (text: string) => void) {
    let log = '';
    const onData = (text: string): void => {
      log += text;
      onLog?.(log);
    };
    const read = await askApi(site, `/builds/${id}/log?follow=1`, { onData }).catch(() => undefined);
    // When the server is killed the answer breaks off.
    return read === undefined ? { state: 'unknown', log } : { ...(await show(id)), log };
  }

  /** What a client gets of the published release, by HTTP and by TFTP. */
  async function served(): Promise<readonly [string, string]> {
    const answer = await ask(site, '/images/nbp/stable/snponly.efi');
    return [answer.text, (await fetchTftp(site, 'snponly.efi')).toString()];
  }

  async function leftovers(): Promise<readonly string[]> {
    const mounts = (await mountPointsBelow(site.data)).filter((point) => !point.endsWith('/root/overlay'));
    const list = join(site.data, 'containers/root/overlay-containers/containers.json');
    const containers = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as unknown[]) : [];
    const { stdout } = await commandRunner.run(['ps', '-eo', 'stat,args']);
    const sleepers = stdout
      .split('\n')
      .filter((line) => /^[^Z]/.test(line) && line.endsWith(` sleep ${FOR_EVER}`));
    return [...mounts, ...containers.map((each) => JSON.stringify(each)), ...sleepers];
  }

  test('a build killed with the server is interrupted, is cleaned up, and has changed nothing', async () => {
    const release = (await ask(site, '/images/nbp/stable/release.json')).text;
    writeStage('two', SLOW);
    const id = await queue();
    const { log } = await follow(id, (text) => {
      if (text.includes('    begun\n')) server.signal('SIGKILL');
    });
    await server.kill();
    expect(log).toMatch(/stage\.sh[^]* {4}begun\n$/);
    expect((await leftovers()).length).toBeGreaterThan(2);

    server = await ServerProcess.start(site);
    expect(server.complaints).toEqual([]);
    expect((await show(id)).state).toBe('interrupted');
    expect(await leftovers()).toEqual([]);
    expect(await served()).toEqual(['one\n', 'one\n']);
    expect((await ask(site, '/images/nbp/stable/release.json')).text).toBe(release);
    expect((await follow(id)).log).toContain('    begun\n');

    writeStage('three');
    const next = await follow(await queue());
    expect(next).toMatchObject({ state: 'succeeded', published: true });
    expect(await served()).toEqual(['three\n', 'three\n']);
    expect(await leftovers()).toEqual([]);
  });

  test('a job queued when the server is killed is built by the next one; hosts are served meanwhile', async () => {
    writeStage('four', SLOW);
    const first = await queue();
    await expect
      .poll(async () => (await logSoFar(first)).includes('    begun\n'), { timeout: 20_000 })
      .toBe(true);
    writeStage('five');
    const second = await queue();
    expect(second).not.toBe(first);
    expect((await show(second)).state).toBe('queued');
    expect((await served())[0]).toBe('three\n');
    await server.kill();
    server = await ServerProcess.start(site);
    expect((await follow(second)).state).toBe('succeeded');
    expect((await show(first)).state).toBe('interrupted');
    expect(await served()).toEqual(['five\n', 'five\n']);
  });

  test('a server that is told to end stops its build first, and leaves nothing', async () => {
    writeStage('six', SLOW);
    const id = await queue();
    await expect
      .poll(async () => (await logSoFar(id)).includes('    begun\n'), { timeout: 20_000 })
      .toBe(true);
    expect(await server.stop()).toBe(0);
    expect(await leftovers()).toEqual([]);
    server = await ServerProcess.start(site);
    expect((await show(id)).state).toBe('interrupted');
    expect((await served())[0]).toBe('five\n');
  });

  async function logSoFar(id: string): Promise<string> {
    return (await askApi(site, `/builds/${id}/log`)).text;
  }
});
