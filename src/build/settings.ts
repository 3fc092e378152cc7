import type { ImageDefinition, ImageName, ImageSettings, StageDefinition } from '../core/image.ts';
import { parseImageName } from '../core/image.ts';
import { isMapping, type ListItem, quote, type Reporter, stringList } from './keys/reading.ts';
import { readStage } from './stage-kind.ts';
import type { Path, TreeFault, TreeOptions } from './tree-fault.ts';

/** Top-level key with settings for all images; every other top-level key is a release master. */
export const SETTINGS_KEY = 'configuration';

/** Settings that the file does not give. */
export const NO_SETTINGS: ImageSettings = {
  ignoreStageInConffs: [],
  alwaysApplyStageInConffs: [],
  neverUpload: [],
};

const KNOWN_SETTINGS = ['ignore_stage_in_conffs', 'always_apply_stage_in_conffs', 'never_upload'] as const;

/** Settings, and what is wrong with them. */
export interface SettingsReading {
  readonly settings: ImageSettings;
  readonly faults: readonly TreeFault[];
}

/** The mapping under `configuration`; a setting that is not there is an empty list. */
export function readSettings(
  value: unknown,
  images: readonly ImageDefinition[],
  options: TreeOptions,
): SettingsReading {
  const faults: TreeFault[] = [];
  const fault = (path: Path, message: string, remedy: string): void => {
    faults.push({ path, message, remedy });
  };
  if (value === undefined || value === null) return { settings: NO_SETTINGS, faults };
  const path = [SETTINGS_KEY];
  if (!isMapping(value)) {
    fault(
      path,
      `Cannot read "${SETTINGS_KEY}": it is no mapping`,
      `Write "${SETTINGS_KEY}: {never_upload: [IMAGE]}"`,
    );
    return { settings: NO_SETTINGS, faults };
  }
  for (const key of Object.keys(value).filter((name) => !KNOWN_SETTINGS.some((known) => known === name))) {
    fault([...path, key], `Cannot use setting "${key}"`, `Known settings are ${KNOWN_SETTINGS.join(', ')}`);
  }
  const list = (key: (typeof KNOWN_SETTINGS)[number]) => stringList(key, value, { path, fault });
  const settings = {
    ignoreStageInConffs: list('ignore_stage_in_conffs').map(({ text }) => text),
    alwaysApplyStageInConffs: list('always_apply_stage_in_conffs').flatMap((item) =>
      readPlaybook(item, options, fault),
    ),
    neverUpload: list('never_upload').flatMap(({ text, at }): ImageName[] => {
      const name = parseImageName(text);
      if (name !== undefined && images.some((image) => image.name === name)) return [name];
      fault(
        at,
        `Cannot keep image ${quote(text)} from publication: there is no such image`,
        'Name an image of this file',
      );
      return [];
    }),
  };
  return { settings, faults };
}

function readPlaybook(
  { text, at }: ListItem,
  { directory, stat }: TreeOptions,
  fault: Reporter['fault'],
): readonly StageDefinition[] {
  const reading = readStage(text, directory, stat);
  if (!('stage' in reading)) {
    fault(at, reading.fault, reading.remedy);
    return [];
  }
  if (reading.stage.kind === 'playbook') return [reading.stage];
  const message = `Cannot apply stage "${text}" in conffs: only playbooks make files of hosts`;
  fault(at, message, 'Name a playbook, or move the stage to an image');
  return [];
}
