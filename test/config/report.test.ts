import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { ConfigFault } from '../../src/config/fault.ts';
import { faultJson, faultLine, reportText } from '../../src/config/report.ts';
import { editDistance, nearest } from '../../src/core/suggest.ts';

const FAULT: ConfigFault = {
  file: '/site/hosts/web01.yml',
  place: { line: 12, column: 10, length: 4, source: 'address: 10.7' },
  message: 'The address is bad',
  remedy: 'Choose another',
};

test('a fault is shown with place, line, caret and remedy', () => {
  expect(reportText([FAULT], { directory: '/site' })).toBe(
    [
      'hosts/web01.yml:12:10: The address is bad',
      '   12 | address: 10.7',
      '      |          ^^^^',
      '  remedy: Choose another',
      '',
      '1 fault',
    ].join('\n'),
  );
});

test('colours change nothing but colours', () => {
  const coloured = reportText([FAULT], { directory: '/site', colour: true });
  expect(coloured).toContain('\u001b[31m^^^^');
  expect(stripVTControlCharacters(coloured)).toBe(reportText([FAULT], { directory: '/site' }));
});

test('a long line is cut around the column', () => {
  const source = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
  const text = reportText([{ ...FAULT, place: { line: 1, column: 501, length: 1, source } }]);
  const [line = '', caret = ''] = text.split('\n').slice(1, 3);
  expect(line.length).toBeLessThan(140);
  expect(line[caret.indexOf('^')]).toBe('X');
});

test('what a file holds cannot steer the terminal', () => {
  const place = { line: 1, column: 1, length: 1, source: 'a\u001b[2Jb\u202e\tc' };
  const text = reportText([{ ...FAULT, message: 'bad \u001b[31m', place }]);
  expect(text).toContain('a\\u001b[2Jb\\u202e c');
  expect(text).not.toMatch(/\u001b|\u202e|\t/);
});

test('only the first hundred faults are shown, and all are counted', () => {
  const text = reportText(Array.from({ length: 150 }, () => FAULT));
  expect(text.match(/The address is bad/g)).toHaveLength(100);
  expect(text).toMatch(/150 faults, 50 of them not shown$/);
});

test('a log line holds no text of the file', () => {
  expect(faultLine(FAULT, '/site')).toBe('hosts/web01.yml:12:10: The address is bad (Choose another)');
  expect(faultJson(FAULT)).toEqual({
    file: '/site/hosts/web01.yml',
    line: 12,
    column: 10,
    message: 'The address is bad',
    remedy: 'Choose another',
  });
});

test('suggestions are near or none', () => {
  expect(nearest('adress', ['address', 'image'])).toBe('address');
  expect(nearest('imgae', ['address', 'image'])).toBe('image');
  expect(nearest('zzz', ['address', 'image'])).toBeUndefined();
  expect(editDistance('kitten', 'sitting')).toBe(3);
  expect(editDistance('ab', 'ba')).toBe(1);
});
