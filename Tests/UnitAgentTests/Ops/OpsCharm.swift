// SPDX-License-Identifier: Apache-2.0

/// A charm written with Canonical's `ops` that tells what it sees in its peer databags.
enum OpsCharm {
    static let metadata = """
        name: story
        peers: {friends: {interface: story-peers}}
        requires: {db: {interface: story-db, limit: 1}}
        containers: {web: {}}
        storage: {data: {type: filesystem}}
        """

    static let config = """
        options:
          greeting: {type: string, default: hello}
          count: {type: int, default: 3}
          ratio: {type: float, default: 0.5}
          loud: {type: boolean, default: true}
          unset: {type: string}
        """

    static let actions = """
        greet:
          params: {whom: {type: string}, times: {type: integer, default: 2}}
          required: [whom]
        """

    static let source = #"""
        import json
        import logging
        import os

        import ops

        logger = logging.getLogger(__name__)


        class Story(ops.CharmBase):
            _stored = ops.StoredState()

            def __init__(self, framework):
                super().__init__(framework)
                self._stored.set_default(starts=0)
                for bound, method in (
                    (self.on.start, self._start),
                    (self.on.config_changed, self._config),
                    (self.on.data_storage_attached, self._storage),
                    (self.on.db_relation_changed, self._database),
                    (self.on.db_relation_departed, self._departed),
                    (self.on.db_relation_broken, self._broken),
                    (self.on.secret_changed, self._secret),
                    (self.on.greet_action, self._greet),
                    (self.on.collect_unit_status, self._unit_status),
                    (self.on.collect_app_status, self._app_status),
                ):
                    framework.observe(bound, method)

            @property
            def _friends(self):
                return self.model.get_relation("friends")

            def _tell(self, key, value):
                self._friends.data[self.unit][key] = json.dumps(value, sort_keys=True)

            def _start(self, event):
                self._stored.starts += 1
                if self._stored.starts == 1:
                    event.defer()
                    return
                self._friends.data[self.app]["starts"] = str(self._stored.starts)
                self.unit.set_ports(8080, ops.Port("udp", 9000))
                self.unit.set_workload_version("1.2.3")
                self._tell("ports", sorted(str(port.port) for port in self.unit.opened_ports()))
                self._tell("planned", self.app.planned_units())
                self._tell("connect", self.unit.get_container("web").can_connect())
                self._tell("model", self.model.uuid)

            def _config(self, _):
                self._tell("config", dict(self.config))
                self._tell("address", str(self.model.get_binding("db").network.bind_address))
                logger.info("configured with %s", self.config["greeting"])

            def _storage(self, event):
                assert os.path.isdir(event.storage.location)
                assert self.model.storages["data"][0].location == event.storage.location

            def _database(self, event):
                data = event.relation.data
                self._tell("units", {unit.name: dict(data[unit]) for unit in event.relation.units})
                uri = data[event.app].get("secret-user")
                if uri:
                    self._tell("user", self.model.get_secret(id=uri, label="db").get_content()["username"])
                if "token" not in data[self.app]:
                    secret = self.app.add_secret(
                        {"token-key": "abc"}, label="own", description="d", rotate=ops.SecretRotate.MONTHLY
                    )
                    secret.grant(event.relation)
                    data[self.app]["token"] = secret.id
                own = self.model.get_secret(label="own")
                info = own.get_info()
                self._tell("own", [own.get_content()["token-key"], info.revision, info.rotation.value])

            def _departed(self, event):
                self._tell("departed", [event.unit.name, event.departing_unit.name])

            def _broken(self, event):
                self._tell("broken", [event.relation.id, len(self.model.relations["db"])])

            def _secret(self, event):
                old = event.secret.get_content()["username"]
                peek = event.secret.peek_content()["username"]
                new = event.secret.get_content(refresh=True)["username"]
                self._tell("secret", [event.secret.label, old, peek, new])

            def _greet(self, event):
                event.log(f"greeting {event.params['whom']}")
                if event.params["whom"] == "nobody":
                    event.fail("nobody is there")
                    return
                event.set_results({"nested": {"times": event.params["times"]}})

            def _unit_status(self, event):
                event.add_status(ops.ActiveStatus(self.config["greeting"]))
                if self.config["count"] > 3:
                    event.add_status(ops.BlockedStatus("too many"))

            def _app_status(self, event):
                event.add_status(ops.MaintenanceStatus("told by the leader"))


        if __name__ == "__main__":
            ops.main(Story, use_juju_for_storage=bool(os.environ.get("JUJU_STORES")))
        """#
}
