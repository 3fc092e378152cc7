import type { ImageDefinition, ImageName, StageDefinition } from '../core/image.ts';

/** A playbook that makes a layer of an image. */
export interface PlaybookInput {
  readonly playbook: string;
  /** Undefined is the branch that the configuration names. */
  readonly branch: string | undefined;
  /** The image, whose name is the host's in the inventory. */
  readonly image: ImageName;
}

const PREFIX = 'playbook:';

/** The playbook of a stage; the stage's own branch goes before the image's. */
export function inputOf(
  stage: StageDefinition & { readonly kind: 'playbook' },
  { name, branch }: Pick<ImageDefinition, 'name' | 'branch'>,
): PlaybookInput {
  return { playbook: stage.playbook, branch: stage.branch ?? branch, image: name };
}

/** What stands for a playbook among the inputs of a build, as a path stands for a file. */
export function playbookInput({ playbook, branch, image }: PlaybookInput): string {
  return `${PREFIX}${JSON.stringify([branch ?? null, playbook, image])}`;
}

/** The playbook that an input stands for; undefined when it is the path of a file. */
export function parsePlaybookInput(input: string): PlaybookInput | undefined {
  if (!input.startsWith(PREFIX)) return undefined;
  const parts = JSON.parse(input.slice(PREFIX.length)) as [string | null, string, ImageName];
  const [branch, playbook, image] = parts;
  return { playbook, branch: branch ?? undefined, image };
}
