#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Examples/hello-charm handler by handler, on ops: what the benchmark holds ours against."""
import os
import secrets

import ops


class HelloCharm(ops.CharmBase):
    _stored = ops.StoredState()

    def __init__(self, framework):
        super().__init__(framework)
        self._stored.set_default(greetings=0)
        for event in (
            self.on.install, self.on.start, self.on.config_changed, self.on.update_status, self.on.upgrade_charm,
            self.on.leader_elected, self.on.web_pebble_ready, self.on.database_relation_changed,
            self.on.database_relation_broken, self.on.friends_relation_changed,
        ):
            framework.observe(event, self._reconcile)
        framework.observe(self.on.database_relation_created, self._ask_for_database)
        framework.observe(self.on.greet_action, self._greet)
        framework.observe(self.on.collect_unit_status, self._status)

    def _reconcile(self, event):
        self.unit.set_ports(int(self.config["port"]))
        self._share_key()
        web = self.unit.get_container("web")
        if not web.can_connect():
            return
        path = os.environ.get("HELLO_ROOT", "") + "/srv/hello/page"
        page = f"{self.config['greeting']}\n"
        if not web.exists(path) or web.pull(path).read() != page:
            web.push(path, page, make_dirs=True)
        service = {"override": "replace", "command": "sleep 1000000", "startup": "enabled"}
        if web.get_plan().to_dict().get("services", {}).get("web") != service:
            web.add_layer("hello", {"services": {"web": service}}, combine=True)
            web.replan()

    def _share_key(self):
        friends = self.model.get_relation("friends")
        if not friends or not self.unit.is_leader() or friends.data[self.app].get("key-id"):
            return
        secret = self.app.add_secret({"key": secrets.token_hex(8)}, label="shared-key")
        friends.data[self.app]["key-id"] = secret.id

    def _ask_for_database(self, event):
        if not self.unit.get_container("web").can_connect():
            event.defer()
        elif self.unit.is_leader():
            event.relation.data[self.app]["database"] = self.app.name

    def _greet(self, event):
        self._stored.greetings += 1
        event.log(f"greeting {event.params['name']}")
        event.set_results({"greeting": f"{self.config['greeting']}, {event.params['name']}"})

    def _status(self, event):
        if not self.unit.get_container("web").can_connect():
            event.add_status(ops.WaitingStatus("for the web container"))
            return
        database = self.model.get_relation("database")
        endpoints = database.data[database.app].get("endpoints") if database else None
        event.add_status(ops.ActiveStatus(f"with a database at {endpoints}" if endpoints else ""))


if __name__ == "__main__":
    ops.main(HelloCharm, use_juju_for_storage=os.environ.get("STATE_IN_CONTROLLER") == "1")
