import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { StormReport } from '../../../src/lab/storm/summary.ts';
import { describeWith } from '../../requirements.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
const SMALL = ['--nbp-size', '200KiB', '--kernel-size', '300KiB', '--initramfs-size', '400KiB'];

/** Start `bivouac lab storm`; resolves to what it printed, with what is left of it when it has ended. */
function startStorm(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, '--json', 'lab', 'storm', ...SMALL, ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode,
    ...output,
    namespaces: readdirSync('/run/netns').filter((name) => name.startsWith(`bivouac-storm-${child.pid}`)),
  }));
  return { child, output, ended };
}

describeWith(['root', 'ip', 'tc', 'nft', 'setpriv', 'ssh-keygen'], 'bivouac lab storm', () => {
  test('boots twenty hosts over a link that loses 5 %, and leaves nothing behind', async () => {
    const { ended } = startStorm(['--hosts', '20', '--loss', '5', '--stagger', '1', '--limit', '120']);
    const { code, stdout, stderr, namespaces } = await ended;
    expect(stdout, stderr).toMatch(/^\{/);
    const report = JSON.parse(stdout) as StormReport;
    expect(report, stdout).toMatchObject({ ok: true, hosts: 20, completed: 20, failures: [] });
    expect(report.httpStatuses['5xx'] ?? 0).toBe(0);
    // Without a loss there were not one: 20 hosts send and get some 10 000 packets.
    expect(report.retries.tftp).toBeGreaterThan(0);
    expect(report.files.checked).toBeGreaterThanOrEqual(20 * 9);
    expect(report.files.hashed).toBeGreaterThan(0);
    expect(report.dhcpProbe?.count).toBeGreaterThan(0);
    expect(report.server.cpuSeconds).toBeGreaterThan(0);
    expect(report.server.peakRssBytes).toBeGreaterThan(30e6);
    expect(namespaces).toEqual([]);
    expect(code).toBe(0);
  });

  test('Ctrl-C ends it and removes all of it', async () => {
    const { child, output, ended } = startStorm(['--hosts', '5', '--stagger', '120', '--probe', '0']);
    while (!output.stderr.includes('hosts ') && child.exitCode === null) await delay(100);
    child.kill('SIGINT');
    const { code, namespaces, stderr } = await ended;
    expect(code, stderr).toBe(1);
    expect(namespaces).toEqual([]);
    const left = spawnSync('pgrep', ['-f', `bivouac-storm-${child.pid}`], { encoding: 'utf8' });
    expect(left.stdout).toBe('');
    const folder = /in (\S*bivouac-storm-\S+)/.exec(stderr)?.[1] ?? '';
    expect(folder).toContain(tmpdir());
    expect(readdirSync(tmpdir())).not.toContain(folder.split('/').at(-1));
  });

  test('says when a host does not get healthy, and ends with 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-storm-'));
    const args = ['--hosts', '2', '--stagger', '120', '--limit', '1', '--probe', '0', '--directory', folder];
    const { code, stdout } = await startStorm(args).ended;
    rmSync(folder, { recursive: true });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, hosts: 2, failed: 1 });
    expect(code).toBe(1);
  });
});
