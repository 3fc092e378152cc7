import type { Argv } from '../../ports/command.ts';

/** Values of variables; undefined for one that is not set. */
export type Lookup = (name: string) => string | undefined;

/** How words are read. */
export interface WordRules {
  /** The character that takes the meaning from the next one. */
  readonly escape: string;
  readonly lookup: Lookup;
}

/** Why a word is none: a sentence without its beginning. */
export class WordFault extends Error {}

const MAX_DEPTH = 16;

/** Blanks part words, unless they are quoted or escaped; quotes and escapes stay where they are. */
export function splitWords(text: string, escape: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === escape && quote !== "'") {
      word += char + text.charAt(at + 1);
      at += 1;
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      word += char;
    }
  }
  if (quote !== '') throw new WordFault(`a quote (${quote}) is not closed`);
  return word === '' ? words : [...words, word];
}

/** What a word stands for: quotes and escapes taken away, variables replaced. Throws `WordFault`. */
export function expandWord(word: string, rules: WordRules): string {
  return new Expansion(word, rules).all(0);
}

class Expansion {
  private readonly word: string;
  private readonly rules: WordRules;
  private at = 0;

  constructor(word: string, rules: WordRules) {
    this.word = word;
    this.rules = rules;
  }

  /** To the end, or to the brace that ends a variable's other value. */
  all(depth: number): string {
    if (depth > MAX_DEPTH) throw new WordFault('variables stand too deep in each other');
    let result = '';
    let quote = '';
    for (;;) {
      const char = this.next();
      if (char === '') return this.ended(result, depth);
      if (char === '}' && depth > 0 && quote === '') return result;
      if (quote === "'") {
        if (char === quote) quote = '';
        else result += char;
      } else if (char === this.rules.escape) result += this.escaped(quote);
      else if (char === '$') result += this.variable(depth);
      else if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else result += char;
    }
  }

  private ended(result: string, depth: number): string {
    if (depth > 0) throw new WordFault('"${" is not closed');
    return result;
  }

  /** In double quotes an escape counts only before what would mean something there. */
  private escaped(quote: string): string {
    const { escape } = this.rules;
    const char = this.next();
    if (char === '') return escape;
    return quote === '' || ['"', '$', escape].includes(char) ? char : escape + char;
  }

  private variable(depth: number): string {
    if (this.word.charAt(this.at) !== '{') {
      const name = this.take(/[A-Za-z_][A-Za-z0-9_]*|[0-9]/y);
      return name === '' ? '$' : (this.rules.lookup(name) ?? '');
    }
    this.at += 1;
    const name = this.take(/[A-Za-z_][A-Za-z0-9_]*/y);
    const operator = this.take(/:?[-+]|\}/y);
    if (name === '' || operator === '')
      throw new WordFault('of "${…}" only "${NAME}", "${NAME:-VALUE}" and "${NAME:+VALUE}" are known');
    const value = this.rules.lookup(name);
    if (operator === '}') return value ?? '';
    const other = this.all(depth + 1);
    const isThere = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
    if (operator.endsWith('+')) return isThere ? other : '';
    return isThere ? (value ?? '') : other;
  }

  private take(form: RegExp): string {
    form.lastIndex = this.at;
    const found = form.exec(this.word)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private next(): string {
    const char = this.word.charAt(this.at);
    this.at += 1;
    return char;
  }
}

/** A JSON list of words; undefined where the text is meant for a shell. */
export function jsonWords(text: string): Argv | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    const [first, ...rest] = value.filter((item) => typeof item === 'string');
    return first === undefined || rest.length + 1 !== value.length ? undefined : [first, ...rest];
  } catch {
    return undefined; // As Docker does: then it is the text of a shell.
  }
}
