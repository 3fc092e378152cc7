import type { ImageDefinition } from '../../core/image.ts';
import { isLintRule, LINT_RULES } from '../lint/rules.ts';
import { entriesOf, type KeyContext, type Mapping, quote, stringList } from './reading.ts';

/** `lint: {allow: [RULE, …]}`: rules that the image is published in spite of, beside those of the parent. */
export function readLint(keys: Mapping, context: KeyContext): Pick<ImageDefinition, 'waives'> {
  const path = [...context.path, 'lint'];
  const entries = entriesOf('lint', keys, context);
  for (const [key] of entries) {
    if (key !== 'allow') context.fault([...path, key], `Cannot use key "lint.${key}"`, 'Use "allow"');
  }
  const own = stringList('allow', Object.fromEntries(entries), { ...context, path }).flatMap(
    ({ text, at }) => {
      if (isLintRule(text)) return [text];
      const remedy = `Rules are ${LINT_RULES.join(', ')}`;
      context.fault(at, `Cannot allow ${quote(text)}: it is no rule of the lint`, remedy);
      return [];
    },
  );
  const waives = [...new Set([...(context.parent?.waives ?? []), ...own])].sort();
  return waives.length === 0 ? {} : { waives };
}
