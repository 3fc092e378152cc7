import { digestFile } from '../../build/digest-file.ts';
import type { AnsibleSettings } from '../../config/ansible.ts';
import { AppError } from '../../core/errors.ts';
import { HOOK_TIMES } from '../../core/image.ts';

/** What of the hooks a playbook's layer depends on: one may prepare what the playbook finds. Nothing without hooks. */
export async function hooksSeed(hooks: AnsibleSettings['hooks']): Promise<object> {
  const digests: Record<string, string> = {};
  for (const when of HOOK_TIMES) {
    const program = hooks[when];
    if (program !== undefined) digests[when] = await digestOf(program);
  }
  return Object.keys(digests).length === 0 ? {} : { hooks: digests };
}

async function digestOf(program: string): Promise<string> {
  const file = await digestFile(program).catch((cause: unknown) => {
    throw new AppError('config-invalid', `Cannot read hook "${program}": it is not there, or no file`, {
      remedy: 'Put the program there, or correct "ansible.hooks" in bivouac.yml',
      cause,
    });
  });
  return file.digest;
}
