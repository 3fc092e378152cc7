import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder that is removed after the test; what is made for all tests of a file goes at its end. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bivouac-test-'));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    onTestFinished(remove);
  } catch {
    process.once('exit', remove);
  }
  return path;
}
