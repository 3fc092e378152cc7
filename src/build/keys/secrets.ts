import type { ImageSecret } from '../../core/image.ts';
import {
  entriesOf,
  isMapping,
  isPlainPath,
  type KeyContext,
  type Mapping,
  quote,
  stringList,
} from './reading.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_SECRETS = 32;
const OPTIONS = ['path', 'stages'];

/** `secrets`: files of this machine that stages of the image see below `/run/secrets`; its own, never its parent's. */
export function readSecretKeys(keys: Mapping, context: KeyContext): readonly ImageSecret[] {
  const entries = entriesOf('secrets', keys, context);
  const at = [...context.path, 'secrets'];
  if (entries.length > 0 && context.parent === undefined) {
    const message =
      'Cannot give secrets to a release master: they are for stages of its own, which it has none of';
    context.fault(at, message, 'Move them to the image whose stages need them');
  }
  if (entries.length > MAX_SECRETS) {
    context.fault(at, `Cannot use ${entries.length} secrets`, `Keep to ${MAX_SECRETS} for an image`);
    return [];
  }
  return entries.flatMap(([name, value]) => {
    const reporter = { ...context, path: [...at, name] };
    if (NAME.test(name)) return readSecret(name, value, { keys, context: reporter }) ?? [];
    const remedy = 'Use letters, digits, ".", "_" and "-", at most 64, beginning with a letter or digit';
    context.fault(reporter.path, `Cannot name a secret ${quote(name)}`, remedy);
    return [];
  });
}

interface Place {
  readonly keys: Mapping;
  readonly context: KeyContext;
}

function readSecret(name: string, value: unknown, { keys, context }: Place): ImageSecret | undefined {
  const { path: at, fault } = context;
  const options: Mapping = isMapping(value) ? value : { path: value };
  for (const option of Object.keys(options).filter((option) => !OPTIONS.includes(option)))
    fault([...at, option], `Cannot use option "${option}" of a secret`, `Options are ${OPTIONS.join(', ')}`);
  const { path } = options;
  if (typeof path !== 'string' || !isPlainPath(path)) {
    // What is written there may be the secret itself.
    const remedy = `Write "${name}: /PATH/OF/A/FILE", absolute and without ".."`;
    fault(
      isMapping(value) && 'path' in value ? [...at, 'path'] : at,
      `Cannot read secret "${name}" from there: it is no path`,
      remedy,
    );
    return undefined;
  }
  if (!('stages' in options)) return { name, path };
  const known = new Set(
    stringList('stages', keys, { path: at, fault: () => undefined }).map(({ text }) => text),
  );
  const stages = stringList('stages', options, context).flatMap(({ text, at: place }) => {
    if (known.has(text)) return [text];
    fault(
      place,
      `Cannot give secret "${name}" to stage ${quote(text)}: the image has no such stage`,
      'Name stages as in "stages" of the image',
    );
    return [];
  });
  return { name, path, stages };
}
