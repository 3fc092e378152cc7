import { expect, test } from 'vitest';
import { playbookFailure } from '../../../src/adapters/ansible/playbook-failure.ts';

const FOLDER = '/data/playbooks/commits/9dcda309/ansible';

// As ansible-core 2.14 of Debian 12 prints them.
test('a file that is no YAML is told with its place', () => {
  const tail = [
    'ERROR! We were unable to read either as JSON nor YAML, these are the errors we got from each:',
    'JSON: Expecting value: line 1 column 1 (char 0)',
    '',
    'Syntax Error while loading YAML.',
    "  did not find expected ',' or '}'",
    '',
    `The error appears to be in '${FOLDER}/broken.yml': line 4, column 1, but may`,
    'be elsewhere in the file depending on the exact syntax problem.',
  ];
  expect(playbookFailure(tail, FOLDER)).toBe("broken.yml:4:1: no YAML: did not find expected ',' or '}'");
});

test('a role that is not there is told with its place, and the folder of the playbooks is left out', () => {
  const tail = [
    `ERROR! the role 'web' was not found in ${FOLDER}/roles:/usr/share/ansible/roles`,
    '',
    `The error appears to be in '${FOLDER}/site.yml': line 2, column 11, but may`,
  ];
  expect(playbookFailure(tail, FOLDER)).toBe(
    "site.yml:2:11: ERROR! the role 'web' was not found in roles:/usr/share/ansible/roles",
  );
});

test('without a place it is what Ansible says first, else its last line', () => {
  expect(playbookFailure(['PLAY [all]', 'fatal: [web]: no', 'PLAY RECAP'], FOLDER)).toBe('fatal: [web]: no');
  expect(playbookFailure(['PLAY [all]', 'Killed'], FOLDER)).toBe('Killed');
  expect(playbookFailure([], FOLDER)).toBeUndefined();
});
