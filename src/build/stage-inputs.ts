import type { ImageDefinition, StageDefinition } from '../core/image.ts';
import { fragmentDigest, fragmentInput, parseFragmentInput } from './containerfile/fragment.ts';
import { stageEnvironment } from './environment.ts';
import { inputOf, parsePlaybookInput, playbookInput } from './playbook-input.ts';
import { type PlaybookWorld, playbookDigest } from './playbook-world.ts';
import { parseRecipeInput, type RecipeWorld, recipeDigest, recipeInput } from './recipes/recipe-world.ts';
import { rootStages } from './request.ts';
import { digestSource } from './source-tree.ts';
import { hookFiles } from './stage/terms.ts';

/** What stands for a stage's files among the inputs of a build. */
export function stageInput(stage: StageDefinition, image: ImageDefinition): string {
  switch (stage.kind) {
    case 'script':
    case 'files':
      return stage.path;
    case 'playbook':
      return playbookInput(inputOf(stage, image));
    case 'containerfile':
      return fragmentInput({ path: stage.path, environment: stageEnvironment(image, stage.name) });
    case 'recipe':
      return recipeInput(stage.source);
  }
}

/** The inputs of all stages that make roots of these images, and of their hooks, each once. */
export function stageInputs(images: readonly ImageDefinition[]): readonly string[] {
  const inputs = images.flatMap((image) => [
    ...rootStages(image).map((stage) => stageInput(stage, image)),
    ...hookFiles(image.hooks).map(({ path }) => path),
  ]);
  return [...new Set(inputs)];
}

/** Where inputs are found that are no files of this machine. */
export interface InputWorld {
  readonly playbooks: PlaybookWorld;
  readonly recipes: RecipeWorld;
}

/** SHA-256, in hexadecimal, of all that a layer made from an input depends on. */
export async function inputDigest(input: string, { playbooks, recipes }: InputWorld): Promise<string> {
  const playbook = parsePlaybookInput(input);
  if (playbook !== undefined) return await playbookDigest(playbooks, playbook);
  if (parseRecipeInput(input) !== undefined) return recipeDigest(recipes, input);
  const fragment = parseFragmentInput(input);
  return fragment === undefined ? await digestSource(input) : await fragmentDigest(fragment);
}

/** An input as people know it. */
export function inputName(input: string): string {
  const playbook = parsePlaybookInput(input)?.playbook;
  return playbook ?? parseFragmentInput(input)?.path ?? parseRecipeInput(input)?.repository ?? input;
}

/** The commit of the repository that an input is of, where it was pinned. */
export function inputCommit(input: string, { playbooks, recipes }: InputWorld): string | undefined {
  const playbook = parsePlaybookInput(input);
  return playbook === undefined
    ? recipes.trees.get(input)?.commit
    : playbooks.trees.get(playbook.branch)?.commit;
}
