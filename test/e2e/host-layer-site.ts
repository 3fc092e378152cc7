import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LabSite, makeLabSite, ROOT } from './site.ts';

const TREE = `
      shop:
        stages: [shop/system.sh]
        conffs: "web*"
configuration:
  always_apply_stage_in_conffs: [shop/host.yml]
`;

const SYSTEM = `#!/bin/sh -eu
apt-get update
apt-get install --yes --no-install-recommends python3 libcap2-bin
mkdir -p /usr/share/shop/old/deep
for name in goods offers old/one old/deep/two; do echo image > "/usr/share/shop/$name"; done
cp /usr/bin/ping /usr/local/bin/of-the-image
setcap cap_net_raw=ep /usr/local/bin/of-the-image
/usr/lib/bivouac/clean-layer
`;

const TEMPLATE = `host {{ inventory_hostname }} ({{ bivouac_mac }}, {{ bivouac_address }}) of {{ bivouac_image }}
greeting {{ greeting }}
`;

// A shop's own files: rendered, with owners and modes, deleted, replaced, capable, with a hard link and an attribute.
const PLAYBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - name: is there a disk
      ansible.builtin.fail: {msg: "no disk in {{ inventory_hostname }}"}
      when: broken | default(false)
    - ansible.builtin.template: {src: shop.conf.j2, dest: /etc/shop.conf, owner: www-data, group: "4", mode: "0640"}
    - ansible.builtin.file: {path: /usr/share/shop/goods, state: absent}
    - ansible.builtin.shell: |
        set -e
        rm -r /usr/share/shop/old && mkdir -m 0711 /usr/share/shop/old && echo host > /usr/share/shop/old/three
        cp /usr/bin/python3 /usr/local/bin/probe && setcap cap_net_bind_service=ep /usr/local/bin/probe
        ln /etc/shop.conf /etc/shop.link
        mkdir -p /var/lib/shop && chown 33:4 /var/lib/shop && chmod 2770 /var/lib/shop
        python3 -c 'import os; os.setxattr("/etc/shop.conf", "user.shop", b"here")'
        systemctl enable systemd-timesyncd.service
`;

/** A lab whose hosts run an image with host layers: that of web01 can be made, that of web02 cannot while it is broken. */
export async function makeHostLayerSite(folder: string, data: string): Promise<LabSite> {
  const site = await makeLabSite(folder, data, (hosts) => {
    for (const name of ['web01', 'web02']) {
      const file = join(hosts, `${name}.yml`);
      writeFileSync(file, readFileSync(file, 'utf8').replace('image: web', 'image: shop'));
    }
    breakHost(hosts, true);
  });
  const images = join(folder, 'images');
  cpSync(join(ROOT, 'images'), images, { recursive: true });
  cpSync(join(ROOT, 'boot'), join(folder, 'boot'), { recursive: true });
  write(join(images, 'config.yml'), `${readFileSync(join(images, 'config.yml'), 'utf8').trimEnd()}${TREE}`);
  write(join(images, 'shop/system.sh'), SYSTEM);
  // Data is kept between runs: another playbook, so that no host layer is known.
  write(join(images, 'shop/host.yml'), `# ${Date.now()}\n${PLAYBOOK}`);
  write(join(images, 'shop/templates/shop.conf.j2'), TEMPLATE);
  const text = readFileSync(site.config, 'utf8').replace(
    `images: ${join(ROOT, 'images')}`,
    `images: ${images}`,
  );
  write(site.config, text);
  return site;
}

/** Let the playbook fail on web02, or not. */
export function breakHost(hosts: string, isBroken: boolean): void {
  const file = join(hosts, 'web02.yml');
  const text = readFileSync(file, 'utf8').replace(/^ {2}broken: .*\n/m, '');
  writeFileSync(file, isBroken ? text.replace(/^variables:\n/m, '$&  broken: true\n') : text);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
}
