import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf } from '../core/errors.ts';
import type { Site } from './site.ts';

/** A template and its path, for messages. */
interface TemplateFile {
  readonly name: string;
  readonly text: string;
}

const MAX_CHARACTERS = 256 * 1024;

/** The templates of what iPXE runs, in the folder `boot/`. */
export const SCRIPT_TEMPLATE_FILES = ['script.ipxe.njk', 'refuse.ipxe.njk'] as const;

/** Read the templates of what iPXE runs from the folder `boot/`, as they are now. Fails with `storage` or `too-large`. */
async function readScriptTemplates(
  directory: string,
): Promise<{ readonly script: TemplateFile; readonly refuse: TemplateFile }> {
  const [scriptFile, refuseFile] = SCRIPT_TEMPLATE_FILES;
  const [script, refuse] = await Promise.all([
    readTemplate(join(directory, scriptFile)),
    readTemplate(join(directory, refuseFile)),
  ]);
  return { script, refuse };
}

type Templates = Awaited<ReturnType<typeof readScriptTemplates>>;

/**
 * The templates of the site in force: read once for each load of the site, which the watch of its folder `boot/` brings about.
 * The same object stands for the same texts.
 */
export class SiteTemplates {
  readonly #site: () => Pick<Site, 'directories'>;
  #cached: { readonly site: object; readonly read: Promise<Templates> } | undefined;

  constructor(site: () => Pick<Site, 'directories'>) {
    this.#site = site;
  }

  /** The templates as of the last load; fails with `storage` or `too-large`, and reads anew next time. */
  current(): Promise<Templates> {
    const site = this.#site();
    if (this.#cached?.site === site) return this.#cached.read;
    const read = readScriptTemplates(site.directories.boot);
    this.#cached = { site, read };
    read.catch(() => {
      if (this.#cached?.read === read) this.#cached = undefined;
    });
    return read;
  }
}

/** The template `NAME.cfg.njk` of a loader's configuration in the folder `boot/`, as it is now; undefined when there is none. */
export async function readLoaderTemplate(
  directory: string,
  loader: string,
): Promise<TemplateFile | undefined> {
  const name = join(directory, `${loader}.cfg.njk`);
  return existsSync(name) ? readTemplate(name) : undefined;
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
