#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the Kubernetes objects that Juju makes for this charm, for reading and for dry validation; `make kube`.

    scripts/kube.py                                         to standard output
    scripts/kube.py --storage attachments=20G --units 3     as `juju deploy --storage … --num-units 3`
    scripts/kube.py --juju 3.5.0 --trust

Containers, images, mounts and storage come from charm/charmcraft.yaml; what Juju adds of its own (the charm's container,
Pebble's command line, probes, accounts, services) is as its documentation and its own tests of the version tell. They
are not for `kubectl apply`: the pod introduces itself to a controller, whose addresses and password stand as CONTROLLER-…
below. Takes PyYAML; scripts/kube.sh brings it.
"""
import argparse
import hashlib
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CHARM_PORT = 38812
DATA = "/var/lib/juju"
VOLUME = "charm-data"


def fail(text):
    sys.exit(f"kube: {text}")


def parsed(version):
    """The numbers of a version, so that they compare: 3.6.9 is (3, 6, 9)."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        fail(f"'{version}' is no version of Juju such as 3.6.9")
    return tuple(map(int, version.split(".")))


def mebibytes(size):
    """A size as Juju writes it, 20G or 512M, in MiB."""
    match = re.fullmatch(r"(\d+)([MGT])", size)
    if not match:
        fail(f"'{size}' is no size such as 20G")
    return int(match[1]) * {"M": 1, "G": 1024, "T": 1024 * 1024}[match[2]]


class Deployment:
    """One application of the charm, as `juju deploy` was told."""

    def __init__(self, charm, options):
        self.charm, self.app, self.model, self.units = charm, options.app, options.model, options.units
        self.juju, self.version, self.trust = parsed(options.juju), options.juju, options.trust
        if self.juju < (3, 4, 0):
            fail(f"the charm assumes Juju 3.4, and {options.juju} is older")
        self.base = options.base
        self.storage_class = options.storage_class
        self.storage = self.wanted_storage(options.storage)
        self.images = self.wanted_images(options.image)
        # Juju draws it at random; the same here each time, so that two runs can be compared.
        self.unique = hashlib.sha256(f"{self.model}/{self.app}".encode()).hexdigest()[:8]

    def wanted_storage(self, words):
        known = self.charm.get("storage", {})
        found = {}
        for word in words:
            name, _, size = word.partition("=")
            if name not in known:
                fail(f"the charm has no storage '{name}', but {', '.join(known)}")
            found[name] = mebibytes(size)
        for name, storage in known.items():
            # What may be there not at all is there only when it is asked for; anything else always, of 1 GiB.
            if name not in found and not str(storage.get("multiple", {}).get("range", "1")).startswith("0"):
                found[name] = 1024
        return found

    def wanted_images(self, words):
        given = dict(word.partition("=")[::2] for word in words)
        names = {container["resource"] for container in self.charm["containers"].values()}
        if set(given) - names:
            fail(f"the charm has no resource {', '.join(sorted(set(given) - names))}, but {', '.join(sorted(names))}")
        return {name: given.get(name, f"REGISTRY/{name.removesuffix('-image')}:latest") for name in names}

    # names, labels

    def metadata(self, name, namespaced=True, **annotations):
        told = {"juju.is/version": self.version, **annotations}
        return {
            "name": name,
            **({"namespace": self.model} if namespaced else {}),
            "labels": {**self.selector(), "app.kubernetes.io/managed-by": "juju"},
            "annotations": told,
        }

    def selector(self):
        return {"app.kubernetes.io/name": self.app}

    def claim(self, storage):
        return f"{self.app}-{storage}-{self.unique}"

    # what is in the pod

    def probes(self, port):
        """Liveness, readiness and start, of the Pebble that answers on a port."""
        def probe(level, period, failures, delay):
            return {
                "httpGet": {"path": f"/v1/health?level={level}", "port": port},
                "initialDelaySeconds": delay, "timeoutSeconds": 1, "periodSeconds": period, "successThreshold": 1,
                "failureThreshold": failures,
            }
        if self.juju >= (3, 6, 0):
            return {"livenessProbe": probe("alive", 5, 3, 0), "readinessProbe": probe("ready", 5, 1, 0),
                    "startupProbe": probe("alive", 1, 30, 0)}
        told = {"livenessProbe": probe("alive", 5, 3, 30), "readinessProbe": probe("ready", 5, 1, 30)}
        return told | ({"startupProbe": probe("alive", 5, 1, 30)} if port == CHARM_PORT else {})

    @staticmethod
    def mount(path, below, read_only=False):
        return {"name": VOLUME, "mountPath": path, "subPath": below, **({"readOnly": True} if read_only else {})}

    def has_profile(self):
        return self.juju >= (3, 5, 0)

    def init_container(self):
        arguments = ["init", "--containeragent-pebble-dir", "/containeragent/pebble", "--charm-modified-version", "0",
                     "--data-dir", DATA, "--bin-dir", "/charm/bin"]
        mounts = [self.mount(DATA, DATA[1:]), self.mount("/charm/bin", "charm/bin"),
                  self.mount("/charm/containers", "charm/containers"), self.mount("/containeragent/pebble", "containeragent/pebble")]
        if self.has_profile():
            arguments += ["--profile-dir", "/containeragent/etc/profile.d"]
            mounts.append(self.mount("/containeragent/etc/profile.d", "containeragent/etc/profile.d"))
        def field(name, path):
            return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        return {
            "name": "charm-init",
            "image": f"docker.io/jujusolutions/jujud-operator:{self.version}",
            "imagePullPolicy": "IfNotPresent",
            "workingDir": DATA,
            "command": ["/opt/containeragent"],
            "args": arguments,
            "env": [{"name": "JUJU_CONTAINER_NAMES", "value": ",".join(sorted(self.charm["containers"]))},
                    field("JUJU_K8S_POD_NAME", "metadata.name"), field("JUJU_K8S_POD_UUID", "metadata.uid")],
            "envFrom": [{"secretRef": {"name": f"{self.app}-application-config"}}],
            "volumeMounts": mounts,
        }

    def charm_container(self):
        mounts = [self.mount("/charm/bin", "charm/bin", True), self.mount(DATA, DATA[1:]),
                  self.mount("/charm/containers", "charm/containers"),
                  self.mount("/var/lib/pebble/default", "containeragent/pebble"),
                  self.mount("/var/log/juju", "containeragent/var/log/juju"),
                  self.mount("/usr/bin/juju-introspect", "charm/bin/containeragent", True),
                  self.mount("/usr/bin/juju-exec", "charm/bin/containeragent", True)]
        if self.has_profile():
            name = "etc/profile.d/juju-introspection.sh"
            mounts.append(self.mount(f"/{name}", f"containeragent/{name}", True))
        mounts += [{"name": self.claim(name), "mountPath": f"{DATA}/storage/{name}/0"} for name in self.storage]
        container = {
            "name": "charm",
            "image": f"docker.io/jujusolutions/charm-base:ubuntu-{self.base}",
            "imagePullPolicy": "IfNotPresent",
            "workingDir": DATA,
            "command": ["/charm/bin/pebble"],
            "args": ["run", "--http", f":{CHARM_PORT}", "--verbose"],
            "env": [{"name": "JUJU_CONTAINER_NAMES", "value": ",".join(sorted(self.charm["containers"]))},
                    {"name": "HTTP_PROBE_PORT", "value": "3856"}],
            **self.probes(CHARM_PORT),
            "volumeMounts": mounts,
            "securityContext": {"runAsUser": 0, "runAsGroup": 0},
        }
        if self.juju >= (3, 6, 8):
            container["resources"] = {"requests": {"memory": "64Mi"}, "limits": {"memory": "1024Mi"}}
        return container

    def workload_container(self, number, name, told):
        port = CHARM_PORT + 1 + number
        environment = {"JUJU_CONTAINER_NAME": name, "PEBBLE_SOCKET": "/charm/container/pebble.socket"}
        if self.juju >= (3, 5, 0):
            environment |= {"PEBBLE": "/charm/container/pebble", "PEBBLE_COPY_ONCE": "/var/lib/pebble/default"}
        mounts = [self.mount("/charm/bin/pebble", "charm/bin/pebble", True),
                  self.mount("/charm/container", f"charm/containers/{name}")]
        mounts += [{"name": self.claim(mount["storage"]), "mountPath": mount["location"]}
                   for mount in told.get("mounts", []) if mount["storage"] in self.storage]
        return {
            "name": name,
            "image": self.images[told["resource"]],
            "imagePullPolicy": "IfNotPresent",
            "command": ["/charm/bin/pebble"],
            "args": ["run", "--create-dirs", "--hold", "--http", f":{port}", "--verbose"],
            "env": [{"name": key, "value": value} for key, value in environment.items()],
            **self.probes(port),
            "volumeMounts": mounts,
            "securityContext": {"runAsUser": told.get("uid", 0), "runAsGroup": told.get("gid", 0)},
        }

    def pod(self):
        workloads = sorted(self.charm["containers"].items())
        return {
            "serviceAccountName": self.app,
            "automountServiceAccountToken": True,
            "terminationGracePeriodSeconds": 30,
            "initContainers": [self.init_container()],
            "containers": [self.charm_container(),
                           *(self.workload_container(number, *workload) for number, workload in enumerate(workloads))],
            "volumes": [{"name": VOLUME, "emptyDir": {}}],
        }

    # the objects

    def stateful_set(self):
        claims = [
            {
                "metadata": {
                    "name": self.claim(name),
                    "labels": {"storage.juju.is/name": name, "app.kubernetes.io/managed-by": "juju"},
                    "annotations": {"storage.juju.is/name": name},
                },
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    **({"storageClassName": self.storage_class} if self.storage_class else {}),
                    "resources": {"requests": {"storage": f"{size}Mi"}},
                },
            }
            for name, size in self.storage.items()
        ]
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": self.metadata(self.app, **{"app.juju.is/uuid": self.unique}),
            "spec": {
                "replicas": self.units,
                "serviceName": f"{self.app}-endpoints",
                "podManagementPolicy": "Parallel",
                "selector": {"matchLabels": self.selector()},
                "template": {
                    "metadata": {"labels": self.selector(), "annotations": {"juju.is/version": self.version}},
                    "spec": self.pod(),
                },
                **({"volumeClaimTemplates": claims} if claims else {}),
            },
        }

    def services(self):
        # The charm opens no port: ways in are made by what it is related to. Kubernetes wants at least one.
        yield {
            "apiVersion": "v1", "kind": "Service", "metadata": self.metadata(self.app),
            "spec": {"type": "ClusterIP", "selector": self.selector(),
                     "ports": [{"name": "placeholder", "port": 65535, "protocol": "TCP"}]},
        }
        yield {
            "apiVersion": "v1", "kind": "Service", "metadata": self.metadata(f"{self.app}-endpoints"),
            "spec": {"type": "ClusterIP", "clusterIP": "None", "publishNotReadyAddresses": True, "selector": self.selector()},
        }

    def secret(self):
        values = {
            "JUJU_K8S_APPLICATION": self.app, "JUJU_K8S_MODEL": "MODEL-UUID",
            "JUJU_K8S_APPLICATION_PASSWORD": "CONTROLLER-PASSWORD",
            "JUJU_K8S_CONTROLLER_ADDRESSES": "CONTROLLER-ADDRESS:17070",
            "JUJU_K8S_CONTROLLER_CA_CERT": "CONTROLLER-CERTIFICATE",
        }
        return {"apiVersion": "v1", "kind": "Secret", "metadata": self.metadata(f"{self.app}-application-config"),
                "type": "Opaque", "stringData": values}

    def account(self):
        everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
        role = everything if self.trust else [
            {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [self.model], "verbs": ["get", "list"]},
            {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list", "patch"]},
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]},
        ]
        cluster = everything if self.trust else [
            {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list"]}]
        subjects = [{"kind": "ServiceAccount", "name": self.app, "namespace": self.model}]
        api, global_name = "rbac.authorization.k8s.io", f"{self.model}-{self.app}"
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": self.metadata(self.app),
               "automountServiceAccountToken": False}
        for kind, name, namespaced, rules in (("Role", self.app, True, role), ("ClusterRole", global_name, False, cluster)):
            yield {"apiVersion": f"{api}/v1", "kind": kind, "metadata": self.metadata(name, namespaced), "rules": rules}
            yield {"apiVersion": f"{api}/v1", "kind": f"{kind}Binding", "metadata": self.metadata(name, namespaced),
                   "subjects": subjects, "roleRef": {"apiGroup": api, "kind": kind, "name": name}}

    def objects(self):
        """All of them, in the order in which they can be made."""
        yield {"apiVersion": "v1", "kind": "Namespace",
               "metadata": {"name": self.model, "labels": {"app.kubernetes.io/managed-by": "juju"}}}
        yield self.secret()
        yield from self.account()
        yield from self.services()
        yield self.stateful_set()


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app", default="indico", help="the application's name")
    parser.add_argument("--model", default="indico", help="the model's, which is the namespace")
    parser.add_argument("--units", type=int, default=1)
    parser.add_argument("--juju", default="3.6.9", help="the version of Juju")
    parser.add_argument("--base", default="24.04", choices=["22.04", "24.04"], help="the charm's base")
    parser.add_argument("--image", action="append", default=[], metavar="RESOURCE=IMAGE")
    parser.add_argument("--storage", action="append", default=[], metavar="NAME=SIZE")
    parser.add_argument("--storage-class", help="of the claims; the cluster's default otherwise")
    parser.add_argument("--trust", action="store_true", help="as after `juju trust indico --scope=cluster`")
    return parser.parse_args(words)


def deployment(words):
    """The objects for a command line."""
    charm = yaml.safe_load((ROOT / "charm/charmcraft.yaml").read_text())
    return list(Deployment(charm, parse(words)).objects())


class Dumper(yaml.SafeDumper):
    """Lists are set in, as Kubernetes' own documentation has them; what is there twice is written twice."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data):
        return True


def main():
    print("# Written by scripts/kube.py from charm/charmcraft.yaml: what Juju makes of this charm. To read and to validate, not to apply.")
    yaml.dump_all(deployment(sys.argv[1:]), sys.stdout, Dumper=Dumper, explicit_start=True, sort_keys=False, width=120)


if __name__ == "__main__":
    main()
