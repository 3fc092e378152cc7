import { errorMessageFaults } from './error-messages.ts';
import { undocumentedExports } from './export-docs.ts';
import { forbiddenWords } from './forbidden-words.ts';
import { firstLine, projectFiles, readText } from './project-files.ts';

/** Faults of the files of the project, one line for each: `file:line: what`. */
export type Findings = readonly string[];

/** Exports without a doc comment. */
export function checkDocs(): Findings {
  return inSources((path, text) =>
    undocumentedExports(path, text).map(
      ({ name, line }) => `${path}:${line}: export "${name}" has no doc comment`,
    ),
  );
}

/** Error messages against the rules, and words that the project must not hold. */
export function checkWords(): Findings {
  const messages = inSources((path, text) =>
    errorMessageFaults(path, text).map(
      ({ line, message, why }) => `${path}:${line}: error message ${why}: ${message}`,
    ),
  );
  const words = projectFiles().flatMap((path) =>
    forbiddenWords(readText(path) ?? '').map(({ line, word, why }) => `${path}:${line}: "${word}" is ${why}`),
  );
  return [...messages, ...words];
}

/** Shell scripts by their name, or by their first line. */
export function shellFiles(): readonly string[] {
  return projectFiles().filter(
    (path) => path.endsWith('.sh') || /^#!.*\b(?:sh|bash|dash)\b/.test(firstLine(path)),
  );
}

function inSources(check: (path: string, text: string) => readonly string[]): Findings {
  return projectFiles()
    .filter((path) => /^(?:src|scripts)\/.*\.ts$/.test(path))
    .flatMap((path) => check(path, readText(path) ?? ''));
}
