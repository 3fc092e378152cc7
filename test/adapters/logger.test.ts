import { expect, test } from 'vitest';
import { createLogger } from '../../src/adapters/logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ destination: { write: (line) => void lines.push(line) } }));
  return lines.join('');
}

test('a line is one JSON object with a time and a level in words', () => {
  const line = logged((logger) => logger.info({ host: 'web01' }, 'booted'));
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    host: 'web01',
    msg: 'booted',
  });
});

test('what is named like a secret is not written', () => {
  const line = logged((logger) => {
    logger.info({ token: 'S3CRET', headers: { authorization: 'S3CRET' }, a: { b: { password: 'S3CRET' } } });
  });
  expect(line).not.toContain('S3CRET');
});

test('of a request nothing is written but method and path', () => {
  const request = { method: 'GET', url: '/boot/env?token=S3CRET', headers: { cookie: 'S3CRET' } };
  const line = logged((logger) => logger.info({ req: request }, 'request'));
  expect(line).not.toContain('S3CRET');
  expect(line).toContain('"url":"/boot/env"');
});

test('an error keeps its message and code, without queries and other fields', () => {
  const error = Object.assign(new Error('Cannot fetch http://x/boot/env?token=S3CRET now'), {
    code: 'ECONNREFUSED',
    rawPacket: 'S3CRET',
  });
  const line = logged((logger) => logger.error({ err: error }, 'failed'));
  expect(line).not.toContain('S3CRET');
  expect(line).toContain('ECONNREFUSED');
  expect(line).toContain('Cannot fetch http://x/boot/env?… now');
});

test('control characters cannot start a new line or steer a terminal', () => {
  const line = logged((logger) => logger.info({ path: 'a\nb\u001b[2J' }, 'x'));
  expect(line.trimEnd().split('\n')).toHaveLength(1);
  expect(line).not.toContain('\u001b');
});
