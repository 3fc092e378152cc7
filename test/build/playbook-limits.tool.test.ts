import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage } from '../../src/build/build.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { describeWith } from '../requirements.ts';
import { PLAYBOOK_TOOLS, PlaybookSite } from './playbook-site.ts';

const SETTING = '/proc/sys/vm/swappiness';
/** Capabilities that act on the machine as a whole, by their numbers in capabilities(7). */
const OF_THE_MACHINE = { netAdmin: 12, sysModule: 16, sysRawio: 17, sysBoot: 22, sysTime: 25, syslog: 34 };

describeWith(PLAYBOOK_TOOLS, 'what playbooks leave alone', () => {
  let folder: PlaybookSite;
  let site: BuildSite & { close(): Promise<void> };
  const lines: string[] = [];

  const build = (stage: string, more: object = {}): Promise<BuildOutcome> => {
    lines.length = 0;
    const { signal } = new AbortController();
    const [trixie, web] = folder.images(stage);
    const images = [trixie, { ...web, ...more }];
    return buildImage({ image: web.name, images, log: (line) => lines.push(line), signal }, site);
  };

  beforeAll(async () => {
    folder = new PlaybookSite();
    site = await folder.open();
    await folder.plantBase(site);
  });

  afterAll(async () => {
    await site.close();
    await folder.remove();
  });

  it('the machine that builds: its settings cannot be written, and what acts on its kernel is not allowed', async () => {
    const before = readFileSync(SETTING, 'utf8');
    folder.commit({
      'machine.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: 'echo ${before.trim()} > ${SETTING}'
      register: written
      ignore_errors: true
    - ansible.builtin.command: cat /proc/self/status
      register: status
    - ansible.builtin.command: hostname elsewhere
    - ansible.builtin.copy:
        content: "{{ written.rc }} {{ status.stdout_lines | select('match', 'CapBnd') | first | split | last }}"
        dest: /etc/marker
        mode: "0640"
`,
    });
    await build('machine.yml');
    const layer = await topLayer();
    const [code, bounding = ''] = readFileSync(join(layer, 'etc/marker'), 'utf8').split(' ');
    expect(Number(code)).toBeGreaterThan(0);
    expect(readFileSync(SETTING, 'utf8')).toBe(before);
    const allowed = BigInt(`0x${bounding}`);
    const kept = Object.entries(OF_THE_MACHINE).filter(([, bit]) => ((allowed >> BigInt(bit)) & 1n) === 1n);
    expect(kept).toEqual([]);
  });

  it('services: where systemd would start them they are left to it, and no init script is run', async () => {
    folder.commit({
      'services.yml': `
- hosts: all
  tasks:
    - ansible.builtin.shell: mkdir -p /sbin && ln -s /lib/systemd/systemd /sbin/init && ln -s busybox /bin/systemctl
    - ansible.builtin.setup: {gather_subset: ["!all", service_mgr]}
    - ansible.builtin.copy: {content: "{{ ansible_facts.service_mgr }}", dest: /etc/marker, mode: "0640"}
`,
    });
    await build('services.yml');
    expect(readFileSync(join(await topLayer(), 'etc/marker'), 'utf8')).toBe('systemd');
  });

  it('the commit: a log, a cache of facts and files fetched into it are not there for the next run', async () => {
    const cfg = readFileSync(join(folder.repository, 'ansible.cfg'), 'utf8');
    const more = 'log_path = ansible.log\nfact_caching = jsonfile\nfact_caching_connection = .facts\n';
    folder.commit({
      'ansible.cfg': `${cfg}${more}`,
      'host_vars/web.yml': 'a: 1\n',
      'writing.yml': `
- hosts: all
  tasks:
    - ansible.builtin.copy: {content: "{{ lookup('env', 'HOME') | length }}", dest: /etc/marker, mode: "0640"}
    - ansible.builtin.fetch: {src: /etc/marker, dest: fetched/, flat: true}
`,
    });
    await build('writing.yml');
    expect((await build('writing.yml')).stepsRun).toBe(0);
    const commits = join(folder.path, 'data/playbooks/commits');
    const names = readdirSync(commits).flatMap((commit) => readdirSync(join(commits, commit)));
    expect(names.filter((name) => ['ansible.log', '.facts', 'fetched'].includes(name))).toEqual([]);
  });

  it('secrets: neither the log nor a failure has one, however Ansible writes it', async () => {
    const path = join(folder.path, 'password');
    writeFileSync(path, 'cor"rect\\horse\tbät');
    folder.commit({
      'quoted.yml': `
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: cat /run/secrets/password
      register: password
    - ansible.builtin.debug: {var: password.stdout}
    - ansible.builtin.fail: {msg: "{{ {'password': password.stdout} | to_json }} {{ 'x' * 900 }}"}
`,
    });
    const failure = await build('quoted.yml', { secrets: [{ name: 'password', path }] }).then(
      () => 'built',
      String,
    );
    expect(lines.join('\n')).toContain('***');
    expect([...lines, failure].join('\n')).not.toMatch(/cor.{0,2}"rect|horse/);
  });

  it('what they are told to fail with: the file, the line and the task are named', async () => {
    folder.commit({
      'roles/deep/tasks/main.yml': '- name: too deep\n  ansible.builtin.fail: {msg: not so deep}\n',
    });
    folder.commit({ 'deep.yml': '- hosts: all\n  gather_facts: false\n  roles: [deep]\n' });
    await expect(build('deep.yml')).rejects.toThrow(
      'stage "deep.yml" failed: task "deep : too deep" (roles/deep/tasks/main.yml:1): not so deep',
    );
  });

  const topLayer = async (): Promise<string> => {
    const built = await site.built.all();
    const id = built.find(({ image }) => image === 'web')?.layers.at(-1)?.result.container;
    if (id === undefined) throw new Error('Expected a layer');
    return await site.world.engine.topLayer(id);
  };
});
