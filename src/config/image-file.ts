import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { faultOfArgument } from '../boot/cmdline.ts';
import { MAX_CONTAINERFILE_BYTES, readContainerfile } from '../build/containerfile/read.ts';
import { stageEnvironment } from '../build/environment.ts';
import type { PathKind } from '../build/stage-kind.ts';
import { type ImageTree, imageTree } from '../build/tree.ts';
import { cpuOfProcess } from '../core/arch.ts';
import type { AnsibleSettings } from './ansible.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';
import { checkPlaybooks } from './playbooks.ts';
import { readBounded, readYaml } from './read-file.ts';
import { faultOfSchedule } from './schedule.ts';

/** Read `config.yml` of the images folder; undefined, with faults, when it is no YAML. */
export async function readImageTree(
  directory: string,
  ansible: Pick<AnsibleSettings, 'repository' | 'directory'>,
  faults: FaultList,
): Promise<ImageTree | undefined> {
  const document = await readYaml(join(directory, 'config.yml'), faults);
  if (document === undefined) return undefined;
  const tree = imageTree(document.value, {
    directory,
    architecture: cpuOfProcess(process.arch),
    stat: kindOf,
  });
  for (const { path, message, remedy } of tree.faults) {
    const part = message.includes(`"${path.at(-1)}"`) ? 'key' : 'value';
    faults.at(document.where(path, part), message, remedy);
  }
  checkArguments(document, tree, faults);
  checkSchedules(document, tree, faults);
  checkPlaybooks(document, { tree, place: { ansible, images: directory, stat: kindOf } }, faults);
  await checkContainerfiles(tree, faults);
  return tree;
}

/** A release keeps its kernel arguments for good, so one that no boot could use is told before it is built. */
function checkArguments(document: SourceDocument, { images, paths }: ImageTree, faults: FaultList): void {
  for (const image of images) {
    const inherited = images.find(({ name }) => name === image.parent)?.cmdline.length ?? 0;
    for (const [index, argument] of image.cmdline.slice(inherited).entries()) {
      const fault = faultOfArgument(argument);
      if (fault === undefined) continue;
      const where = document.where([...(paths.get(image.name) ?? []), 'cmdline', index]);
      const message = `Image "${image.name}" cannot have kernel argument ${JSON.stringify(argument)}: it ${fault}`;
      faults.at(where, message, 'Remove it, or write it in another way');
    }
  }
}

function checkSchedules(document: SourceDocument, { images, paths }: ImageTree, faults: FaultList): void {
  for (const { name, schedule } of images) {
    const fault = schedule === undefined ? undefined : faultOfSchedule(schedule);
    if (fault === undefined) continue;
    const where = document.where([...(paths.get(name) ?? []), 'schedule']);
    const remedy = 'Write five fields in quotes: "MINUTE HOUR DAY MONTH WEEKDAY"';
    faults.at(where, `Cannot use the schedule of image "${name}": it ${fault}`, remedy);
  }
}

/** Where a build would stop at the first fault, all are told here. */
async function checkContainerfiles({ images }: ImageTree, faults: FaultList): Promise<void> {
  const checked = new Set<string>();
  for (const image of images) {
    for (const stage of image.stages) {
      if (stage.kind !== 'containerfile' || checked.has(stage.path)) continue;
      checked.add(stage.path);
      const content = await readBounded(stage.path, faults);
      if (content === undefined) continue;
      if (content.length > MAX_CONTAINERFILE_BYTES) {
        const remedy = 'COPY long texts from files beside it';
        faults.file(stage.path, `The file has more than ${MAX_CONTAINERFILE_BYTES} bytes`, remedy);
        continue;
      }
      const text = Buffer.from(content).toString('utf8');
      for (const { place, message, remedy } of readContainerfile(text, stageEnvironment(image, stage.name))
        .faults)
        faults.at({ file: stage.path, place }, message, remedy);
    }
  }
}

/** What is found at a path of this machine, symbolic links followed; undefined too where nobody can look. */
export function kindOf(path: string): PathKind | undefined {
  const stats = statsOf(path);
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return 'directory';
  return stats.isFile() ? 'file' : 'other';
}

/** A name that is too long, and links that lead in circles, are errors of stat(2). */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
