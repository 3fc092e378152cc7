import { posix } from 'node:path';
import type { Argv } from '../../ports/command.ts';
import type { StageEnvironment } from '../../ports/container-engine.ts';
import { quote } from '../keys/reading.ts';
import type { ContainerfileAction } from './action.ts';
import { SCRIPT } from './action.ts';
import { readCopy } from './read-copy.ts';
import { REFUSED, WITHOUT_EFFECT } from './refused.ts';
import { StatementFault } from './statement-fault.ts';
import { type Statement, statementsOf, type TextPlace } from './statements.ts';
import { expandWord, jsonWords, splitWords, WordFault } from './words.ts';

/** What is wrong with a Containerfile, and where. */
export interface ContainerfileFault {
  readonly place: TextPlace;
  readonly message: string;
  readonly remedy: string;
}

/** What a Containerfile does; to be used only when there are no faults. */
export interface ContainerfileReading {
  readonly actions: readonly ContainerfileAction[];
  readonly faults: readonly ContainerfileFault[];
}

/** Bytes of a Containerfile, at most. */
export const MAX_CONTAINERFILE_BYTES = 64 * 1024;

const FROM_REMEDY =
  'Remove the line, or write "ARG SOURCE" and "FROM $SOURCE": a stage stands on the one before it';
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Work out what a Containerfile does in a stage with this environment. */
export function readContainerfile(text: string, environment: StageEnvironment): ContainerfileReading {
  const { escape, list } = statementsOf(text);
  const reader = new Reader(escape, environment);
  for (const statement of list) reader.read(statement);
  return { actions: reader.actions, faults: reader.faults };
}

/** INVARIANT: statements come in the order of the file; each sees the variables, folder, user and shell of those before it. */
class Reader {
  readonly actions: ContainerfileAction[] = [];
  readonly faults: ContainerfileFault[] = [];
  private readonly escape: string;
  private readonly given: StageEnvironment;
  private readonly arguments = new Map<string, string>();
  private readonly variables = new Map<string, string>();
  private from: 'open' | 'known' | 'passed' = 'open';
  private directory = '/';
  private user: string | undefined;
  private shell: Argv = ['/bin/sh', '-c'];

  constructor(escape: string, given: StageEnvironment) {
    this.escape = escape;
    this.given = given;
  }

  read(statement: Statement): void {
    try {
      this.readStatement(statement);
    } catch (error) {
      const fault = faultOf(error, statement);
      this.faults.push({ place: statement.place, ...fault });
    }
  }

  private readStatement(statement: Statement): void {
    const { keyword, text } = statement;
    const refusal = REFUSED.get(keyword);
    if (refusal !== undefined)
      throw new StatementFault(`Cannot use ${keyword}: ${refusal.reason}`, refusal.remedy);
    if (keyword === 'FROM') return this.readFrom(statement);
    if (keyword !== 'ARG' && this.from === 'open') this.from = 'known';
    if (WITHOUT_EFFECT.has(keyword)) return;
    if (text === '')
      throw new StatementFault(`Cannot use ${keyword}: it says nothing`, 'Remove the line, or complete it');
    const source = { line: statement.place.line, text: `${keyword} ${text}`.slice(0, 100) };
    switch (keyword) {
      case 'RUN':
        this.actions.push({ kind: 'run', ...this.commandOf(statement), source });
        return;
      case 'COPY':
      case 'ADD': {
        const { escape, directory } = this;
        const copy = readCopy(statement, { escape, directory, expand: (word) => this.expand(word) });
        this.actions.push({ kind: 'copy', ...copy, source });
        return;
      }
      case 'WORKDIR':
        this.directory = posix.resolve(this.directory, this.expand(text));
        this.actions.push({ kind: 'folder', path: this.directory, source });
        return;
      case 'ENV':
        return this.readVariables(text);
      case 'ARG':
        return this.readArguments(text);
      case 'USER':
        this.user = userOf(this.expand(text));
        return;
      case 'SHELL':
        this.shell = jsonWords(text) ?? notJson(keyword);
        return;
      default:
        throw new StatementFault(
          `Cannot use ${quote(keyword)}: it is no instruction`,
          'Instructions are RUN, COPY, ADD, ENV, ARG, WORKDIR, USER, SHELL and LABEL',
        );
    }
  }

  private readFrom({ text, flags }: Statement): void {
    if (this.from === 'passed')
      throw new StatementFault(
        'Cannot use a second FROM: one file makes one stage',
        'Write a stage of its own for each, in files of their own',
      );
    const [image = '', as, name, ...more] = splitWords(text, this.escape);
    const isNamed = as === undefined || (/^as$/i.test(as) && name !== undefined && more.length === 0);
    const isParent = /^\$(?:SOURCE|\{SOURCE\})$/.test(image);
    if (this.from === 'known' || !isParent || !isNamed || flags.length > 0)
      throw new StatementFault(
        `Cannot begin with FROM ${quote(text)}: a stage stands on the one before it`,
        FROM_REMEDY,
      );
    this.from = 'passed';
    // What was declared before it is for its line alone.
    this.arguments.clear();
  }

  private commandOf({ text, flags, documents }: Statement) {
    const [flag] = flags;
    if (flag !== undefined) {
      const remedy =
        'Remove it: "secrets" of the image mounts what is secret, and all commands have the network';
      throw new StatementFault(`Cannot use --${flag.name} of RUN`, remedy, flag.place);
    }
    const own = { ...Object.fromEntries(this.arguments), ...Object.fromEntries(this.variables) };
    const isRoot = this.user === undefined || /^(?:root|0)(?::|$)/.test(this.user);
    // Of another user it is what the root's own /etc/passwd says.
    const { HOME: home = '', ...others } = this.given;
    const environment = isRoot ? { ...others, HOME: home, ...own } : { ...others, ...own };
    const place = {
      environment,
      directory: this.directory,
      ...(this.user === undefined ? {} : { user: this.user }),
    };
    return { ...this.argvOf(text, documents), ...place };
  }

  private argvOf(text: string, documents: string): { readonly argv: Argv; readonly script?: string } {
    const words = documents === '' ? jsonWords(text) : undefined;
    if (words !== undefined) return { argv: words };
    const only = /^<<(-?)(["']?)[A-Za-z0-9_.]+\2$/.exec(text);
    if (documents === '' || only === null) {
      return { argv: [...this.shell, documents === '' ? text : `${text}\n${documents}\n`] };
    }
    const lines = documents.split('\n').slice(0, -1);
    const script = `${lines.map((line) => (only[1] === '-' ? line.replace(/^\t+/, '') : line)).join('\n')}\n`;
    return script.startsWith('#!') ? { argv: [SCRIPT], script } : { argv: [...this.shell, script] };
  }

  /** `ENV A=1 B="2 3"`, or the old `ENV A 1 2 3`. */
  private readVariables(text: string): void {
    const words = splitWords(text, this.escape);
    const [first = ''] = words;
    const isOld = !first.includes('=') && words.length > 1;
    const pairs = isOld ? [[first, text.slice(first.length).trim()] as const] : words.map(pairOf);
    // All of one line see what was set before it.
    const read = pairs.map(
      ([name, value]) => [variableName(name), this.expand(requireValue(name, value))] as const,
    );
    for (const [name, value] of read) this.variables.set(name, value);
  }

  private readArguments(text: string): void {
    for (const [name, value] of splitWords(text, this.escape).map(pairOf)) {
      const given = value === undefined ? givenArgument(variableName(name), this.given) : this.expand(value);
      if (given !== undefined) this.arguments.set(variableName(name), given);
    }
  }

  private expand(word: string): string {
    const lookup = (name: string) => this.variables.get(name) ?? this.arguments.get(name) ?? this.given[name];
    return expandWord(word, { escape: this.escape, lookup });
  }
}

function faultOf(
  error: unknown,
  { keyword }: Statement,
): Omit<ContainerfileFault, 'place'> & { place?: TextPlace } {
  if (error instanceof WordFault)
    return {
      message: `Cannot read ${keyword}: ${error.message}`,
      remedy: 'Check quotes, "$" and the escapes before them',
    };
  if (!(error instanceof StatementFault)) throw error;
  const { message, remedy, place } = error;
  return { message, remedy, ...(place === undefined ? {} : { place }) };
}

function notJson(keyword: string): never {
  throw new StatementFault(
    `Cannot read ${keyword}: it is no JSON list of words`,
    `Write ${keyword} ["/bin/bash", "-c"]`,
  );
}

function pairOf(word: string): readonly [name: string, value: string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function variableName(name: string): string {
  if (VARIABLE.test(name)) return name;
  throw new StatementFault(
    `Cannot name a variable ${quote(name)}`,
    'Use letters, digits and "_", beginning with no digit',
  );
}

function requireValue(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new StatementFault(`Cannot set variable ${quote(name)}: it has no value`, `Write ENV ${name}=VALUE`);
}

/** What Docker's own builder gives to those who ask. */
function givenArgument(name: string, given: StageEnvironment): string | undefined {
  const architecture = given['BIVOUAC_ARCH'] ?? '';
  if (name === 'TARGETOS') return 'linux';
  if (name === 'TARGETARCH') return architecture;
  return name === 'TARGETPLATFORM' ? `linux/${architecture}` : undefined;
}

function userOf(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(text)) return text;
  throw new StatementFault(`Cannot be user ${quote(text)}`, 'Write "USER" or "USER:GROUP", names or numbers');
}
