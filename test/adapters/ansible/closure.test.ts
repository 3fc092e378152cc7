import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnsibleConfig } from '../../../src/adapters/ansible/ansible-config.ts';
import { type Closure, playbookClosure } from '../../../src/adapters/ansible/closure.ts';
import { temporaryFolder } from '../../temporary.ts';

type Files = Readonly<Record<string, string>>;

const SITE: Files = {
  'ansible.cfg': '[defaults]\ninventory = inventory/hosts.yml\nroles_path = roles:more-roles\n',
  'inventory/hosts.yml': 'all: {hosts: {web01: {}}}\n',
  'inventory/group_vars/all.yml': 'a: 1\n',
  'host_vars/web01.yml': 'b: 1\n',
  'host_vars/db01.yml': 'b: 2\n',
  'site.yml':
    '- hosts: all\n  roles: [web, {role: base}]\n  vars_files: [vars/common.yml]\n- import_playbook: more.yml\n',
  'more.yml':
    '- hosts: all\n  tasks:\n    - include_tasks: extra/tasks.yml\n    - ansible.builtin.copy: {src: note, dest: /note}\n',
  'extra/tasks.yml': '- import_role: {name: tools}\n',
  note: 'hello\n',
  'vars/common.yml': 'c: 1\n',
  'roles/web/tasks/main.yml': '- template: src=web.conf.j2 dest=/etc/web.conf\n- import_tasks: more.yml\n',
  'roles/web/tasks/more.yml': '- debug: {msg: "{{ c }}"}\n',
  'roles/web/templates/web.conf.j2': 'port {{ port }}\n{% include "part.j2" %}\n',
  'roles/web/templates/part.j2': 'x\n',
  'roles/web/meta/main.yml': 'dependencies: [{role: users}]\n',
  'roles/base/tasks/main.yml': '- user: {name: x, groups: [sudo]}\n',
  'roles/users/tasks/main.yml': '- user: {name: y}\n',
  'more-roles/tools/files/tool': 'tool\n',
  'roles/unrelated/tasks/main.yml': '- debug: {msg: no}\n',
  'unrelated.yml': '- hosts: all\n',
  'filter_plugins/f.py': 'x = 1\n',
};

function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

async function closureOf(
  files: Files,
  playbook = 'site.yml',
  prepare = (_root: string) => {},
): Promise<Closure> {
  const root = temporaryFolder();
  write(root, files);
  prepare(root);
  const config = await readAnsibleConfig(root, undefined);
  return playbookClosure({ root, playbook, hosts: ['web01'], config });
}

describe('what a playbook depends on', () => {
  it('is what it names, and what that names, and nothing else', async () => {
    const closure = await closureOf(SITE);
    const outside = ['host_vars/db01.yml', 'roles/unrelated/tasks/main.yml', 'unrelated.yml'];
    expect(closure).toEqual({
      files: Object.keys(SITE)
        .filter((path) => !outside.includes(path))
        .sort(),
      mentionsOthers: false,
    });
  });

  it.each([
    [
      'a path made at run time',
      { 'roles/web/tasks/more.yml': '- include_tasks: "{{ ansible_os_family }}.yml"\n' },
    ],
    [
      'a source made at run time',
      { 'roles/web/tasks/more.yml': '- copy:\n    src: "{{ item }}"\n    dest: /x\n' },
    ],
    [
      'a source made at run time, in one line',
      { 'roles/web/tasks/more.yml': '- copy: src={{ x }} dest=/x\n' },
    ],
    ['a role made at run time', { 'extra/tasks.yml': '- include_role: {name: "{{ which }}"}\n' }],
    ['a lookup', { 'roles/web/templates/part.j2': '{{ lookup("file", "/etc/x") }}\n' }],
    [
      'a loop over files',
      { 'roles/base/tasks/main.yml': '- debug: {msg: "{{ item }}"}\n  with_fileglob: ["*.x"]\n' },
    ],
    ['an included template made at run time', { 'roles/web/templates/part.j2': '{% include name %}\n' }],
    ['a role from elsewhere', { 'roles/web/meta/main.yml': 'dependencies: [elsewhere]\n' }],
    ['a file that is no YAML', { 'vars/common.yml': 'a: [\n' }],
    ['a path out of the tree', { 'roles/base/tasks/main.yml': '- script: ../../../../x.sh\n' }],
  ])('is everything with %s', async (_what, change) => {
    const closure = await closureOf({ ...SITE, ...change });
    expect(closure.files).toBe('all');
    expect(closure.why).toMatch(/./);
  });

  it('is everything with a symbolic link', async () => {
    const closure = await closureOf(SITE, 'site.yml', (root) =>
      symlinkSync('/etc', join(root, 'roles/web/files')),
    );
    expect(closure.files).toBe('all');
  });

  it.each([
    '{{ hostvars["db01"].x }}',
    '{% for h in groups.db %}{% endfor %}',
    '{{ groups["web"] | length }}',
  ])('has other hosts with %s', async (text) => {
    const closure = await closureOf({ ...SITE, 'roles/web/templates/part.j2': text });
    expect(closure.mentionsOthers).toBe(true);
  });

  it('changes with every file that counts, and with no other', async () => {
    const base = await closureOf(SITE);
    if (base.files === 'all') throw new Error('Expected a list');
    const counted = new Set(base.files);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(SITE)), async (path) => {
        // A stranger's role: whatever it says, it does not join unless somebody names it.
        const files = counted.has(path) ? SITE : { ...SITE, [path]: '- include_tasks: "{{ x }}.yml"\n' };
        expect((await closureOf(files)).files).toEqual(base.files);
      }),
      { numRuns: 8 },
    );
  });
});
