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
        task = result._task
        message = self._message(self._one_of_loop(result._result), bool(getattr(task, "no_log", False)))
        place = self._place(task.get_path())
        host = result._host.get_name()
        self._tell(event="failed", host=host, task=task.get_name(), place=place, message=message[:LONGEST])

    def _one_of_loop(self, values):
        # Of a loop only "One or more items failed" is told as a whole.
        items = values.get("results") or []
        return next((item for item in items if isinstance(item, dict) and item.get("failed")), values)

    def _message(self, values, secret):
        # What a task with no_log says is a secret.
        if secret or values.get("_ansible_no_log"):
            return "hidden by no_log"
        message = str(values.get("msg", ""))
        said = (values.get(key) for key in ("stderr", "module_stderr", "module_stdout"))
        more = next((text for text in said if text), None)
        return message if more is None else "%s: %s" % (message, str(more).strip())

    def _place(self, path):
        # "FILE:LINE"; Ansible runs in the folder of the playbooks.
        inner = os.path.relpath(path) if path else None
        return path if inner is None or inner.startswith("..") else inner

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
