import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FlockBuildLocks } from '../../src/adapters/build-locks.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';

/** A process of its own that takes the lock and says so. */
const HOLDER = `
  import { FlockBuildLocks } from '${new URL('../../src/adapters/build-locks.ts', import.meta.url).href}';
  await new FlockBuildLocks(process.argv[1]).take('store', { purpose: 'the build of "held"' });
  console.log('held');
  setInterval(() => {}, 1000);
`;

async function startHolder(folder: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return child;
}

function setUp() {
  const folder = join(temporaryFolder(), 'data/locks');
  return { folder, locks: new FlockBuildLocks(folder) };
}

describeWith(['flock'], 'FlockBuildLocks', () => {
  it('is held by one at a time, also within a process, and leaves no file', async () => {
    const { locks, folder } = setUp();
    const held = await locks.take('store', { purpose: 'the build of "a"' });
    await expect(locks.take('store', { purpose: 'the build of "b"' })).rejects.toMatchObject({
      code: 'busy',
      message: `Cannot begin the build of "b": it is locked by process ${process.pid} for the build of "a"`,
    });
    await (await locks.take('slot-1', { purpose: 'another thing' })).release();
    await held.release();
    expect(readdirSync(folder)).toEqual([]);
    await (await locks.take('store', { purpose: 'the build of "b"' })).release();
  });

  it('is shared by many, but not with one who wants it alone', async () => {
    const { locks } = setUp();
    const shared = { purpose: 'a build', shared: true };
    const held = await Promise.all([locks.take('store', shared), locks.take('store', shared)]);
    await held[0].release();
    await expect(locks.take('store', { purpose: 'a clean-up' })).rejects.toMatchObject({ code: 'busy' });
    await held[1].release();
    await (await locks.take('store', { purpose: 'a clean-up' })).release();
  });

  it('goes from one to the next of those who wait, never to two', async () => {
    const { locks } = setUp();
    const { signal } = new AbortController();
    let holders = 0;
    let most = 0;
    const told: string[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const wait = { signal, told: (message: string) => void told.push(message) };
        const held = await locks.take('slot-1', { purpose: `turn ${index}`, wait });
        holders += 1;
        most = Math.max(most, holders);
        await new Promise((resolve) => setTimeout(resolve, 5));
        holders -= 1;
        await held.release();
      }),
    );
    expect(most).toBe(1);
    for (const message of told)
      expect(message).toMatch(/^Cannot begin turn [0-9]+ yet: it is locked by .+; waiting$/);
    expect(told.length).toBeGreaterThan(0);
  });

  it('is waited for until the signal fires', async () => {
    const { locks } = setUp();
    const held = await locks.take('slot-1', { purpose: 'one' });
    const stop = new AbortController();
    const waiting = locks.take('slot-1', {
      purpose: 'two',
      wait: { signal: stop.signal, told: () => stop.abort() },
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await held.release();
    await (await locks.take('slot-1', { purpose: 'three' })).release();
  });

  it('is free again when its holder was killed', async () => {
    const { folder, locks } = setUp();
    const holder = await startHolder(folder);
    await expect(locks.take('store', { purpose: 'x' })).rejects.toThrow(
      `process ${holder.pid} for the build of "held"`,
    );
    const { signal } = new AbortController();
    const wait = { signal, told: () => void holder.kill('SIGKILL') };
    await (await locks.take('store', { purpose: 'x', wait })).release();
    expect(existsSync(join(folder, 'store.lock'))).toBe(false);
  });
});
