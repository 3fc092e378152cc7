/** A place of a template that is refused, and why. Line counted from 1. */
export interface TemplateRefusal {
  readonly line: number;
  readonly why: string;
}

/** One node of the tree that the template parser makes. */
type Node = object & { readonly typename: string };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Statements that reach for other files or run later than the rest. */
const REFUSED: Readonly<Record<string, string>> = {
  Include: 'another template cannot be included',
  Import: 'another template cannot be imported',
  FromImport: 'another template cannot be imported',
  Block: 'blocks are not available, since templates do not extend each other',
  Super: 'blocks are not available, since templates do not extend each other',
  Extends: 'another template cannot be extended',
  AsyncEach: '"asyncEach" is not available; use "for"',
  AsyncAll: '"asyncAll" is not available; use "for"',
  IfAsync: '"ifAsync" is not available; use "if"',
  CallExtension: 'extensions are not available',
};

/**
 * What a parsed template must not hold. The compiler makes JavaScript of it and copies some texts into that as they
 * are: symbols (its lexer lets quotes and backticks be part of one), names of tests, and the text of a called
 * expression, which it keeps for a message. Only identifiers may reach those places. Regular expressions are refused
 * because a bad one runs for ever.
 */
export function refusalOf(tree: unknown): TemplateRefusal | undefined {
  for (const node of nodesIn(tree)) {
    const why = whyRefused(node);
    if (why !== undefined) return { line: numberOf(node, 'lineno') + 1, why };
  }
  return undefined;
}

function whyRefused(node: Node): string | undefined {
  switch (node.typename) {
    case 'Symbol':
      return isName(member(node, 'value')) ? undefined : 'a name must be letters, digits and "_"';
    case 'Literal':
      return member(node, 'value') instanceof RegExp ? 'regular expressions are not available' : undefined;
    case 'Is':
      return isTest(member(node, 'right')) ? undefined : 'a test must be a name';
    case 'FunCall':
      return isCallee(member(node, 'name')) ? undefined : 'only a name can be called';
    default:
      return REFUSED[node.typename];
  }
}

function isTest(right: unknown): boolean {
  if (!isNode(right)) return false;
  if (right.typename === 'FunCall') return isTest(member(right, 'name'));
  const value = member(right, 'value');
  return (right.typename === 'Symbol' && isName(value)) || value === null || typeof value === 'boolean';
}

/** `name`, `name.member` and `name["member"]`, nested at will. */
function isCallee(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  switch (callee.typename) {
    case 'Symbol':
      return isName(member(callee, 'value'));
    case 'Literal':
      return isName(member(callee, 'value'));
    case 'LookupVal':
      return isCallee(member(callee, 'target')) && isCallee(member(callee, 'val'));
    // "caller()" of a call block, and the like, have no text of the template in them.
    default:
      return callee.typename === 'Caller';
  }
}

/** Every node below a value, whichever field holds it. */
function* nodesIn(value: unknown): Generator<Node> {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (isNode(next)) yield next;
    waiting.push(...Object.entries(next).map(([, child]: [string, unknown]) => child));
  }
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && 'typename' in value && typeof value.typename === 'string'
  );
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && NAME.test(value);
}

function member(node: object, name: string): unknown {
  return Object.entries(node).find(([key]) => key === name)?.[1];
}

function numberOf(node: object, name: string): number {
  const value = member(node, name);
  return typeof value === 'number' ? value : 0;
}
