import type { FastifyInstance } from 'fastify';
import { AppError } from '../../core/errors.ts';

const MAX_DEPTH = 64;

/** Read JSON bodies, and of the API no others, strictly: no duplicate keys, bounded depth, no keys that reach a prototype, no broken Unicode. */
export function useStrictJson(app: FastifyInstance): void {
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseStrictJson(typeof body === 'string' ? Buffer.from(body) : body));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable'));
    }
  });
}

/** Parse a JSON text in UTF-8. Fails with `invalid-input`. */
export function parseStrictJson(body: Uint8Array): unknown {
  const text = decode(body);
  // First, so that JSON.parse never meets what could exhaust its stack.
  const problem = structureProblem(text);
  if (problem !== undefined) throw invalid(problem);
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is no JSON');
  }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalid('it is not UTF-8');
  }
}

/** What is wrong with the nesting, the keys or the strings; a text that is no JSON may pass. */
function structureProblem(text: string): string | undefined {
  const open: (Set<string> | 'list')[] = [];
  let last: string | undefined;
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') {
      if (open.length >= MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} deep`;
      open.push(token === '{' ? new Set() : 'list');
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const problem = keyProblem(last, open.at(-1));
      if (problem !== undefined) return problem;
    } else {
      last = unquote(token);
      if (last?.isWellFormed() === false) return 'a text holds half a character (lone surrogate)';
    }
  }
  return undefined;
}

/** Strings, and the characters that open, close or name something; what is between them is for JSON.parse to judge. */
function* tokens(text: string): Generator<string> {
  let position = 0;
  while (position < text.length) {
    const character = text.charAt(position);
    const end = character === '"' ? stringEnd(text, position) : position + 1;
    if (end === undefined) return;
    if ('"{}[]:'.includes(character)) yield text.slice(position, end);
    position = end;
  }
}

/** Position after the closing quote; one pass, so that no text makes it slow. */
function stringEnd(text: string, start: number): number | undefined {
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text.charAt(position);
    if (character === '\\') position += 1;
    else if (character === '"') return position + 1;
  }
  return undefined;
}

function keyProblem(key: string | undefined, keys: Set<string> | 'list' | undefined): string | undefined {
  if (key === undefined || !(keys instanceof Set)) return undefined;
  if (FORBIDDEN.has(key)) return `the key "${key}" is not allowed`;
  if (keys.has(key)) return `the key ${JSON.stringify(key.slice(0, 60))} is given twice`;
  keys.add(key);
  return undefined;
}

const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function unquote(token: string): string | undefined {
  try {
    return String(JSON.parse(token));
  } catch {
    return undefined;
  }
}

function invalid(reason: string): AppError {
  return new AppError('invalid-input', `Cannot read the body: ${reason}`);
}
