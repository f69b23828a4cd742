#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what scripts/kube.py writes against the charm, Kubernetes' schemas and our Pebble; `scripts/kube.sh --test` runs it."""
import os
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import kubernetes_validate
import yaml

import kube

CHARM = yaml.safe_load((kube.ROOT / "charm/charmcraft.yaml").read_text())
WORDS = [
    [],
    ["--storage", "attachments=20G", "--storage", "backups=512M", "--storage-class", "fast", "--units", "3", "--trust"],
    ["--juju", "3.4.0", "--base", "22.04", "--app", "events", "--model", "production"],
    ["--juju", "3.5.0", "--image", "indico-image=registry.example.com/indico:3.3"],
]


def one(objects, kind, name="indico"):
    return next(item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name)


def pod(objects, app="indico"):
    return one(objects, "StatefulSet", app)["spec"]["template"]["spec"]


def containers(objects, app="indico"):
    return {container["name"]: container for container in pod(objects, app)["containers"]}


class ObjectsTests(unittest.TestCase):
    def test_kubernetes_takes_every_object(self):
        for words in WORDS:
            # As it is read again from the text, not as it was in memory.
            text = yaml.dump_all(kube.deployment(words), Dumper=kube.Dumper, sort_keys=False)
            for item in yaml.safe_load_all(text):
                for version in ("1.28", "1.31", "1.34", "1.37"):
                    with self.subTest(words=words, kind=item["kind"], version=version):
                        kubernetes_validate.validate(item, version, strict=True)

    def test_schemas_refuse_what_is_wrong(self):
        broken = one(kube.deployment([]), "StatefulSet")
        broken["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, "1.34", strict=True)

    def test_a_unit_has_the_charms_container_and_each_of_its_workloads(self):
        self.assertEqual(set(containers(kube.deployment([]))), {"charm", *CHARM["containers"]})
        initial = pod(kube.deployment([]))["initContainers"]
        self.assertEqual([container["name"] for container in initial], ["charm-init"])

    def test_each_pebble_has_a_port_of_its_own_and_is_asked_there(self):
        for words in WORDS:
            app = "events" if "events" in words else "indico"
            ports = []
            for container in containers(kube.deployment(words), app).values():
                self.assertEqual(container["command"], ["/charm/bin/pebble"])
                port = int(container["args"][container["args"].index("--http") + 1].removeprefix(":"))
                ports.append(port)
                for kind, level in (("livenessProbe", "alive"), ("readinessProbe", "ready"), ("startupProbe", "alive")):
                    if kind in container:
                        self.assertEqual(container[kind]["httpGet"], {"path": f"/v1/health?level={level}", "port": port})
            self.assertEqual(sorted(ports), [38812, 38813, 38814])

    def test_every_mount_has_its_volume_and_a_place_of_its_own(self):
        for words in WORDS:
            app = "events" if "events" in words else "indico"
            objects = kube.deployment(words)
            spec = one(objects, "StatefulSet", app)["spec"]
            volumes = {volume["name"] for volume in pod(objects, app)["volumes"]}
            volumes |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
            for container in [*pod(objects, app)["initContainers"], *containers(objects, app).values()]:
                places = [mount["mountPath"] for mount in container["volumeMounts"]]
                self.assertEqual(len(places), len(set(places)), container["name"])
                self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)

    def test_storage_is_there_when_it_is_asked_for_where_the_charm_says(self):
        self.assertNotIn("volumeClaimTemplates", one(kube.deployment([]), "StatefulSet")["spec"])
        objects = kube.deployment(WORDS[1])
        claims = {claim["metadata"]["labels"]["storage.juju.is/name"]: claim
                  for claim in one(objects, "StatefulSet")["spec"]["volumeClaimTemplates"]}
        self.assertEqual(set(claims), set(CHARM["storage"]))
        self.assertEqual(claims["attachments"]["spec"]["resources"]["requests"], {"storage": "20480Mi"})
        for mount in CHARM["containers"]["indico"]["mounts"]:
            name = claims[mount["storage"]]["metadata"]["name"]
            found = {m["name"]: m["mountPath"] for m in containers(objects)["indico"]["volumeMounts"]}
            self.assertEqual(found[name], mount["location"])
            found = {m["name"]: m["mountPath"] for m in containers(objects)["charm"]["volumeMounts"]}
            self.assertEqual(found[name], f"/var/lib/juju/storage/{mount['storage']}/0")

    def test_services_find_the_pods(self):
        objects = kube.deployment(WORDS[2])
        labels = one(objects, "StatefulSet", "events")["spec"]["template"]["metadata"]["labels"]
        for name in ("events", "events-endpoints"):
            selector = one(objects, "Service", name)["spec"]["selector"]
            self.assertEqual(selector, labels)
        self.assertEqual(one(objects, "StatefulSet", "events")["spec"]["serviceName"], "events-endpoints")

    def test_nothing_secret_is_in_it(self):
        values = one(kube.deployment([]), "Secret", "indico-application-config")["stringData"]
        self.assertEqual(values["JUJU_K8S_APPLICATION_PASSWORD"], "CONTROLLER-PASSWORD")

    def test_images_are_those_given(self):
        images = {name: container["image"] for name, container in containers(kube.deployment(WORDS[3])).items()}
        self.assertEqual(images["indico"], "registry.example.com/indico:3.3")
        self.assertEqual(images["indico-nginx"], "REGISTRY/indico-nginx:latest")

    def test_what_the_charm_has_not_is_refused(self):
        for words in (["--storage", "attachment=1G"], ["--storage", "attachments=much"], ["--image", "x=y"], ["--juju", "3.3.0"]):
            with self.subTest(words=words), self.assertRaises(SystemExit):
                kube.deployment(words)


class ProbeTests(unittest.TestCase):
    """Each container's command line as it stands, run by our Pebble, and asked as the kubelet asks."""

    def test_our_pebble_answers_the_probes(self):
        program = Path(os.environ.get("PEBBLE_PROGRAM", kube.ROOT / ".build/debug/pebble"))
        self.assertTrue(program.is_file(), f"{program} is not built")
        for container in containers(kube.deployment([])).values():
            with self.subTest(container=container["name"]), tempfile.TemporaryDirectory(prefix="kube-") as place:
                environment = {"PATH": os.environ["PATH"], "PEBBLE": place, "PEBBLE_SOCKET": f"{place}/pebble.socket"}
                (Path(place) / "layers").mkdir()
                with subprocess.Popen([program, *container["args"]], env=environment, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) as daemon:
                    try:
                        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                            self.assertEqual(self.asked(container[kind]["httpGet"], daemon), 200, kind)
                    finally:
                        daemon.terminate()

    def test_a_dead_service_is_seen_by_the_probe_of_its_level_only(self):
        program = Path(os.environ.get("PEBBLE_PROGRAM", kube.ROOT / ".build/debug/pebble"))
        container = containers(kube.deployment([]))["indico"]
        check = "checks:\n  dead:\n    override: replace\n    level: ready\n    period: 100ms\n    threshold: 1\n    exec: {command: 'false'}\n"
        with tempfile.TemporaryDirectory(prefix="kube-") as place:
            (Path(place) / "layers").mkdir()
            (Path(place) / "layers/001-dead.yaml").write_text(check)
            environment = {"PATH": os.environ["PATH"], "PEBBLE": place, "PEBBLE_SOCKET": f"{place}/pebble.socket"}
            with subprocess.Popen([program, *container["args"]], env=environment, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as daemon:
                try:
                    self.assertEqual(self.asked(container["readinessProbe"]["httpGet"], daemon, until=502), 502)
                    self.assertEqual(self.asked(container["livenessProbe"]["httpGet"], daemon), 200)
                finally:
                    daemon.terminate()

    def asked(self, probe, daemon, until=200):
        """What the probe is answered, at last: the daemon takes a moment to listen, and a check to fail."""
        deadline, answer = time.monotonic() + 60, None
        while time.monotonic() < deadline and daemon.poll() is None and answer != until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{probe['port']}{probe['path']}", timeout=10) as reply:
                    answer = reply.status
            except urllib.error.HTTPError as error:
                answer = error.code
            except OSError:
                answer = None
            if answer != until:
                time.sleep(0.1)
        return answer


if __name__ == "__main__":
    unittest.main()
