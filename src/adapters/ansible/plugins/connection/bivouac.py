# Runs what Ansible wants run inside the roots that Bivouac builds: no sshd, no network.
# BIVOUAC_ROOMS names a JSON file: {"<room>": {"pid": 1, "root": "/…", "environment": {…}}}.
from __future__ import annotations

import json
import os
import shutil
import subprocess

from ansible.errors import AnsibleConnectionFailure, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
    name: bivouac
    short_description: Run commands in a root that Bivouac builds
    description:
        - Enters the namespaces of a root under construction. Hosts that are not being built cannot be reached.
    options:
      room:
        description: Which root; set in the inventory that Bivouac makes.
        vars:
            - name: bivouac_room
      remote_user:
        description: Always root; become makes other users.
        default: root
        vars:
            - name: ansible_user
"""

LOCAL = ("localhost", "127.0.0.1", "::1")
NAMESPACES = ("--mount", "--pid", "--uts", "--ipc")
# What acts on the machine as a whole: its network and firewall, modules, clock, power. The namespaces keep nothing of it apart.
OF_THE_MACHINE = (
    *("net_admin", "sys_module", "sys_rawio", "sys_boot", "sys_time", "syslog"),
    *("mac_admin", "mac_override", "wake_alarm", "block_suspend"),
)


class Connection(ConnectionBase):
    transport = "bivouac"
    has_pipelining = True
    has_tty = False

    def _room(self):
        name = self.get_option("room")
        if name is None:
            if self._play_context.remote_addr in LOCAL:
                return None
            raise AnsibleConnectionFailure(
                "%s is not being built: only hosts of this run and localhost can be reached"
                % self._play_context.remote_addr
            )
        with open(os.environ["BIVOUAC_ROOMS"], encoding="utf-8") as file:
            return json.load(file)[name]

    def _connect(self):
        self._connected = True
        return self

    def _start(self, argv, **streams):
        room = self._room()
        if room is None:
            return subprocess.Popen(argv, **streams)
        enter = [shutil.which("nsenter"), "--target", str(room["pid"]), *NAMESPACES, "--wdns=/", "--"]
        without = ",".join("-%s" % name for name in OF_THE_MACHINE)
        limit = [shutil.which("setpriv"), "--bounding-set", without, "--inh-caps", without, "--"]
        command = [*enter, *limit, shutil.which("chroot"), room["root"], *argv]
        return subprocess.Popen(command, env=dict(room["environment"]), **streams)

    def _run(self, argv, **streams):
        process = self._start(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **streams)
        return process, *process.communicate()

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        process = self._start(
            ["/bin/sh", "-c", cmd], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        stdout, stderr = process.communicate(in_data)
        return process.returncode, stdout, stderr

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        if not os.path.exists(in_path):
            raise AnsibleFileNotFound("%s does not exist" % in_path)
        with open(in_path, "rb") as file:
            process, _out, stderr = self._run(["/bin/sh", "-c", 'cat > "$1"', "sh", out_path], stdin=file)
        if process.returncode != 0:
            raise AnsibleConnectionFailure("cannot write %s: %s" % (out_path, stderr.decode(errors="replace")))

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        process, stdout, stderr = self._run(["cat", "--", in_path], stdin=subprocess.DEVNULL)
        if process.returncode != 0:
            raise AnsibleConnectionFailure("cannot read %s: %s" % (in_path, stderr.decode(errors="replace")))
        with open(out_path, "wb") as file:
            file.write(stdout)

    def close(self):
        self._connected = False
