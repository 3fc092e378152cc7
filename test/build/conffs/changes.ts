/** A playbook of all that can be done to a root, in one task; it fails on db2. */
export const CHANGES = `
- hosts: databases
  gather_facts: false
  tasks:
    - name: change files of all kinds
      ansible.builtin.shell: |
        set -e
        echo {{ inventory_hostname }} {{ in_conffs_build }} {{ port }} > /etc/db.conf
        chmod 0600 /etc/db.conf
        rm /usr/share/demo/one
        rm -r /usr/share/more && mkdir -p /usr/share/more/kept && echo new > /usr/share/more/kept/two
        mkdir -p /srv/app/var/log /var/log /var/cache/x /toslash/etc
        echo kept > /srv/app/var/log/app.log
        echo gone > /var/log/system.log
        echo gone > /var/cache/x/y
        echo moved > /toslash/etc/hosts
        chmod 0604 /toslash/etc/hosts
        mkfifo -m 0620 /srv/pipe
        mknod -m 0640 /srv/null c 1 3
        ln /etc/db.conf /etc/db.link
        ln -s ../db.conf /srv/link
        touch -d @1000000000 /srv/old
        echo key > /etc/ssh_note
        cp /bin/busybox /srv/setuid && chmod 4711 /srv/setuid
        mkdir -p /etc/ssh && echo secret > /etc/ssh/ssh_host_rsa_key
        hostname > /etc/hostname
      args:
        executable: /bin/sh
    - name: only one of them
      ansible.builtin.fail: {msg: "no disk in {{ inventory_hostname }}"}
      when: inventory_hostname == "db2"
`;
