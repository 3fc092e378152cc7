import { createReadStream } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

/** Shorter ones would be found by chance. */
const SHORTEST = 8;
/** Of the lines of a longer secret, those that tell it apart: a key that is pasted elsewhere has other line ends. */
const SHORTEST_LINE = 20;
const MARKER = '***';

/** What to look for, and in whose stead to write `***`. */
export class SecretNeedles {
  readonly #needles: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly #texts: readonly string[];

  /** Rejects a secret too short to be told apart from other text. */
  constructor(secrets: readonly Secret[]) {
    this.#needles = secrets.flatMap(({ name, content }) => needlesOf(name, content));
    this.#texts = secrets
      .flatMap(({ content }) => [
        ...linesOf(content)
          .filter((line) => line.length >= SHORTEST && !isFrame(line))
          .flatMap(spellingsOf),
        ...base64Of(trimmed(content)),
      ])
      .sort((a, b) => b.length - a.length);
  }

  /** A line of a log without the secrets. */
  redact(line: string): string {
    return this.#texts.reduce((text, secret) => text.replaceAll(secret, MARKER), line);
  }

  /** Fails with the path of the first entry below a directory that holds a secret. Reads files in pieces. */
  async refuseIn(directory: string): Promise<void> {
    if (this.#needles.length === 0) return;
    for await (const path of entriesBelow(directory, '')) {
      const name = await this.#foundAt(directory, path);
      if (name !== undefined) throw refusal(path, name);
    }
  }

  /** The same for one entry: its name, and what it holds. */
  refuseEntry(path: string, contents: readonly Uint8Array[]): void {
    for (const bytes of [Buffer.from(path), ...contents]) {
      const name = this.#find(bytes);
      if (name !== undefined) throw refusal(path, name);
    }
  }

  async #foundAt(directory: string, path: string): Promise<string | undefined> {
    const full = join(directory, path);
    const info = await lstat(full);
    const inName = this.#find(Buffer.from(path));
    if (inName !== undefined) return inName;
    if (info.isSymbolicLink()) return this.#find(Buffer.from(await readlink(full)));
    return info.isFile() && info.size >= SHORTEST ? await this.#findInFile(full) : undefined;
  }

  async #findInFile(path: string): Promise<string | undefined> {
    const overlap = Math.max(...this.#needles.map(({ bytes }) => bytes.length)) - 1;
    let tail = Buffer.alloc(0);
    const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1024 * 1024 });
    for await (const chunk of chunks) {
      const window = Buffer.concat([tail, chunk]);
      const name = this.#find(window);
      if (name !== undefined) return name;
      tail = window.subarray(Math.max(0, window.length - overlap));
    }
    return undefined;
  }

  #find(bytes: Uint8Array): string | undefined {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#needles.find((needle) => buffer.includes(needle.bytes))?.name;
  }
}

function refusal(path: string, secret: string): AppError {
  return new AppError('build-failed', `Cannot keep the layer: "/${path}" holds secret "${secret}"`, {
    remedy: 'Read it from /run/secrets where it is needed, or remove the file in the same stage',
  });
}

function needlesOf(name: string, content: Buffer): readonly { name: string; bytes: Buffer }[] {
  const bytes = trimmed(content);
  if (bytes.length < SHORTEST) {
    throw new AppError(
      'invalid-input',
      `Cannot use secret "${name}": it has ${bytes.length} characters, wanted at least ${SHORTEST}`,
      { remedy: 'A shorter one would be found in files by chance' },
    );
  }
  const lines = linesOf(content).filter((line) => line.length >= SHORTEST_LINE && !isFrame(line));
  const longest = lines.sort((a, b) => b.length - a.length)[0];
  const line = longest === undefined || longest.length === bytes.length ? [] : [Buffer.from(longest)];
  const encoded = [...quotedForms(content.toString('utf8').trim()), ...base64Of(bytes)];
  return [bytes, ...line, ...encoded.map((text) => Buffer.from(text))].map((needle) => ({
    name,
    bytes: needle,
  }));
}

/** A text as it is, and as it stands in a log: there may be JSON in JSON, as in a message about the arguments of a task. */
function spellingsOf(text: string): readonly string[] {
  const once = quotedForms(text);
  return [...new Set([text, ...once, ...once.flatMap(quotedForms)])];
}

/** How JSON and Python write a text between quotes, where that is not the text itself. */
function quotedForms(text: string): readonly string[] {
  if (text.includes('\ufffd')) return []; // it is no text
  const json = JSON.stringify(text).slice(1, -1);
  const single = json.replaceAll('\\"', '"');
  const forms = [json, single, single.replaceAll("'", "\\'"), ...[json, single].map(inAscii)];
  return [...new Set(forms)].filter((form) => form !== text);
}

function inAscii(text: string): string {
  return text.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function trimmed(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').trim(), 'latin1');
}

/** How it looks inside a longer base64 text, as in `user:password` of a registry: one for each place in a group of three bytes. */
function base64Of(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters at the ends have bits of what is beside it.
    const end = (before + bytes.length) % 3 === 0 ? whole.length : whole.length - 1;
    return whole.slice(Math.ceil((before * 4) / 3), end);
  });
}

function linesOf(content: Buffer): string[] {
  return content
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim());
}

/** The lines around a key are no secret. */
function isFrame(line: string): boolean {
  return line.startsWith('-----');
}

async function* entriesBelow(directory: string, prefix: string): AsyncGenerator<string> {
  for await (const entry of await opendir(join(directory, prefix))) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    yield path;
    if (entry.isDirectory()) yield* entriesBelow(directory, path);
  }
}
