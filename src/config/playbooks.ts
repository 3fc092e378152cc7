import { join } from 'node:path';
import { conffsStages, rootStages } from '../build/request.ts';
import { imageChain } from '../build/selection.ts';
import { SETTINGS_KEY } from '../build/settings.ts';
import type { Stat } from '../build/stage-kind.ts';
import type { ImageTree } from '../build/tree.ts';
import type { ImageDefinition, StageDefinition } from '../core/image.ts';
import type { AnsibleSettings } from './ansible.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList, Path } from './fault.ts';
import { valueAt } from './validate.ts';

/** Where the playbooks of a site are. */
export interface PlaybookPlace {
  readonly ansible: Pick<AnsibleSettings, 'repository' | 'directory'>;
  /** Folder of the images. */
  readonly images: string;
  readonly stat: Stat;
}

type Playbook = StageDefinition & { readonly kind: 'playbook' };

const WITHOUT_BRANCH = 'Set "ansible.repository" in bivouac.yml, or remove the branch';

/** Without a repository playbooks are files of the images folder, so what a build would miss is told before one. */
export function checkPlaybooks(
  document: SourceDocument,
  { tree, place }: { readonly tree: ImageTree; readonly place: PlaybookPlace },
  faults: FaultList,
): void {
  if (place.ansible.repository !== undefined) return;
  const check = (list: Path, stages: readonly StageDefinition[]): void => {
    const names = valueAt(document.value, list);
    for (const [name, stage] of new Map(playbooksOf(stages).map((each) => [each.name, each]))) {
      const index = Array.isArray(names) ? names.indexOf(name) : 0;
      const fault = faultOfPlaybook(stage, place);
      if (fault !== undefined) faults.at(document.where([...list, index]), fault.message, fault.remedy);
    }
  };
  check([SETTINGS_KEY, 'always_apply_stage_in_conffs'], tree.settings.alwaysApplyStageInConffs);
  for (const image of tree.images) {
    const path = tree.paths.get(image.name) ?? [];
    check([...path, 'stages'], image.stages);
    if (image.branch === undefined || !usesBranch(image, tree)) continue;
    faults.at(document.where([...path, 'branch']), withoutRepository(image.branch), WITHOUT_BRANCH);
  }
}

function faultOfPlaybook({ playbook, branch }: Playbook, { ansible, images, stat }: PlaybookPlace) {
  if (branch !== undefined) return { message: withoutRepository(branch), remedy: WITHOUT_BRANCH };
  const path = join(images, ansible.directory, playbook);
  if (stat(path) === 'file') return undefined;
  const remedy = `Make "${path}", or set "ansible.repository" in bivouac.yml`;
  return { message: `Cannot find playbook "${playbook}"`, remedy };
}

function withoutRepository(branch: string): string {
  return `Cannot use branch "${branch}" of the playbooks: there is no repository`;
}

/** Whether a playbook without a branch of its own is run for the image or for its hosts. */
function usesBranch(image: ImageDefinition, { images, settings }: ImageTree): boolean {
  const ofHosts = image.conffs === undefined ? [] : conffsStages(imageChain(images, image.name), settings);
  return playbooksOf([...rootStages(image), ...ofHosts]).some(({ branch }) => branch === undefined);
}

function playbooksOf(stages: readonly StageDefinition[]): readonly Playbook[] {
  return stages.filter((stage) => stage.kind === 'playbook');
}
