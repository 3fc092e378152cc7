import { type Copy, DockerfileParser, type Instruction, type ModifiableInstruction } from 'dockerfile-ast';

type Range = ReturnType<Instruction['getRange']>;

/** The piece of a Containerfile that a fault is about. */
export interface TextPlace {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly length: number;
  /** The whole line, without its end. */
  readonly source: string;
}

/** An option before the arguments of an instruction: `--NAME=VALUE`. */
export interface StatementFlag {
  readonly name: string;
  readonly value: string | undefined;
  readonly place: TextPlace;
}

/** One instruction of a Containerfile, its meaning not looked at. */
export interface Statement {
  /** In capital letters. */
  readonly keyword: string;
  /** Arguments on one line: without flags, comments, line ends and here-documents. */
  readonly text: string;
  readonly flags: readonly StatementFlag[];
  /** Here-documents as they stand, with their last lines. */
  readonly documents: string;
  readonly place: TextPlace;
}

/** The instructions of a text, and the character that escapes in it. */
export interface Statements {
  readonly escape: string;
  readonly list: readonly Statement[];
}

/** Take a Containerfile apart. */
export function statementsOf(given: string): Statements {
  const text = given.replaceAll('\r\n', '\n').replace(/^\ufeff/, '');
  const file = DockerfileParser.parse(text);
  const escape = file.getEscapeCharacter();
  const lines = text.split('\n');
  const list = file.getInstructions().map((instruction): Statement => {
    const [head, documents] = argumentsOf(instruction);
    return {
      keyword: instruction.getKeyword(),
      text: joined(head, escape),
      flags: flagsOf(instruction, lines),
      documents: documents.join('\n'),
      place: placeOf(instruction.getInstructionRange(), lines),
    };
  });
  return { escape, list };
}

/** Lines of the arguments, and those of here-documents after them. */
function argumentsOf(instruction: Instruction): readonly [readonly string[], readonly string[]] {
  const range = instruction.getArgumentsRange();
  const lines = (instruction.getRawArgumentsContent() ?? '').split('\n');
  const [first] = takesDocuments(instruction) ? instruction.getHeredocs() : [];
  const begin: Range | null | undefined = first?.getContentRange() ?? first?.getDelimiterRange();
  if (range === null || begin === null || begin === undefined) return [lines, []];
  const head = begin.start.line - range.start.line;
  return [lines.slice(0, head), lines.slice(head)];
}

function takesDocuments(instruction: Instruction): instruction is Copy {
  return 'getHeredocs' in instruction && ['RUN', 'COPY'].includes(instruction.getKeyword());
}

function flagsOf(instruction: Instruction, lines: readonly string[]): readonly StatementFlag[] {
  if (!takesFlags(instruction)) return [];
  return instruction.getFlags().map((flag) => ({
    name: flag.getName(),
    value: flag.getValue() ?? undefined,
    place: placeOf(flag.getRange(), lines),
  }));
}

function takesFlags(instruction: Instruction): instruction is ModifiableInstruction {
  return 'getFlags' in instruction;
}

/** Comments and empty lines between continued lines are no part of the instruction. */
function joined(lines: readonly string[], escape: string): string {
  const kept = lines.filter((line, index) => index === 0 || !/^\s*(?:#|$)/.test(line));
  return kept
    .map((line) => {
      const bare = line.trimEnd();
      return bare.endsWith(escape) ? bare.slice(0, -1) : line;
    })
    .join('')
    .trim();
}

function placeOf({ start, end }: Range, lines: readonly string[]): TextPlace {
  const source = lines[start.line] ?? '';
  const length = (end.line === start.line ? end.character : source.length) - start.character;
  return { line: start.line + 1, column: start.character + 1, length: Math.max(1, length), source };
}
