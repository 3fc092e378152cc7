import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where execvp(3) looks when there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** Whether a program would be found by execvp(3) with this environment. */
export function isOnPath(
  program: string,
  { PATH = DEFAULT_PATH }: Readonly<Record<string, string>>,
): boolean {
  const candidates = program.includes('/')
    ? [program]
    : PATH.split(':').map((folder) => join(folder, program));
  return candidates.some(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
