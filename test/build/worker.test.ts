import { describe, expect, it, onTestFinished } from 'vitest';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import { BuildWorker, type JobBuild, runJob } from '../../src/build/worker.ts';
import { AppError } from '../../src/core/errors.ts';
import { buildAll } from '../../src/core/job.ts';
import type { NamedRelease } from '../../src/core/release.ts';
import { digest, imageName } from '../builders.ts';
import { FakeJobStore } from '../fakes/job-store.ts';

const RELEASE: NamedRelease = {
  digest: digest('a'),
  release: {
    schema: 2,
    image: imageName('web'),
    architecture: 'amd64',
    builder: 't',
    output: 'files',
    files: [],
    layers: [],
  },
};
const OUTCOME: BuildOutcome = {
  release: RELEASE,
  publishing: { kind: 'kept' },
  published: true,
  stepsRun: 1,
  seconds: 1,
};
const NEVER = new AbortController().signal;

async function claimed(jobs: FakeJobStore) {
  await jobs.enqueue(buildAll(imageName('web')));
  const job = await jobs.claim();
  if (job === undefined) throw new Error('Expected a job');
  return job;
}

function setUp(build: JobBuild, parallel = 1) {
  const jobs = new FakeJobStore();
  const errors: unknown[] = [];
  const recovered: string[] = [];
  const worker = new BuildWorker({
    jobs,
    build,
    parallel,
    recover: () => Promise.resolve(void recovered.push('yes')),
    onError: (error) => errors.push(error),
    pollMilliseconds: 20,
  });
  onTestFinished(() => worker.stop());
  const stateOf = async (index: number) => (await jobs.list(10)).toReversed()[index]?.state;
  return { jobs, errors, recovered, worker, stateOf };
}

describe('runJob', () => {
  it('keeps the log and the release', async () => {
    const jobs = new FakeJobStore();
    const job = await claimed(jobs);
    const build: JobBuild = (_job, log) => {
      log('one');
      log('two');
      return Promise.resolve(OUTCOME);
    };
    await runJob(job, { jobs, build }, NEVER);
    expect(await jobs.find(job.id)).toMatchObject({
      state: 'succeeded',
      release: digest('a'),
      published: true,
    });
    expect(jobs.logs.get(job.id)).toBe('one\ntwo\n');
  });

  it('ends a failed job with the reason, bounded, and with the remedy in its log', async () => {
    const jobs = new FakeJobStore();
    const job = await claimed(jobs);
    const error = new AppError('build-failed', `Cannot build: ${'x'.repeat(10_000)}`, {
      remedy: 'Free some space',
    });
    await runJob(job, { jobs, build: () => Promise.reject(error) }, NEVER);
    const ended = await jobs.find(job.id);
    expect(ended?.state).toBe('failed');
    expect(ended?.error).toMatch(/^Cannot build: x+$/);
    expect(ended?.error?.length).toBe(2000);
    expect(jobs.logs.get(job.id)).toContain('  Free some space\n');
  });

  it('ends a stopped job as interrupted', async () => {
    const jobs = new FakeJobStore();
    const job = await claimed(jobs);
    await runJob(job, { jobs, build: () => Promise.reject(new Error('x')) }, AbortSignal.abort());
    expect((await jobs.find(job.id))?.state).toBe('interrupted');
  });

  it('ends a job also when its log cannot be written', async () => {
    const jobs = new FakeJobStore();
    jobs.appendLog = () => Promise.reject(new AppError('storage', 'Disk full'));
    const job = await claimed(jobs);
    const build: JobBuild = (_job, log) => {
      log('line');
      return Promise.resolve(OUTCOME);
    };
    await runJob(job, { jobs, build }, NEVER);
    expect((await jobs.find(job.id))?.state).toBe('succeeded');
  });

  it('bounds the log', async () => {
    const jobs = new FakeJobStore();
    const job = await claimed(jobs);
    const build: JobBuild = (_job, log) => {
      for (let line = 0; line < 2000; line += 1) log('x'.repeat(16 * 1024));
      return Promise.resolve(OUTCOME);
    };
    await runJob(job, { jobs, build }, NEVER);
    const log = jobs.logs.get(job.id) ?? '';
    expect(log.length).toBeLessThan(17 * 1024 * 1024);
    expect(log.endsWith('The log is too long: the rest is left out\n')).toBe(true);
  });
});

describe('BuildWorker', () => {
  it('marks dead jobs, cleans up, then takes queued jobs in order', async () => {
    const built: string[] = [];
    const { jobs, worker, recovered, stateOf } = setUp((job) => {
      built.push(job.request.image);
      return Promise.resolve(OUTCOME);
    });
    const dead = await claimed(jobs);
    jobs.orphans.add(dead.id);
    await jobs.enqueue(buildAll(imageName('a')));
    await jobs.enqueue(buildAll(imageName('b')));
    await worker.start();
    await expect.poll(() => stateOf(2)).toBe('succeeded');
    expect(await stateOf(0)).toBe('interrupted');
    expect(recovered).toEqual(['yes']);
    expect(built).toEqual(['a', 'b']);
  });

  it('takes a job at once when woken', async () => {
    const { jobs, worker, stateOf } = setUp(() => Promise.resolve(OUTCOME));
    await worker.start();
    await jobs.enqueue(buildAll(imageName('a')));
    worker.wake();
    await expect.poll(() => stateOf(0), { interval: 5 }).toBe('succeeded');
  });

  it('finds jobs that another process queued', async () => {
    const { jobs, worker, stateOf } = setUp(() => Promise.resolve(OUTCOME));
    await worker.start();
    await jobs.enqueue(buildAll(imageName('a')));
    await expect.poll(() => stateOf(0)).toBe('succeeded');
  });

  it('goes on after a failure of the store', async () => {
    const { jobs, worker, errors, stateOf } = setUp(() => Promise.resolve(OUTCOME));
    const claim = jobs.claim.bind(jobs);
    let calls = 0;
    jobs.claim = () => {
      calls += 1;
      return calls === 1 ? Promise.reject(new AppError('storage', 'Disk full')) : claim();
    };
    await jobs.enqueue(buildAll(imageName('a')));
    await worker.start();
    await expect.poll(() => stateOf(0)).toBe('succeeded');
    expect(errors).toHaveLength(1);
  });

  it('builds several images at a time, never one twice', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun: string[] = [];
    const { jobs, worker, stateOf } = setUp(async (job) => {
      begun.push(job.request.image);
      await gate;
      return OUTCOME;
    }, 3);
    await jobs.enqueue(buildAll(imageName('a')));
    await worker.start();
    await expect.poll(() => begun).toEqual(['a']);
    await jobs.enqueue(buildAll(imageName('a')));
    await jobs.enqueue(buildAll(imageName('b')));
    worker.wake();
    await expect.poll(() => begun).toEqual(['a', 'b']);
    expect(await stateOf(1)).toBe('queued');
    release();
    await expect.poll(() => stateOf(1)).toBe('succeeded');
    expect(begun).toEqual(['a', 'b', 'a']);
  });

  it('stops a build that was cancelled, and goes on', async () => {
    const { jobs, worker, stateOf } = setUp(
      (job, _log, signal) =>
        new Promise((resolve, reject) => {
          if (job.request.image === 'b') resolve(OUTCOME);
          signal.addEventListener('abort', () => reject(new AppError('build-interrupted', 'Stopped')));
        }),
    );
    const { job } = await jobs.enqueue(buildAll(imageName('a')));
    await jobs.enqueue(buildAll(imageName('b')));
    await worker.start();
    await expect.poll(() => stateOf(0)).toBe('running');
    await jobs.cancel(job.id);
    await expect.poll(() => stateOf(0)).toBe('cancelled');
    await expect.poll(() => stateOf(1)).toBe('succeeded');
  });

  it('stops the build under way', async () => {
    const { jobs, worker, stateOf } = setUp(
      (_job, _log, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new AppError('build-interrupted', 'Stopped')));
        }),
    );
    await jobs.enqueue(buildAll(imageName('a')));
    await worker.start();
    await expect.poll(() => stateOf(0)).toBe('running');
    await worker.stop();
    expect(await stateOf(0)).toBe('interrupted');
  });
});
