import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf } from '../core/errors.ts';

/** A template and its path, for messages. */
interface TemplateFile {
  readonly name: string;
  readonly text: string;
}

const MAX_CHARACTERS = 256 * 1024;

/** Read the templates of what iPXE runs from the folder `boot/`, as they are now. Fails with `storage` or `too-large`. */
export async function readScriptTemplates(
  directory: string,
): Promise<{ readonly script: TemplateFile; readonly refuse: TemplateFile }> {
  const [script, refuse] = await Promise.all([
    readTemplate(join(directory, 'script.ipxe.njk')),
    readTemplate(join(directory, 'refuse.ipxe.njk')),
  ]);
  return { script, refuse };
}

async function readTemplate(name: string): Promise<TemplateFile> {
  const text = await readFile(name, 'utf8').catch((cause: unknown) => {
    throw new AppError('storage', `Cannot read template "${name}": ${messageOf(cause)}`, { cause });
  });
  if (text.length <= MAX_CHARACTERS) return { name, text };
  throw new AppError(
    'too-large',
    `Cannot use template "${name}": it has more than ${MAX_CHARACTERS} characters`,
  );
}
