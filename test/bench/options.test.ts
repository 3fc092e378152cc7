import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('without arguments all is measured', () => {
  expect(parseOptions([])).toEqual({ kind: 'measure', only: '', json: false, save: false });
});

test('a group, rounds and a part of a name', () => {
  expect(parseOptions(['boot', '--json', '--rounds', '3', '--only', 'tftp'])).toEqual({
    kind: 'measure',
    group: 'boot',
    rounds: 3,
    only: 'tftp',
    json: true,
    save: false,
  });
  expect(parseOptions(['--table'])).toEqual({ kind: 'table' });
});

test('what makes no sense is refused', () => {
  for (const args of [
    ['boots'],
    ['boot', 'build'],
    ['--rounds', '0'],
    ['--rounds', 'x'],
    ['--fast'],
    ['--save', '--only', 'tftp'],
  ])
    expect(parseOptions(args), args.join(' ')).toBeUndefined();
});
