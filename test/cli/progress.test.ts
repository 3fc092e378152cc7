import { expect, test } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';

const LINES = [
  '[1/2] a: x … known',
  '[2/2] a: y …',
  '  said by y',
  '[2/2] a: y … 1.0 s, layer of 5 kB',
  'Done',
];

function shown(isTTY: boolean, verbose: boolean, lines: readonly string[] = LINES): string {
  let text = '';
  const write = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  const progress = new Progress({ verbose, screen: { isTTY, write } });
  for (const line of lines) progress.show(line);
  progress.end();
  return text;
}

test('on a terminal a step is one line', () => {
  expect(shown(true, false)).toBe('[1/2] a: x … known\n[2/2] a: y … 1.0 s, layer of 5 kB\nDone\n');
});

test('on a terminal what a step prints stands between its two lines', () => {
  expect(shown(true, true)).toBe(`${LINES.join('\n')}\n`);
});

test('a step that does not end leaves no open line', () => {
  expect(shown(true, false, ['[1/2] a: x …'])).toBe('[1/2] a: x …\n');
  expect(shown(true, false, ['[1/2] a: x …', '[2/2] a: y …'])).toBe('[1/2] a: x …\n[2/2] a: y …\n');
});

test('elsewhere each line is its own', () => {
  expect(shown(false, false)).toBe(`${LINES.filter((line) => !line.startsWith('  ')).join('\n')}\n`);
});
