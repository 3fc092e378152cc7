import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FsArtefactStore } from '../../src/adapters/fs-artefact-store.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { tokenIn } from '../boot/http-fixture.ts';
import { BootServer } from './boot-server.ts';

const run = promisify(execFile);
const SIZE = 96 * 1024 * 1024 + 5;

let scratch: string;
let server: BootServer;
let hex: string;

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'bivouac-resume-'));
  const store = await FsArtefactStore.open(join(scratch, 'artefacts'));
  const path = join(scratch, 'layer.squashfs');
  writeFileSync(path, randomBytes(SIZE));
  hex = digestHex((await store.adopt(path)).digest);
  server = await BootServer.start({ artefacts: store });
});

afterEach(async () => {
  await server.stop();
  rmSync(scratch, { recursive: true, force: true });
});

function sumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('a large layer fetched by curl', () => {
  it('is whole', async () => {
    const out = join(scratch, 'whole');
    const url = `http://127.0.0.1:${server.port}/artefacts/sha256/${hex}`;
    await run('curl', ['--silent', '--show-error', '--fail', '--output', out, url]);
    expect(sumOf(out)).toBe(hex);
  });

  it('is resumed where it broke off, however often', async () => {
    const out = join(scratch, 'resumed');
    const url = `http://127.0.0.1:${server.port}/artefacts/sha256/${hex}`;
    const curl = (...more: string[]) =>
      run('curl', ['--silent', '--fail', '--continue-at', '-', '--output', out, ...more, url]).catch(
        () => undefined,
      );
    const sizes: number[] = [];
    for (let i = 0; i < 3; i++) {
      await curl('--max-time', '0.6', '--limit-rate', '20M');
      sizes.push(statSync(out).size);
    }
    expect(sizes[0]).toBeGreaterThan(0);
    expect(sizes[2]).toBeGreaterThan(sizes[0] ?? SIZE);
    expect(sizes[2]).toBeLessThan(SIZE);
    await curl();
    expect(statSync(out).size).toBe(SIZE);
    expect(sumOf(out)).toBe(hex);
  });

  it('is resumed at a server that was killed meanwhile and started again', async () => {
    const out = join(scratch, 'restarted');
    const { port } = server;
    const url = `http://127.0.0.1:${port}/artefacts/sha256/${hex}`;
    const cut = run('curl', ['--silent', '--limit-rate', '40M', '--output', out, url]).catch(() => 'cut');
    await expect.poll(() => statSync(out, { throwIfNoEntry: false })?.size ?? 0).toBeGreaterThan(1_000_000);
    await server.stop();
    expect(await cut).toBe('cut');
    const half = statSync(out).size;
    expect(half).toBeLessThan(SIZE);
    const store = await FsArtefactStore.open(join(scratch, 'artefacts'));
    server = await BootServer.start({ artefacts: store, port });
    await run('curl', ['--silent', '--fail', '--continue-at', '-', '--output', out, url]);
    expect(sumOf(out)).toBe(hex);
    expect(server.delivery.stats().bytes).toBe(SIZE - half);
  });

  it('is asked for as the initramfs does, with the token in a file', async () => {
    const script = (await server.ask('/boot/script/52-54-00-77-00-01')).body.toString();
    const header = join(scratch, 'header');
    writeFileSync(header, `Authorization: Bearer ${tokenIn(script)}\n`, { mode: 0o600 });
    const base = `http://127.0.0.1:${server.port}`;
    const { stdout } = await run('curl', [
      '--silent',
      '--fail',
      '--header',
      `@${header}`,
      `${base}/boot/manifest`,
    ]);
    expect(stdout).toMatch(/^bivouac-manifest 1\nhost web01\n/);
    expect(stdout).toMatch(/\nend\n$/);
    const fields = ['--data-urlencode', 'milestone=healthy', '--data-urlencode', 'detail=running & well'];
    await run('curl', ['--silent', '--fail', '--header', `@${header}`, ...fields, `${base}/boot/events`]);
    await server.fixture.facts.settled();
    const last = server.fixture.recorder.facts.findLast((fact) => fact.kind === 'milestone');
    expect(last).toMatchObject({ milestone: 'healthy', detail: 'running & well' });
  });
});
