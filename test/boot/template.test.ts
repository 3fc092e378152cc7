import { describe, expect, it, vi } from 'vitest';
import { renderTemplate, type TemplateVariables } from '../../src/boot/template.ts';
import { AppError } from '../../src/core/errors.ts';

const NAME = 'hosts/web01/etc/motd';

function render(text: string, variables: TemplateVariables = {}): string {
  return renderTemplate({ name: NAME, text }, variables);
}

function faultOf(text: string, variables: TemplateVariables = {}): AppError {
  try {
    render(text, variables);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`Rendered: ${text}`);
}

describe('a template', () => {
  it('sees its variables, loops, macros, filters and tests', () => {
    const text =
      '{% macro line(x, end="!") %}{{ x.name | upper }}{{ end }}{% endmacro %}' +
      '{% for disk in variables.disks %}{{ loop.index }}:{{ line(disk) }}{{ "," if not loop.last }}{% endfor %}' +
      '{% set n = 2 %}{% if n is even and variables.other is undefined %} even{% endif %}' +
      '{% for key, value in variables.map %} {{ key }}={{ value }}{% endfor %}' +
      '{% for i in range(3) %}{{ i }}{% endfor %} {{ "a-b" | replace("-", "_") }} {{ variables.list | join("/") }}';
    const variables = { disks: [{ name: 'sda' }, { name: 'sdb' }], map: { a: 1, b: 2 }, list: ['x', 'y'] };
    expect(render(text, { variables })).toBe('1:SDA!,2:SDB! even a=1 b=2012 a_b x/y');
  });

  it('leaves text as it is: no HTML escaping, final newline kept', () => {
    expect(render('{{ text }}\n', { text: `<a href="x">&'` })).toBe(`<a href="x">&'\n`);
  });

  it('puts out texts, numbers and lists, but no object by accident', () => {
    const variables = { n: 1.5, yes: true, list: ['a', 'b'], object: { a: 1 } };
    expect(render('{{ n }} {{ yes }} {{ list }} {{ object | dump }}', variables)).toBe(
      '1.5 true a,b {"a":1}',
    );
    expect(faultOf('{{ object }}', variables).message).toContain('use the filter "dump"');
  });

  it('keeps raw parts, whatever they hold', () => {
    expect(render('{% raw %}{{ a"`b }} ${#x}{% endraw %}')).toBe('{{ a"`b }} ${#x}');
  });

  it.each([
    ['line 1\nline 2 {{ variables.greeting }}', 2, '"variables.greeting" is not defined'],
    ['{{ nothing }}', 1, '"nothing" is not defined'],
    ['\n\n{{ variables.a.b.c }}', 3, '"variables.a" is not defined'],
    ['{% for d in variables.disks %}\n{{ d.size }}{% endfor %}', 2, '"size" is not defined'],
    ['a\n{{ variables.name | upper }}', undefined, '"variables.name" is not defined'],
    ['{{ variables.x | nofilter }}', undefined, 'filter not found: nofilter'],
  ])('names template, line and variable of %j', (text, line, reason) => {
    const fault = faultOf(text, { variables: { disks: [{ name: 'sda' }], x: 'y' } });
    expect(fault.code).toBe('config-invalid');
    expect(fault.message).toContain(`Cannot render template "${NAME}"`);
    expect(fault.message).toContain(reason);
    if (line !== undefined) expect(fault.message).toContain(`at line ${line}: `);
    expect(fault.message).not.toContain('\n');
  });

  it('uses the default of what is not defined', () => {
    expect(render('{{ variables.a.b | default("d") }}', { variables: {} })).toBe('d');
  });

  it.each(['{{ a', '{% if x %}', 'x\n{{ 1 +* 2 }}', '#!/bin/sh\necho ${#x}\n', '{% nosuch %}'])(
    'is refused with a reason when it is malformed: %j',
    (text) => {
      expect(faultOf(text).message).toMatch(
        /^Cannot render template "hosts\/web01\/etc\/motd"(?: at line \d+)?: \S/,
      );
    },
  );

  it('that is a shell script with ${#x} is told about raw', () => {
    expect(faultOf('echo ${#x}\n').remedy).toContain('{% raw %}');
  });
});

describe('a template that reaches for the runtime (G4)', () => {
  const variables = { text: 'x', list: [1], object: { a: 1 } };

  it.each([
    '{{ text.constructor }}',
    '{{ text["constructor"] }}',
    '{{ text["const" ~ "ructor"] }}',
    '{{ list.constructor.constructor("return process")() }}',
    '{{ object.__proto__ }}',
    '{{ object["__proto__"].polluted }}',
    '{{ constructor }}',
    '{{ __proto__ }}',
    '{{ toString }}',
    '{{ hasOwnProperty }}',
    '{{ process }}',
    '{{ require }}',
    '{{ globalThis }}',
    '{{ this }}',
    '{{ range.constructor("return process")() }}',
    '{{ range.call }}',
    '{{ cycler("a").constructor }}',
    '{{ joiner.constructor }}',
    '{% macro m() %}{% endmacro %}{{ m.constructor("return 1")() }}',
    '{{ ("x" | safe).constructor }}',
    '{{ list.push(2) }}',
    '{{ text | constructor }}',
    '{{ text | __defineGetter__("x") }}',
    '{{ text is constructor }}',
    '{% include "/etc/passwd" %}',
    '{% include "../secret" ignore missing %}',
    '{% import "/etc/passwd" as x %}',
    '{% from "/etc/passwd" import x %}',
    '{% extends "/etc/passwd" %}',
    '{% block constructor %}{% endblock %}',
    // The compiler copies these texts into JavaScript as they are.
    '{{ a"&hit`x`&"b }}',
    '{{ text is "x\\")&hit`1`&(\\"" }}',
    '{{ "\\\\\\"&hit`1`&\\""() }}',
    '{{ text["\\\\\\"&hit`1`&\\""]() }}',
    '{% for a"b in list %}{% endfor %}',
    '{% set a"b = 1 %}',
    '{% macro a`b() %}{% endmacro %}',
    '{{ text | a"b }}',
    '{{ r/(a+)+$/ }}',
    '{{ text | replace(r/x/g, "y") }}',
    '{% asyncEach x in list %}{% endeach %}',
    '{% asyncAll x in list %}{% endall %}',
  ])('fails, and runs no code: %s', (text) => {
    let hits = 0;
    vi.stubGlobal('hit', () => ++hits);
    expect(() => render(text, variables)).toThrow(AppError);
    expect(hits).toBe(0);
    vi.unstubAllGlobals();
  });

  it('cannot pollute a prototype', () => {
    render(
      '{% set __proto__ = { polluted: 1 } %}{% set x = { "__proto__": { polluted: 1 } } %}ok',
      variables,
    );
    expect(faultOf('{{ x.polluted }}', { x: {} }).message).toContain('"x.polluted" is not defined');
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    ['{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}', 'steps'],
    ['{% for i in { length: 1e12 } %}{% endfor %}', undefined],
    ['{{ range(1000000000) }}', 'at most 10000 numbers'],
    ['{{ range(0, 10, 0) }}', 'at most 10000 numbers'],
    ['{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'Maximum call stack'],
    ['{% macro m(n) %}{{ m(n + 1) ~ m(n + 1) if n < 40 }}{% endmacro %}{{ m(0) }}', 'steps'],
    [
      '{% set a = "0123456789abcdef" %}{% for i in range(26) %}{% set a = a ~ a %}{% endfor %}{{ a }}',
      undefined,
    ],
    ['{% set a = text %}{% for i in range(24) %}{% set a = a ~ a %}{% endfor %}{{ a | upper }}', 'filter'],
    ['{{ "aaaaaaaaaa" | replace("a", list) | center(1000000000) }}', 'filter not found'],
    ['{{ text | indent(1000000000) }}{{ nothing }}', 'not defined'],
  ])('is stopped when it does too much: %s', (text, reason) => {
    const started = performance.now();
    const fault = faultOf(text, { ...variables, text: '0123456789' });
    if (reason !== undefined) expect(fault.message).toContain(reason);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('is stopped at its own limit of output', () => {
    const template = { name: NAME, text: 'x'.repeat(101) };
    expect(() => renderTemplate(template, {}, { output: 100, steps: 10 })).toThrow(
      'longer than 100 characters',
    );
    expect(
      renderTemplate({ name: NAME, text: 'x'.repeat(100) }, {}, { output: 100, steps: 10 }),
    ).toHaveLength(100);
  });
});
