import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import { makeLayer } from '../layer.ts';
import { parsePlaybookInput } from '../playbook-input.ts';
import { treeOf } from '../playbook-world.ts';
import { idleLimitOf, withGuards } from '../stage/container.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Run a playbook for one host that bears the image's name; what it changes is the layer. */
export async function runPlaybook(args: StepArgs['run-playbook'], context: StepContext): Promise<StepResult> {
  const { playbooks, step, log, signal, secrets = [] } = context;
  const input = parsePlaybookInput(args.path);
  if (input === undefined) throw new RangeError(`Cannot run playbook "${args.path}": it is none`);
  const tree = treeOf(playbooks, input.branch);
  if (tree.commit !== undefined) log(`commit ${tree.commit.slice(0, 12)}`);
  const result = await makeLayer(context, ({ root }) =>
    withGuards(root, async () => {
      const room = await playbooks.rooms.inContainer(root, { hostName: step.image, signal, secrets });
      try {
        const outcomes = await playbooks.ansible.run({
          tree,
          playbook: input.playbook,
          hosts: [{ name: step.image, room }],
          inventory: await playbooks.hosts(),
          environment: { ...(await context.mirror.proxy()), ...args.environment },
          inConffsBuild: false,
          folder: join(context.workFolder, 'ansible'),
          log,
          signal,
          idleLimit: idleLimitOf(step),
        });
        for (const outcome of outcomes) requireDone(outcome, input.playbook);
      } finally {
        await room.close();
      }
    }),
  );
  return result.kind === 'layer' && tree.commit !== undefined ? { ...result, commit: tree.commit } : result;
}

function requireDone(
  outcome: Awaited<ReturnType<StepContext['playbooks']['ansible']['run']>>[number],
  playbook: string,
): void {
  if (outcome.kind === 'failed') throw new AppError('build-failed', outcome.reason);
  if (outcome.kind === 'done') return;
  throw new AppError('build-failed', `Playbook "${playbook}" has no play for host "${outcome.host}"`, {
    remedy: `Have a play whose "hosts" match "${outcome.host}" (an image's root is built as a host of its name), or "all"`,
  });
}
