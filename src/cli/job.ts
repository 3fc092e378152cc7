import { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { type BuildRequest, isUnderWay, type Job, type JobId } from '../core/job.ts';
import type { JobStore } from '../ports/job-store.ts';
import { formatSeconds, formatTable, formatTime } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

const HEADING = ['JOB', 'IMAGE', 'WHAT', 'STATE', 'CREATED', 'TOOK', 'RESULT'] as const;

/** `bivouac job list`, `bivouac job show ID`, `bivouac job log ID`, `bivouac job cancel ID`. */
export function jobCommand(): Command {
  const job = new Command('job').description('builds asked for, their state and logs');
  job.addCommand(listCommand());
  job.addCommand(showCommand());
  job.addCommand(logCommand());
  job.addCommand(cancelCommand());
  return job;
}

function listCommand(): Command {
  return new Command('list').description('the newest 50 jobs').action((_options, command: Command) =>
    withState(globalOptions(command), async ({ jobs }, { json }) => {
      const newest = await jobs.list(50);
      if (json) printJson(newest);
      else print(formatTable(HEADING, newest.map(jobRow)));
    }),
  );
}

function showCommand(): Command {
  return new Command('show')
    .description('one job')
    .argument('<id>', 'id of the job')
    .action((id: string, _options, command: Command) =>
      withState(globalOptions(command), async ({ jobs }, { json }) => {
        const job = await findJob(jobs, id);
        if (json) printJson(job);
        else print(formatTable(HEADING, [jobRow(job)]));
      }),
    );
}

function logCommand(): Command {
  return new Command('log')
    .description('the log of a job')
    .argument('<id>', 'id of the job')
    .option('-f, --follow', 'go on until the job ends')
    .action((id: string, options: { follow?: boolean }, command: Command) =>
      withState(globalOptions(command), async ({ jobs }) => {
        const job = await findJob(jobs, id);
        await copyLog(jobs, job.id, options.follow === true);
      }),
    );
}

function cancelCommand(): Command {
  return new Command('cancel')
    .description(
      'take a job out of the queue, or stop the build that runs; one that has ended stays as it is',
    )
    .argument('<id>', 'id of the job')
    .action((id: string, _options, command: Command) =>
      withState(globalOptions(command), async ({ jobs }, { json }) => {
        const { id: known } = await findJob(jobs, id);
        const job = (await jobs.cancel(known)) ?? (await findJob(jobs, id));
        if (json) printJson(job);
        else print(cancelText(job));
      }),
    );
}

function cancelText(job: Job): string {
  if (job.isCancelling === true) return `Job ${job.id} runs and was asked to stop`;
  return `Job ${job.id} is ${job.state}`;
}

async function copyLog(jobs: JobStore, id: JobId, follow: boolean): Promise<void> {
  let offset = 0;
  for (;;) {
    const isOver = !follow || isFinished(await jobs.find(id));
    const chunk = await jobs.readLog(id, offset, 65_536);
    process.stdout.write(chunk);
    offset += chunk.length;
    if (chunk.length > 0) continue;
    if (isOver) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function isFinished(job: Job | undefined): boolean {
  return job === undefined || !isUnderWay(job);
}

async function findJob(jobs: JobStore, id: string): Promise<Job> {
  const job = await jobs.find(parseJobId(id));
  if (job !== undefined) return job;
  throw new AppError('not-found', `Cannot show job "${id}": there is no such job`, {
    remedy: '"bivouac job list" lists them',
  });
}

function parseJobId(text: string): JobId {
  return text as JobId;
}

function jobRow(job: Job): string[] {
  const end = job.finishedAt ?? Date.now();
  const took = job.startedAt === undefined ? '-' : formatSeconds((end - job.startedAt) / 1000);
  return [
    job.id,
    job.request.image,
    requestText(job.request),
    job.state,
    formatTime(job.createdAt),
    took,
    resultOf(job),
  ];
}

/** `all`, or `conffs of db*, parents 1, branch x, for arm64, kernel 6.12.48-1, to canary, fresh`. */
function requestText({ target, buildParents, conffs, ...rest }: BuildRequest): string {
  const { branch, architecture, kernel, channel, fresh } = rest;
  return [
    conffs === undefined ? target : `${target} of ${conffs}`,
    ...(buildParents === 'all' ? [] : [`parents ${buildParents}`]),
    ...(branch === undefined ? [] : [`branch ${branch}`]),
    ...(architecture === undefined ? [] : [`for ${architecture}`]),
    ...(kernel === undefined ? [] : [`kernel ${kernel}`]),
    ...(channel === undefined ? [] : [`to ${channel}`]),
    ...(fresh === undefined ? [] : ['fresh']),
  ].join(', ');
}

function resultOf(job: Job): string {
  if (job.supersededBy !== undefined) return `see ${job.supersededBy}`;
  if (job.error !== undefined) return job.error;
  if (job.release === undefined) return '';
  return `${job.release.slice(0, 19)}${job.published === true ? '' : ' (unchanged)'}`;
}
