import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../../core/command-error.ts';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { Argv } from '../../ports/command.ts';
import type { StageEnvironment, WorkingContainer } from '../../ports/container-engine.ts';
import type { RecipeTree } from '../../ports/recipes.ts';
import { foldersTo } from '../containerfile/copied.ts';
import { copySource } from '../copy-source.ts';
import { makeLayer } from '../layer.ts';
import { recipeTree } from '../recipes/recipe-world.ts';
import { pathInRoot } from '../root-path.ts';
import { placedSource } from '../source-tree.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Where the recipe lies in the container; `/run` is emptied before the commit. */
const FOLDER = '/run/bivouac-recipe';
const BUILD = 'build.sh';
const SHELL = /^#!\s*(?:\/usr)?\/bin\/(?:env\s+)?(sh|dash|bash)\s*$/;

/** Run `build.sh` of a repository inside the container and install the packages that it leaves; what changed is the layer. */
export async function runRecipe(args: StepArgs['run-recipe'], context: StepContext): Promise<StepResult> {
  const tree = recipeTree(context.recipes, args.path);
  context.log(`commit ${tree.commit.slice(0, 12)}`);
  const result = await makeLayer(context, async (container) => {
    await putRecipe(tree, container, context);
    const environment = {
      ...(await context.mirror.proxy()),
      ...args.environment,
      BIVOUAC_COMMIT: tree.commit,
      BIVOUAC_COMMIT_TIME: String(tree.committedAt),
    };
    await runIn(container, { argv: await buildArgv(container.root), environment }, context);
    const packages = await packagesOf(container.root);
    if (packages.length > 0) await install(packages, { container, environment, context });
  });
  return result.kind === 'layer' ? { ...result, commit: tree.commit } : result;
}

async function putRecipe(
  tree: RecipeTree,
  { root }: WorkingContainer,
  { recipes }: StepContext,
): Promise<void> {
  const inner = FOLDER.slice(1);
  const entries = await placedSource(tree.directory);
  const placed = entries.map((entry) => ({ ...entry, path: `${inner}/${entry.path}` }));
  await copySource([...foldersTo(inner), ...placed], root);
  const { configurationUrl } = recipes;
  if (configurationUrl === undefined) return;
  // A link there would lead out of the folder.
  const settings = join(await pathInRoot(root, FOLDER), '.env');
  const kept = await lstat(settings).catch(() => undefined);
  if (kept !== undefined && !kept.isFile())
    throw new AppError(
      'build-failed',
      'Cannot write ".env" of the recipe: its repository has something else there',
    );
  await writeFile(settings, `CONFIGURATION_URL=${configurationUrl}\n`);
}

/** The reference's recipes read `build.sh` into bash; one that says by what it is run gets that. */
async function buildArgv(root: string): Promise<Argv> {
  const folder = await pathInRoot(root, FOLDER);
  const firstLine = (await readFile(join(folder, BUILD), 'utf8')).split('\n', 1)[0] ?? '';
  const hasBash = (await lstat(await pathInRoot(root, '/bin/bash')).catch(() => undefined)) !== undefined;
  const shell = SHELL.exec(firstLine)?.[1] ?? (hasBash ? 'bash' : 'sh');
  if (firstLine.startsWith('#!') && !SHELL.test(firstLine)) return [`./${BUILD}`];
  return [`/bin/${shell}`, '-e', BUILD];
}

async function runIn(
  container: WorkingContainer,
  { argv, environment }: { readonly argv: Argv; readonly environment: StageEnvironment },
  { log, signal }: StepContext,
): Promise<void> {
  await container.run({ argv, environment, directory: FOLDER, log, signal });
}

/** Files of `dpkg-deb` beside `build.sh`. */
async function packagesOf(root: string): Promise<readonly string[]> {
  const folder = await pathInRoot(root, FOLDER);
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isFile() && entry.name.endsWith('.deb') ? entry.name : []));
  return names.sort().map((name) => `${FOLDER}/${name}`);
}

/** With what they depend on, where the root has apt. */
async function install(
  packages: readonly string[],
  {
    container,
    environment,
    context,
  }: {
    readonly container: WorkingContainer;
    readonly environment: StageEnvironment;
    readonly context: StepContext;
  },
): Promise<void> {
  const apt = await lstat(await pathInRoot(container.root, '/usr/bin/apt-get')).catch(() => undefined);
  const argv: Argv =
    apt === undefined
      ? ['dpkg', '--install', ...packages]
      : ['apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', ...packages];
  context.log(`installing ${packages.map((path) => path.slice(FOLDER.length + 1)).join(', ')}`);
  await runIn(container, { argv, environment }, context).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    const reason = error.tail.at(-1) ?? error.message;
    throw new AppError('build-failed', `Cannot install the packages that "${BUILD}" made: ${reason}`, {
      remedy: 'Have an earlier stage install what they depend on, or run "apt-get update"',
      cause: error,
    });
  });
}
