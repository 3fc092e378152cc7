import { AppError } from '../../core/errors.ts';
import type { LineSink } from '../../ports/container-engine.ts';
import { type BuiltRoot, collectFacts, type LintWorld } from './facts.ts';
import { type Finding, lint } from './rules.ts';

/** A finding, and whether the image is published in spite of it. */
export interface Judged extends Finding {
  readonly isWaived: boolean;
}

/** Look at a finished build with all rules. */
export async function lintRoot(built: BuiltRoot, world: LintWorld): Promise<readonly Judged[]> {
  const waives: readonly string[] = built.target.waives ?? [];
  return lint(await collectFacts(built, world)).map((finding) => ({
    ...finding,
    isWaived: waives.includes(finding.rule),
  }));
}

/** Reject what must not be published, naming every reason; what is waived is said too. */
export async function requireClean(
  built: BuiltRoot,
  { world, log }: { readonly world: LintWorld; readonly log: LineSink },
): Promise<void> {
  const findings = await lintRoot(built, world);
  for (const finding of findings) log(findingLine(finding));
  const refused = findings.filter(({ isWaived }) => !isWaived);
  const [first] = refused;
  if (first === undefined) return;
  const others = refused.length === 1 ? '' : ` (and ${refused.length - 1} more)`;
  const rules = [...new Set(refused.map(({ rule }) => rule))].join(', ');
  throw new AppError(
    'build-failed',
    `Cannot publish image "${built.target.name}": ${first.message}${others}`,
    { remedy: `${first.remedy}; or waive it in the image: "lint: {allow: [${rules}]}"` },
  );
}

/** `lint: driver: Driver "e1000e" is not in the initramfs; Take a "kernel" package …` */
export function findingLine({ rule, message, remedy, isWaived }: Judged): string {
  return `lint: ${rule}: ${message}${isWaived ? ' (waived)' : `; ${remedy}`}`;
}
