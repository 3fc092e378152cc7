// A server that hands out one manifest with one signature, whatever it is asked for, and writes down what it is told.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { argv } from 'node:process';
import { SIGNATURE_HEADER } from '../../src/wire/signature.ts';

const [, , port, manifest = '', signature = '', log = ''] = argv;
createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    appendFileSync(log, `${request.method} ${request.url} ${body}\n`);
    response.setHeader(SIGNATURE_HEADER, signature).end(readFileSync(manifest));
  });
}).listen(Number(port), '0.0.0.0', () => console.log('ready'));
