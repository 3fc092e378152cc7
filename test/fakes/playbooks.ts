import type { PlaybookWorld } from '../../src/build/playbook-world.ts';
import type { RecipeWorld } from '../../src/build/recipes/recipe-world.ts';

const refuse = () => Promise.reject(new Error('No playbooks are run in this test'));

/** For builds without recipes. */
export const NO_RECIPES: RecipeWorld = {
  repositories: { pin: refuse },
  configurationUrl: undefined,
  trees: new Map(),
};

/** For builds without playbooks. */
export const NO_PLAYBOOKS: PlaybookWorld = {
  ansible: { pin: refuse, digest: refuse, select: refuse, run: refuse },
  rooms: { inContainer: refuse, ground: refuse },
  hosts: () => Promise.resolve([]),
  trees: new Map(),
};
