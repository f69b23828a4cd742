#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What our Indico charm reads and decides at an event, on ops and nothing else.

Far less than the charm it stands for: no pydantic, no libraries for observability or for interfaces, one handler.
What it costs is a floor of what a Python charm with these relations can cost.
"""
import os

import ops

ENDPOINTS = ("database", "redis-broker", "redis-cache", "smtp", "smtp-legacy", "indico-peers")


class IndicoCharm(ops.CharmBase):
    _stored = ops.StoredState()

    def __init__(self, framework):
        super().__init__(framework)
        self._stored.set_default(memory="")
        events = [
            self.on.install, self.on.start, self.on.config_changed, self.on.update_status, self.on.upgrade_charm,
            self.on.leader_elected, self.on.secret_changed,
        ]
        for endpoint in ENDPOINTS:
            events += [self.on[endpoint].relation_created, self.on[endpoint].relation_changed,
                       self.on[endpoint].relation_departed, self.on[endpoint].relation_broken]
        for container in ("indico", "indico-nginx"):
            events += [self.on[container].pebble_ready, self.on[container].pebble_check_failed]
        for event in events:
            framework.observe(event, self._reconcile)
        framework.observe(self.on.add_admin_action, self._add_admin)

    def _reconcile(self, event):
        leads = self.unit.is_leader()
        database = self.model.get_relation("database")
        if leads and database:
            database.data[self.app]["database"] = self.app.name
            database.data[self.app]["requested-secrets"] = '["username", "password"]'
        missing = []
        values = {"database": self._database(database)}
        for endpoint in ("redis-broker", "redis-cache"):
            values[endpoint] = self._redis(self.model.get_relation(endpoint))
        missing = [name for name, value in values.items() if value is None]
        mail = self._mail(self.model.get_relation("smtp")) or self._mail(self.model.get_relation("smtp-legacy"))
        key = self._secret_key(leads)
        self.config.get("site_url")
        if missing:
            self.unit.status = ops.BlockedStatus("missing relations: " + ", ".join(missing))
        elif not key:
            self.unit.status = ops.WaitingStatus("waiting for the leader to make the secret key")
        elif not all(self.unit.get_container(name).can_connect() for name in ("indico", "indico-nginx")):
            self.unit.status = ops.WaitingStatus("waiting for Pebble in indico")
        else:
            self.unit.status = ops.ActiveStatus()
        return mail

    def _content(self, uri, **options):
        try:
            return self.model.get_secret(id=uri).get_content(refresh=True)
        except ops.SecretNotFoundError:
            return {}

    def _database(self, relation):
        if not relation or not relation.app:
            return None
        data = dict(relation.data[relation.app])
        if uri := data.get("secret-user"):
            data.update(self._content(uri))
        return data

    def _redis(self, relation):
        if not relation or not relation.app:
            return None
        data = dict(relation.data[relation.app])
        for unit in relation.units:
            data.update(relation.data[unit])
        return data

    def _mail(self, relation):
        if not relation or not relation.app:
            return None
        data = dict(relation.data[relation.app])
        if uri := data.get("password_id"):
            data.update(self._content(uri))
        return data

    def _secret_key(self, leads):
        peers = self.model.get_relation("indico-peers")
        if not peers:
            return None
        data = peers.data[self.app]
        if leads and not data.get("secret-id"):
            data["secret-id"] = self.app.add_secret({"secret-key": os.urandom(32).hex()}).id
            data["celery-unit"] = self.unit.name
        return self._content(data["secret-id"]).get("secret-key") if data.get("secret-id") else None

    def _add_admin(self, event):
        event.fail("not here")


if __name__ == "__main__":
    ops.main(IndicoCharm, use_juju_for_storage=os.environ.get("STATE_IN_CONTROLLER") == "1")
