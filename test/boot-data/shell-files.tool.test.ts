import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';

/** Every file below these folders that is shell text, by name or by first line. */
function shellFiles(...folders: string[]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .filter((path) => path.endsWith('.sh') || readFileSync(path, 'utf8').startsWith('#!/bin/sh'));
}

describeWith(['shellcheck', 'dash'], 'shell files of boot/ and images/', () => {
  const files = shellFiles('boot', 'images');
  const posix = files.filter((path) => !path.endsWith('module-setup.sh'));

  it('are found', () => {
    expect(posix.length).toBeGreaterThan(12);
  });

  it('have no fault that shellcheck knows', () => {
    execFileSync('shellcheck', ['--shell=sh', '--severity=style', ...posix], { encoding: 'utf8' });
    execFileSync('shellcheck', ['--shell=bash', ...files.filter((path) => !posix.includes(path))]);
  });

  it.each(posix)('%s parses as POSIX shell', (path) => {
    execFileSync('dash', ['-n', path]);
    execFileSync('busybox', ['sh', '-n', path]);
  });
});
