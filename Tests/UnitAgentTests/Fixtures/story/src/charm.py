# SPDX-License-Identifier: Apache-2.0
"""A charm on ops that uses what ops has, and tells what it saw in its databags.

The charm in Tests/StoryCharm tells the same story; the test compares what the two leave behind.
"""

import datetime
import logging
import os
import pathlib

import ops

logger = logging.getLogger(__name__)
ROOT = os.environ.get("STORY_ROOT", "")


class Story(ops.CharmBase):
    _stored = ops.StoredState()

    def __init__(self, framework):
        super().__init__(framework)
        self._stored.set_default(starts=0, changes=0, greetings=0, storage="")
        on = self.on
        for event, handler in (
            (on.install, self._install),
            (on.leader_elected, self._leader),
            (on.config_changed, self._config),
            (on.start, self._start),
            (on.upgrade_charm, self._upgrade),
            (on.remove, self._remove),
            (on.data_storage_attached, self._storage),
            (on.cache_storage_attached, self._cache),
            (on.cache_storage_detaching, self._uncache),
            (on.friends_relation_joined, self._friends),
            (on.friends_relation_changed, self._friend),
            (on.friends_relation_departed, self._friends),
            (on.db_relation_created, self._db_created),
            (on.db_relation_joined, self._db_joined),
            (on.db_relation_changed, self._db_changed),
            (on.db_relation_departed, self._db_departed),
            (on.db_relation_broken, self._db_broken),
            (on.site_relation_created, self._site_created),
            (on.site_relation_changed, self._site_changed),
            (on.secret_changed, self._secret_changed),
            (on.secret_rotate, self._secret_rotate),
            (on.secret_expired, self._secret_expired),
            (on.secret_remove, self._secret_remove),
            (on.web_pebble_ready, self._ready),
            (on.web_pebble_custom_notice, self._notice),
            (on.web_pebble_check_failed, self._failed),
            (on.web_pebble_check_recovered, self._recovered),
            (on.greet_action, self._greet),
            (on.describe_action, self._describe),
            (on.half_action, self._half),
            (on.break_action, self._break),
            (on.forget_action, self._forget),
            (on.collect_unit_status, self._unit_status),
            (on.collect_app_status, self._app_status),
        ):
            framework.observe(event, handler)

    def _tell(self, key, value):
        self.model.get_relation("friends").data[self.unit][key] = str(value)

    # Life

    def _install(self, _):
        self.unit.status = ops.MaintenanceStatus("installing")
        self._tell("motd", self.model.resources.fetch("motd").read_text().strip())
        self._tell("storage", self._stored.storage)

    def _leader(self, _):
        self._tell("leader", "yes" if self.unit.is_leader() else "no")

    def _config(self, _):
        config = self.config
        logger.info("configured with %s", config["greeting"])
        loud = "yes" if config["loud"] else "no"
        unset = "present" if "unset" in config else "absent"
        self._tell("config", f"{config['greeting']} {config['count']} {config['ratio']} {loud} {unset}")

    def _start(self, event):
        self._stored.starts += 1
        if self._stored.starts == 1:
            event.defer()
            return
        self.model.get_relation("friends").data[self.app]["starts"] = str(self._stored.starts)
        self.unit.set_ports(8080, ops.Port("udp", 9000))
        assert {port.port for port in self.unit.opened_ports()} == {8080, 9000}
        self.unit.set_workload_version("1.2.3")

    def _upgrade(self, _):
        self._tell("upgraded", pathlib.Path("version").read_text().strip())
        self._tell("motd", self.model.resources.fetch("motd").read_text().strip())

    def _remove(self, _):
        pathlib.Path(ROOT, "removed").write_text(f"{self._stored.starts} {self._stored.greetings}\n")

    def _storage(self, event):
        location = event.storage.location
        assert location.is_dir()
        assert self.model.storages["data"][0].location == location
        self._stored.storage = "/".join(location.parts[-2:])

    def _cache(self, event):
        (event.storage.location / "kept").write_text("by the charm\n")
        self._tell("caches", len(self.model.storages["cache"]))

    def _uncache(self, event):
        self._tell("uncached", "/".join(event.storage.location.parts[-2:]))

    # Relations

    def _friends(self, event):
        names = sorted(unit.name for unit in event.relation.units)
        self._tell("friends", " ".join(names))

    def _friend(self, event):
        if event.unit:
            self._tell("mood", f"{event.unit.name} {event.relation.data[event.unit].get('mood', '')}")

    def _db_created(self, event):
        event.relation.data[self.app]["wanted"] = f"db-of-{event.app.name}"

    def _db_joined(self, event):
        event.relation.data[self.unit]["joined"] = event.unit.name

    def _db_changed(self, event):
        data = event.relation.data
        self._stored.changes += 1
        units = sorted(event.relation.units, key=lambda unit: unit.name)
        data[self.unit]["seen"] = " ".join(f"{unit.name}={data[unit].get('host', '')}" for unit in units)
        data[self.unit]["by"] = event.unit.name if event.unit else "application"
        data[self.unit]["version"] = data[event.app].get("version", "")
        data[self.unit]["changes"] = str(self._stored.changes)
        uri = data[event.app].get("secret-user")
        if uri:
            secret = self.model.get_secret(id=uri, label=f"user-{event.app.name}")
            self._tell(f"user-{event.app.name}", secret.get_content()["username"])

    def _db_departed(self, event):
        left = len(event.relation.units)
        self._tell(f"departed-{event.app.name}", f"{event.unit.name} {event.departing_unit.name} {left}")

    def _db_broken(self, event):
        self._tell(f"broken-{event.app.name}", len(self.model.relations["db"]))

    def _site_created(self, event):
        token = self.app.add_secret(
            {"token-key": "one"}, label="token", description="of the site", rotate=ops.SecretRotate.MONTHLY
        )
        token.grant(event.relation)
        event.relation.data[self.app]["token"] = token.id
        self.unit.add_secret({"brief-key": "short"}, label="brief", expire=datetime.timedelta(hours=1))

    def _site_changed(self, event):
        if not event.unit or event.relation.data[event.unit].get("renew") != "yes":
            return
        token = self.model.get_secret(label="token")
        old = token.get_content()["token-key"]
        token.set_content({"token-key": "two"})
        info = token.get_info()
        self._tell("token", f"{old} {info.revision} {info.rotation.value} {info.description}")

    # Secrets

    def _secret_changed(self, event):
        old = event.secret.get_content()["username"]
        peek = event.secret.peek_content()["username"]
        new = event.secret.get_content(refresh=True)["username"]
        self._tell(f"changed-{event.secret.label}", f"{old} {peek} {new}")

    def _secret_rotate(self, event):
        self._tell("rotated", event.secret.label)
        event.secret.set_content({"token-key": "rotated"})

    def _secret_expired(self, event):
        self._tell("expired", f"{event.secret.label} {event.revision}")
        event.secret.remove_revision(event.revision)

    def _secret_remove(self, event):
        self._tell("removed", f"{event.secret.label} {event.revision}")
        event.secret.remove_revision(event.revision)

    # The container

    def _ready(self, event):
        web = event.workload
        page = f"{ROOT}/etc/page"
        web.push(page, "welcome\n", make_dirs=True, permissions=0o640)
        web.add_layer(
            "story",
            {
                "services": {"web": {"override": "replace", "command": "sleep 100000", "startup": "enabled"}},
                "checks": {
                    "well": {
                        "override": "replace",
                        "level": "ready",
                        "period": "1s",
                        "timeout": "900ms",
                        "threshold": 2,
                        "exec": {"command": f"test ! -e {ROOT}/sick"},
                    }
                },
            },
            combine=True,
        )
        web.replan()
        words = ["sh", "-c", "cat; echo $WORD >&2"]
        output, error = web.exec(words, stdin="typed", environment={"WORD": "spoken"}).wait_output()
        self._tell("exec", f"{output} {error.strip()}")
        try:
            web.exec(["sh", "-c", "exit 3"]).wait()
        except ops.pebble.ExecError as failure:
            self._tell("code", failure.exit_code)
        info = web.list_files(f"{ROOT}/etc")[0]
        self._tell("file", f"{info.name} {info.permissions:o} {info.size} {web.pull(page).read().strip()}")
        web.make_dir(f"{ROOT}/var/deep", make_parents=True)
        web.remove_path(f"{ROOT}/var", recursive=True)
        self._tell("gone", "no" if web.exists(f"{ROOT}/var") else "yes")
        check = web.get_check("well")
        self._tell("service", f"{web.get_service('web').current.value} {check.level.value} {check.threshold}")

    def _notice(self, event):
        self._tell("notice", f"{event.notice.key} {event.notice.last_data['who']}")

    def _failed(self, event):
        self._tell("check", f"{event.info.name} {event.info.status.value}")

    def _recovered(self, event):
        self._tell("check", f"{event.info.name} {event.info.status.value} again")

    # Actions

    def _greet(self, event):
        whom = event.params["whom"]
        event.log(f"greeting {whom}")
        if whom == "nobody":
            event.fail("nobody is there")
            return
        self._stored.greetings += 1
        event.set_results({"nested": {"times": event.params["times"]}, "count": self._stored.greetings})

    def _describe(self, event):
        address = self.model.get_binding("db").network.bind_address
        event.set_results(
            {
                "planned": self.app.planned_units(),
                "address": str(address),
                "connects": "yes" if self.unit.get_container("web").can_connect() else "no",
                "model": self.model.name,
            }
        )

    def _half(self, event):
        self._tell("half", "kept")
        event.fail("half done")

    def _break(self, event):
        self._tell("break", "lost")
        raise RuntimeError("broken on purpose")

    def _forget(self, event):
        token = self.model.get_secret(label="token")
        for relation in self.model.relations["site"]:
            token.revoke(relation)
        token.remove_all_revisions()

    # Statuses

    def _unit_status(self, event):
        event.add_status(ops.ActiveStatus(self.config["greeting"]))
        if self.config["count"] > 3:
            event.add_status(ops.WaitingStatus("for fewer"))
            event.add_status(ops.BlockedStatus("too many"))

    def _app_status(self, event):
        event.add_status(ops.ActiveStatus("fine"))
        event.add_status(ops.MaintenanceStatus("told by the leader"))


if __name__ == "__main__":
    ops.main(Story, use_juju_for_storage=bool(os.environ.get("STORY_STORES_IN_JUJU")))
