import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { type Answer, sendAndBreak, sendFile, startFileServer } from './file-server.ts';
import { InitramfsShell } from './initramfs-shell.ts';

const CONTENT = randomBytes(300_000);
const HEX = createHash('sha256').update(CONTENT).digest('hex');

/** Fetches CONTENT from a server that answers like this. */
async function fetchFrom(answer: Answer, options: { tries?: number; header?: string; part?: Buffer } = {}) {
  const shell = new InitramfsShell();
  const server = await startFileServer(answer);
  const file = join(shell.run, 'images', HEX);
  if (options.part !== undefined) shell.write(`images/${HEX}.part`, options.part);
  const header = options.header === undefined ? '' : shell.write('authorization', options.header);
  const program = `sleep() { echo "pause $1"; }
    fetch_file ${HEX} ${CONTENT.length} ${server.base}/layer ${file} ${header} || { echo "FAIL $FAIL_REASON [$FAIL_URL]"; exit 1; }`;
  const result = await shell.sh(program, { FETCH_TRIES: String(options.tries ?? 4) });
  return { ...result, seen: server.seen, file, shell };
}

describeWith(['busybox', '/usr/bin/curl', 'sha256sum'], 'fetching a file in the initramfs', () => {
  it('keeps a file whose size and digest match', async () => {
    const { code, file, seen } = await fetchFrom((request, response) => sendFile(CONTENT, request, response));
    expect(code).toBe(0);
    expect(readFileSync(file).equals(CONTENT)).toBe(true);
    expect(seen).toHaveLength(1);
  });

  it('resumes after a broken connection and hashes what it had', async () => {
    const { code, seen, stdout } = await fetchFrom((request, response, turn) => {
      if (turn < 2) sendAndBreak(CONTENT, 100_000, [request, response]);
      else sendFile(CONTENT, request, response);
    });
    expect(code, stdout).toBe(0);
    expect(seen.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('does not count tries that brought bytes', async () => {
    const { code, seen } = await fetchFrom(
      (request, response) => sendAndBreak(CONTENT, 50_000, [request, response]),
      { tries: 2 },
    );
    expect(code).toBe(0);
    expect(seen).toHaveLength(6);
  });

  it('throws a corrupted file away and fetches it whole again', async () => {
    const corrupted = Buffer.from(CONTENT);
    corrupted.writeUInt8(corrupted.readUInt8(777) ^ 1, 777);
    const { code, seen } = await fetchFrom((request, response, turn) =>
      sendFile(turn === 0 ? corrupted : CONTENT, request, response),
    );
    expect(code).toBe(0);
    expect(seen.map(({ range }) => range)).toEqual([undefined, undefined]);
  });

  it('finds a corrupted head of a resumed file', async () => {
    const { code, seen } = await fetchFrom((request, response) => sendFile(CONTENT, request, response), {
      part: randomBytes(1000),
    });
    expect(code).toBe(0);
    expect(seen.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
  });

  it('gives up on content that stays wrong, and leaves nothing behind', async () => {
    const wrong = randomBytes(CONTENT.length);
    const { code, stdout, file, seen } = await fetchFrom(
      (request, response) => sendFile(wrong, request, response),
      {
        tries: 3,
      },
    );
    expect(code).toBe(1);
    expect(seen).toHaveLength(3);
    expect(stdout).toContain(`wanted sha256:${HEX.slice(0, 12)} and 300000 bytes`);
    expect(existsSync(file) || existsSync(`${file}.part`)).toBe(false);
  });

  it('takes no more bytes than announced', async () => {
    const huge = Buffer.concat([CONTENT, randomBytes(2_000_000)]);
    const { code, file } = await fetchFrom((request, response) => sendFile(huge, request, response), {
      tries: 2,
    });
    expect(code).toBe(1);
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  it('starts over where the server knows no ranges', async () => {
    const { code } = await fetchFrom((_, response) => response.end(CONTENT), {
      part: CONTENT.subarray(0, 5000),
    });
    expect(code).toBe(0);
  });

  it('asks again with growing pauses while the server fails, at once not when it refuses', async () => {
    const broken = await fetchFrom((_, response) => response.writeHead(503).end(), { tries: 4 });
    expect(broken.stdout.match(/pause \d+/g)).toEqual(['pause 1', 'pause 2', 'pause 4']);
    const refused = await fetchFrom((_, response) => response.writeHead(403).end('a page'));
    expect(refused.stdout).toMatch(/FAIL .*403 \[http:.*\/layer\]/);
    expect(refused.seen).toHaveLength(1);
  });

  it('follows no redirect and shows the token to no argument list', async () => {
    const other = await startFileServer((request, response) => sendFile(CONTENT, request, response));
    const { code, seen, curls } = await fetchFrom(
      (_, response) => response.writeHead(302, { location: `${other.base}/layer` }).end(),
      { header: 'Authorization: Bearer t0ken\n', tries: 1 },
    );
    expect(code).toBe(1);
    expect(other.seen).toEqual([]);
    expect(seen[0]?.authorization).toBe('Bearer t0ken');
    expect(curls.join('\n')).not.toContain('t0ken');
  });
});
