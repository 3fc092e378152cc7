/** Why a template stopped, at a line counted from 1 where it is known. */
export class TemplateStop extends Error {
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.name = 'TemplateStop';
    this.line = line;
  }
}

/** Thrown by a filter that was given what is not defined; the runtime knows its name. */
export class NotDefined extends Error {}

/** A scope of variables of the template engine. */
export interface Frame {
  set(name: string, value: unknown, resolveUp?: boolean): void;
  push(isolateWrites?: boolean): Frame;
  lookup(name: string): unknown;
}

type FrameClass = new (parent?: Frame, isolateWrites?: boolean) => Frame;

/** The variables and functions that a template sees by name. */
export interface RenderContext {
  readonly ctx: object;
  readonly env: { readonly globals: object };
  setVariable(name: string, value: unknown): void;
  addExport(name: string): void;
}

/** What compiled templates call; the part of it that is replaced here. */
export interface Runtime {
  readonly Frame: FrameClass;
  memberLookup(object: unknown, name: unknown): unknown;
  contextOrFrameLookup(context: RenderContext, frame: Frame, name: string): unknown;
  callWrap(
    ...call: readonly [callee: unknown, name: string, context: unknown, args: readonly unknown[]]
  ): unknown;
  suppressValue(value: unknown, autoescape: boolean): unknown;
  ensureDefined(value: unknown, line: number, column: number): unknown;
  handleError(error: unknown, line: number, column: number): unknown;
}

/** How much one rendering may do. */
export interface RenderLimits {
  /** Characters of output. */
  readonly output: number;
  /** Calls and assignments; a turn of a loop makes about ten. */
  readonly steps: number;
}

/**
 * The engine's runtime made safe for one rendering: a member is an own member (so neither `constructor` nor any method
 * is within reach), work and output are counted, and what is not defined is named.
 */
export function guardedRuntime(base: Runtime, limits: RenderLimits): Runtime {
  const meter = new Meter(limits);
  const names = new Names();
  return {
    ...base,
    Frame: countedFrame(base.Frame, meter),
    memberLookup: (object, name) => names.member(object, name, ownMember(object, name)),
    contextOrFrameLookup: (context, frame, name) => {
      const local = frame.lookup(name);
      return names.variable(name, local === undefined ? fromContext(context, name) : local);
    },
    callWrap: (...call) => {
      meter.step();
      const [callee, name] = call;
      if (typeof callee !== 'function') throw new TemplateStop(`"${name}" is not a function`);
      return base.callWrap(...call);
    },
    suppressValue: (value, autoescape) => meter.write(base.suppressValue(value, autoescape)),
    ensureDefined: (value, line) => {
      if (value !== undefined && value !== null) return value;
      throw new TemplateStop(`${names.missing ?? 'a value'} is not defined`, line + 1);
    },
    // The engine's own idea of the line is that of the call before; none is better than a wrong one.
    handleError: (error) => {
      if (error instanceof NotDefined)
        return new TemplateStop(`${names.missing ?? 'a value'} is not defined`);
      if (error instanceof TemplateStop) return error;
      return new TemplateStop(error instanceof Error ? error.message : String(error));
    },
  };
}

class Meter {
  readonly #limits: RenderLimits;
  #steps = 0;
  #output = 0;

  constructor(limits: RenderLimits) {
    this.#limits = limits;
  }

  step(): void {
    if (++this.#steps > this.#limits.steps)
      throw new TemplateStop(`it takes more than ${this.#limits.steps} steps`);
  }

  write(value: unknown): unknown {
    this.step();
    const text = textOf(value);
    this.#output += text.length;
    if (this.#output > this.#limits.output) {
      throw new TemplateStop(`its output is longer than ${this.#limits.output} characters`);
    }
    return text;
  }
}

/** The text that a value leaves in the output. An object has none, so it is an error and not "[object Object]". */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return value.toString();
  if (value instanceof String) return value.toString();
  if (Array.isArray(value)) return value.map(textOf).join(',');
  throw new TemplateStop('a value that is no text cannot be put out; use the filter "dump" for JSON');
}

/** Remembers how objects were reached, to name what is missing. */
class Names {
  readonly #paths = new WeakMap<object, string>();
  missing: string | undefined;

  variable(name: string, value: unknown): unknown {
    return this.#note(name, value);
  }

  member(object: unknown, name: unknown, value: unknown): unknown {
    // What was missing before stays the reason.
    if (object === undefined || object === null) return value;
    const path = typeof object === 'object' ? this.#paths.get(object) : undefined;
    return this.#note(path === undefined ? String(name) : `${path}.${String(name)}`, value);
  }

  #note(path: string, value: unknown): unknown {
    if (value === undefined || value === null) this.missing = JSON.stringify(path.slice(0, 100));
    else if (typeof value === 'object') this.#paths.set(value, path);
    return value;
  }
}

function ownMember(object: unknown, name: unknown): unknown {
  if (object === undefined || object === null) return undefined;
  const key = typeof name === 'number' ? String(name) : name;
  if (typeof key !== 'string') return undefined;
  const holder: unknown = Object(object);
  // Functions are macros and the engine's own; nothing of them but a call is of use.
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return undefined;
  const value: unknown = Reflect.get(holder, key);
  if (typeof value !== 'function') return value;
  return (...args: unknown[]): unknown => Reflect.apply(value, holder, args);
}

function fromContext(context: RenderContext, name: string): unknown {
  for (const holder of [context.ctx, context.env.globals]) {
    if (Object.hasOwn(holder, name)) return Reflect.get(holder, name);
  }
  return undefined;
}

function countedFrame(Base: FrameClass, meter: Meter): FrameClass {
  return class Counted extends Base {
    override set(name: string, value: unknown, resolveUp?: boolean): void {
      meter.step();
      super.set(name, value, resolveUp);
    }

    override push(isolateWrites?: boolean): Frame {
      return new Counted(this, isolateWrites);
    }
  };
}
