#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';

// A server starts once, and would hold what was kept in memory for as long as it runs.
if (!process.argv.includes('serve')) keepCompiled();
const { runCommandLine } = await import('./cli/program.ts');

process.exitCode = await runCommandLine(process.argv.slice(2));

/**
 * Half of the processor time of a short command is V8 compiling the same files again. What is kept is run the next time, so not
 * in /tmp, Node's default, nor where the environment says: it may still be another user's (sudo).
 */
function keepCompiled(): void {
  try {
    enableCompileCache(join(userInfo().homedir, '.cache/bivouac'));
  } catch {
    // A user without an entry in passwd, as in containers.
  }
}
