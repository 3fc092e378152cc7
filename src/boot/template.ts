import nunjucks from 'nunjucks';
import { AppError } from '../core/errors.ts';
import type { Json } from '../core/host.ts';
import { boundedFilters, boundedRange, type Filter } from './template-filters.ts';
import { refusalOf } from './template-guard.ts';
import {
  type Frame,
  guardedRuntime,
  type RenderContext,
  type RenderLimits,
  type Runtime,
  TemplateStop,
} from './template-runtime.ts';

/** A template and what messages call it: its path as the user knows it. */
export interface TemplateText {
  readonly name: string;
  readonly text: string;
}

/** What a template may name. */
export type TemplateVariables = Readonly<Record<string, Json>>;

/** Output of 16 million characters is the most that a host's own files may have; steps: some 100 000 turns of a loop. */
export const TEMPLATE_LIMITS: RenderLimits = { output: 16 * 1024 * 1024, steps: 1_000_000 };

type Render = (
  ...call: readonly [
    env: unknown,
    context: RenderContext,
    frame: Frame,
    runtime: Runtime,
    done: (error: unknown, result?: unknown) => void,
  ]
) => void;

/** The parts of the engine that its type declarations leave out. */
interface Engine {
  readonly runtime: Runtime;
  readonly parser: { parse(text: string, extensions: readonly unknown[], options: object): unknown };
}

interface EngineEnvironment {
  filters: Record<string, Filter>;
  readonly tests: object;
  readonly globals: object;
}

const OPTIONS = { autoescape: false, throwOnUndefined: true, dev: true };
const engine = parseEngine(nunjucks);
const environment = guardedEnvironment();

const MAX_COMPILED = 256;
const compiled = new Map<string, Render>();

/**
 * Render a template. It sees the given variables and nothing else: no file, no member that is not data. Throws
 * `config-invalid` naming template, line and variable.
 */
export function renderTemplate(
  template: TemplateText,
  variables: TemplateVariables,
  limits: RenderLimits = TEMPLATE_LIMITS,
): string {
  const runtime = guardedRuntime(engine.runtime, limits);
  try {
    const output = run(compile(template), { context: contextOf(variables), runtime });
    if (output.length <= limits.output) return output;
    throw new TemplateStop(`its output is longer than ${limits.output} characters`);
  } catch (error) {
    throw renderFault(template, error);
  }
}

function run(render: Render, world: { readonly context: RenderContext; readonly runtime: Runtime }): string {
  let outcome: { readonly error: unknown; readonly result?: unknown } | undefined;
  const frame = new world.runtime.Frame();
  render(environment, world.context, frame, world.runtime, (error, result) => {
    outcome ??= { error, result };
  });
  if (outcome === undefined) throw new TemplateStop('it did not end');
  if (outcome.error instanceof Error) throw outcome.error;
  return String(outcome.result);
}

function compile(template: TemplateText): Render {
  const known = compiled.get(template.text);
  if (known !== undefined) return known;
  const refusal = refusalOf(engine.parser.parse(template.text, [], OPTIONS));
  if (refusal !== undefined) throw new TemplateStop(refusal.why, refusal.line);
  const render = parseCompiled(new nunjucks.Template(template.text, environment, template.name, true));
  compiled.set(template.text, render);
  const oldest = compiled.keys().next().value;
  if (compiled.size > MAX_COMPILED && oldest !== undefined) compiled.delete(oldest);
  return render;
}

/** What compiled templates ask of their context. Names set at the top are variables like those given. */
function contextOf(variables: TemplateVariables): RenderContext {
  const ctx: Record<string, unknown> = { __proto__: null, ...variables };
  const setVariable = (name: string, value: unknown): void => void (ctx[name] = value);
  return { ctx, env: parseEnvironment(environment), setVariable, addExport: () => undefined };
}

/** An environment without a loader of files, whose tables hold the allowed names and inherit none. */
function guardedEnvironment(): nunjucks.Environment {
  const made = new nunjucks.Environment([], OPTIONS);
  const tables = parseEnvironment(made);
  const filters = boundedFilters(new Map(Object.entries(tables.filters)));
  tables.filters = Object.fromEntries(filters);
  for (const table of [tables.filters, tables.tests, tables.globals]) Object.setPrototypeOf(table, null);
  made.addGlobal('range', boundedRange);
  return made;
}

function renderFault(template: TemplateText, error: unknown): AppError {
  const line = lineOf(error);
  const at = line === undefined ? '' : ` at line ${line}`;
  const remedy = /(?:comment|end of file|raw|tag)/.test(reasonOf(error))
    ? 'Put text that holds "{{", "{%" or "{#" but is no template between {% raw %} and {% endraw %}'
    : undefined;
  const message = `Cannot render template "${template.name}"${at}: ${reasonOf(error)}`;
  return new AppError('config-invalid', message, {
    cause: error,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function lineOf(error: unknown): number | undefined {
  if (error instanceof TemplateStop) return error.line;
  const line = error instanceof Error && 'lineno' in error ? error.lineno : undefined;
  return typeof line === 'number' && line > 0 ? line : undefined;
}

/** One line; the engine puts the place in front of some messages, in lines of its own. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace(/^\([^\n]*\)(?: \[[^\n]*\])?\n/, '').replace(/\s+/g, ' ');
  return text
    .trim()
    .replace(/^(?:Template render error|Error|TemplateStop): /, '')
    .replace(/\.$/, '')
    .slice(0, 300);
}

function parseEngine(library: unknown): Engine {
  return library as Engine;
}

function parseEnvironment(given: nunjucks.Environment): EngineEnvironment {
  return given as unknown as EngineEnvironment;
}

function parseCompiled(template: nunjucks.Template): Render {
  return (template as unknown as { readonly rootRenderFunc: Render }).rootRenderFunc;
}
