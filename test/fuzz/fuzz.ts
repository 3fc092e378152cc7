import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pseudoRandom } from '../daemon/hostile-input.ts';
import { mutatedInput, type Random } from './mutate.ts';

/** What is sent to a target: one or more messages, in order. */
export type Input = readonly Uint8Array[];

/** A part of the server that must stand any input. */
export interface Target {
  readonly name: string;
  /** Good inputs that others are made from, beside those of the corpus. */
  readonly seeds: () => readonly Input[];
  /** Feed one input; throws, or rejects, when the server did what it must never do. */
  readonly check: (input: Input) => void | Promise<void>;
  /** A change that knows the format; else octets are changed blindly. */
  readonly mutate?: (message: Uint8Array, random: Random) => Uint8Array;
  readonly stop?: () => Promise<void>;
}

/** An input that a target did not stand. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  readonly input: Input;

  constructor(target: string, input: Input, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Target "${target}" fails: ${why}\n${formatInput(input)}`, { cause });
    this.input = input;
  }
}

const CORPUS = join(import.meta.dirname, 'corpus');

/** Inputs that once failed, or are known to be odd, by file name. */
export function corpusOf({ name }: Target): ReadonlyMap<string, Input> {
  const folder = join(CORPUS, name);
  const files = readdirSync(folder).filter((file) => file.endsWith('.hex'));
  return new Map(files.map((file) => [file, parseInput(readFileSync(join(folder, file), 'utf8'))]));
}

/** Keep an input; gives its path. */
export function keepInput({ name }: Target, file: string, input: Input): string {
  const folder = join(CORPUS, name);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${file}.hex`);
  writeFileSync(path, formatInput(input));
  return path;
}

/** Feed one input; throws {@link FuzzFailure}. */
export async function feed(target: Target, input: Input): Promise<void> {
  try {
    await target.check(input);
  } catch (error) {
    throw new FuzzFailure(target.name, input, error);
  }
}

/** Feed inputs made from seeds and corpus, the same for the same `seed`, for as long as `go` says; gives how many. */
export async function fuzz(target: Target, seed: number, go: (cases: number) => boolean): Promise<number> {
  const random = pseudoRandom(seed);
  const known = [...target.seeds(), ...corpusOf(target).values()];
  let cases = 0;
  for (; go(cases); cases++) await feed(target, mutatedInput(known, random, target.mutate));
  return cases;
}

/** One message a line, in hexadecimal; lines that begin with "#" are comments. */
function parseInput(text: string): Input {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => Buffer.from(line === '-' ? '' : line, 'hex'));
}

function formatInput(input: Input): string {
  return input.map((message) => `${Buffer.from(message).toString('hex') || '-'}\n`).join('');
}
