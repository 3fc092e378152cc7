import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FlockBuildLock } from '../../src/adapters/build-lock.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';

/** A process of its own that takes the lock and says so. */
const HOLDER = `
  import { FlockBuildLock } from '${new URL('../../src/adapters/build-lock.ts', import.meta.url).href}';
  import { commandRunner } from '${new URL('../../src/adapters/command.ts', import.meta.url).href}';
  await new FlockBuildLock(process.argv[1], commandRunner).acquire('the build of "held"');
  console.log('held');
  setInterval(() => {}, 1000);
`;

async function startHolder(file: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return child;
}

describeWith(['flock'], 'FlockBuildLock', () => {
  it('is held by one at a time, also within a process', async () => {
    const lock = new FlockBuildLock(join(temporaryFolder(), 'data/build.lock'), commandRunner);
    const held = await lock.acquire('the build of "a"');
    const refused = await lock.acquire('the build of "b"').catch((error: unknown) => error);
    expect(String(refused)).toContain(
      `Cannot begin the build of "b": builds are locked by process ${process.pid} for the build of "a"`,
    );
    expect(refused).toMatchObject({ code: 'busy' });
    await held.release();
    await (await lock.acquire('the build of "b"')).release();
  });

  it('is free again when its holder was killed', async () => {
    const file = join(temporaryFolder(), 'build.lock');
    const lock = new FlockBuildLock(file, commandRunner);
    const holder = await startHolder(file);
    await expect(lock.acquire('x')).rejects.toThrow(`process ${holder.pid} for the build of "held"`);
    holder.kill('SIGKILL');
    const acquire = () => lock.acquire('x').then((held) => held.release());
    await expect
      .poll(() =>
        acquire().then(
          () => 'free',
          () => 'taken',
        ),
      )
      .toBe('free');
  });
});
