import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandError, describeFailure } from '../../core/command-error.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { WorkingContainer } from '../../ports/container-engine.ts';
import {
  type ActionSource,
  type ContainerfileAction,
  type CopyAction,
  type RunAction,
  SCRIPT,
} from '../containerfile/action.ts';
import { copiedFrom, foldersTo, placedAt } from '../containerfile/copied.ts';
import { parseFragmentInput, readFragment } from '../containerfile/fragment.ts';
import { copySource } from '../copy-source.ts';
import { makeLayer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Do what a Containerfile says inside the container; what it changes is the layer. */
export async function runContainerfile(
  args: StepArgs['run-containerfile'],
  context: StepContext,
): Promise<StepResult> {
  const input = parseFragmentInput(args.path);
  if (input === undefined) throw new RangeError(`Cannot run Containerfile "${args.path}": it is none`);
  const actions = await readFragment(input);
  return await makeLayer(context, async (container) => {
    for (const action of actions) {
      const { line, text } = action.source;
      context.log(`line ${line}: ${text}`);
      await act(action, { container, context, folder: dirname(input.path) }).catch((error: unknown) => {
        throw inLine(action.source, error);
      });
    }
  });
}

interface Place {
  readonly container: WorkingContainer;
  readonly context: StepContext;
  /** Of the Containerfile. */
  readonly folder: string;
}

async function act(action: ContainerfileAction, place: Place): Promise<void> {
  place.context.signal.throwIfAborted();
  switch (action.kind) {
    case 'run': {
      await run(action, place);
      return;
    }
    case 'copy': {
      await copy(action, place);
      return;
    }
    case 'folder': {
      await copySource(foldersTo(action.path), place.container.root);
      return;
    }
  }
}

async function run(action: RunAction, { container, context }: Place): Promise<void> {
  const { argv, script, user, directory } = action;
  if (script !== undefined) {
    const path = await pathInRoot(container.root, SCRIPT);
    await writeFile(path, script);
    await chmod(path, 0o755);
  }
  const { log, signal } = context;
  const environment = { ...(await context.mirror.proxy()), ...action.environment };
  await container.run({ argv, environment, directory, log, signal, ...(user === undefined ? {} : { user }) });
}

async function copy(action: CopyAction, { container: { root }, context, folder }: Place): Promise<void> {
  const entries = await placedAt(action.target, await copiedFrom(folder, action), root);
  const owner = action.owner === undefined ? {} : { owner: await ownerIn(root, action.owner) };
  await copySource(entries, root, { ...owner, ...(action.mode === undefined ? {} : { mode: action.mode }) });
  context.log(`${entries.length} entries copied`);
}

/** Ids of `USER[:GROUP]` by the root's own lists; of a user alone the group is his. */
async function ownerIn(root: string, owner: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const [user = '', group] = owner.split(':');
  const passwd = await linesOf(root, '/etc/passwd');
  const found = passwd.find(([name, , uid]) => name === user || uid === user);
  const uid = idOf(found?.[2] ?? user, owner);
  if (group === undefined) return { uid, gid: idOf(found?.[3] ?? user, owner) };
  const groups = await linesOf(root, '/etc/group');
  return { uid, gid: idOf(groups.find(([name]) => name === group)?.[2] ?? group, owner) };
}

async function linesOf(root: string, path: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(await pathInRoot(root, path), 'utf8').catch(() => '');
  return text.split('\n').map((line) => line.split(':'));
}

function idOf(text: string, owner: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new AppError('build-failed', `Cannot give files to "${owner}": the root has no "${text}"`, {
    remedy: 'Make the user by an earlier RUN, or write numbers',
  });
}

function inLine({ line, text }: ActionSource, error: unknown): AppError {
  const reason = error instanceof CommandError ? commandReason(error) : messageOf(error);
  const remedy = error instanceof AppError && error.remedy !== undefined ? { remedy: error.remedy } : {};
  return new AppError('build-failed', `Line ${line} ("${text}"): ${reason}`, { cause: error, ...remedy });
}

function commandReason({ failure, tail }: CommandError): string {
  const last = tail.at(-1);
  return `${describeFailure(failure)}${last === undefined ? '' : `: ${last}`}`;
}
