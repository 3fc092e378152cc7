# Tells Bivouac what became of each host: one JSON document a line, into the file that BIVOUAC_RESULTS names.
from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: bivouac_results
    type: notification
    short_description: What became of each host, for Bivouac
    description: Writes JSON lines.
"""

LONGEST = 1000


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "bivouac_results"
    CALLBACK_NEEDS_ENABLED = False

    def __init__(self):
        super().__init__()
        self._path = os.environ.get("BIVOUAC_RESULTS")
        self.disabled = self._path is None

    def _tell(self, **fields):
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")

    def _failed(self, result):
        # What a task with no_log says is a secret.
        values = result._result
        secret = bool(values.get("_ansible_no_log")) or bool(getattr(result._task, "no_log", False))
        message = "hidden by no_log" if secret else str(values.get("msg", ""))
        for key in ("stderr", "module_stderr", "module_stdout"):
            if not secret and values.get(key):
                message = "%s: %s" % (message, str(values[key]).strip())
                break
        task = result._task.get_name()
        self._tell(event="failed", host=result._host.get_name(), task=task, message=message[:LONGEST])

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self._failed(result)

    def v2_runner_on_unreachable(self, result):
        self._failed(result)

    def v2_playbook_on_no_hosts_remaining(self):
        self._tell(event="stopped")

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._tell(event="stats", hosts=hosts)
