"""What must be true of every set of objects in deploy/. Each rule is a generator of findings, one text each."""

import re

from manifests import by_key, key, pods

# Made by whoever installs, not by us: docs/install.md says how.
GIVEN = {("ConfigMap", "podpass-ca"), ("Secret", "podpass-server-tls")}
# (object, container): the capabilities that it may have.
CAPABILITIES = {("podpass-agent", "init"): {"NET_ADMIN"}, ("podpass-agent", "agent"): {"NET_BIND_SERVICE"}}
PRIVILEGED_NAMESPACES = {"podpass-agent"}  # all others are `restricted`


def name_of(thing):
    return "/".join(part for part in key(thing) if part)


def containers_have_limits_and_probes(things):
    for thing, spec, _ in pods(things):
        for kind in ("initContainers", "containers"):
            for container in spec.get(kind, []):
                where = f"{name_of(thing)}: {container['name']}"
                resources = container.get("resources", {})
                if not {"cpu", "memory"} <= set(resources.get("requests", {})):
                    yield f"{where} requests no cpu or memory"
                if "memory" not in resources.get("limits", {}):
                    yield f"{where} has no limit of memory"
                if kind == "containers":
                    for probe in ("livenessProbe", "readinessProbe"):
                        if probe not in container:
                            yield f"{where} has no {probe}"
                if re.search(r"(:latest|^[^:@]+)$", container["image"]):
                    yield f"{where}: image {container['image']} may be another tomorrow"


def pods_may_do_nothing_more_than_needed(things):
    for thing, spec, _ in pods(things):
        where = name_of(thing)
        on_node = thing["metadata"]["namespace"] in PRIVILEGED_NAMESPACES
        pod = spec.get("securityContext", {})
        if pod.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{where} has no seccomp profile"
        if not on_node and pod.get("runAsNonRoot") is not True:
            yield f"{where} may run as root"
        if not on_node and pod.get("runAsUser", 0) == 0:
            yield f"{where} names no user"
        for what in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
            if spec.get(what) and not (on_node and what == "hostNetwork"):
                yield f"{where} has {what}"
        if spec.get("enableServiceLinks") is not False:
            yield f"{where} is given PODPASS_PORT by the service podpass, which the program takes for its flag"
        if "automountServiceAccountToken" not in spec:
            yield f"{where} does not say whether it has a token for the API server"
        for volume in spec.get("volumes", []):
            kinds = set(volume) - {"name"}
            if not kinds <= {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim", "downwardAPI", "csi", "ephemeral"}:
                yield f"{where}: volume {volume['name']} is {kinds}"
        for container in spec.get("initContainers", []) + spec["containers"]:
            yield from container_may_do_nothing_more(thing, container)


def container_may_do_nothing_more(thing, container):
    where = f"{name_of(thing)}: {container['name']}"
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{where} allows privilege escalation"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{where} can write its root file system"
    if context.get("privileged"):
        yield f"{where} is privileged"
    capabilities = context.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"]:
        yield f"{where} keeps capabilities"
    extra = set(capabilities.get("add", [])) - CAPABILITIES.get((thing["metadata"]["name"], container["name"]), set())
    if extra:
        yield f"{where} has {sorted(extra)}"
    for port in container.get("ports", []):
        if "hostPort" in port:
            yield f"{where} claims a port of the host"


def the_agent_claims_no_port(things):
    """With hostNetwork a declared port is a claim on the host's."""
    for thing, spec, _ in pods(things):
        for container in spec["containers"]:
            if spec.get("hostNetwork") and container.get("ports"):
                yield f"{name_of(thing)}: {container['name']} declares ports on the host's network"


def references_are_kept(things):
    found = by_key(things)
    for thing, spec, labels in pods(things):
        where, namespace = name_of(thing), thing["metadata"]["namespace"]

        def there(kind, name, where=where, namespace=namespace):
            if (kind, namespace, name) not in found and (kind, name) not in GIVEN:
                yield f"{where}: there is no {kind} {name} in {namespace}"

        yield from there("ServiceAccount", spec["serviceAccountName"])
        if not thing["spec"]["selector"]["matchLabels"].items() <= labels.items():
            yield f"{where} does not select its own pods"
        volumes = {volume["name"] for volume in spec.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in thing["spec"].get("volumeClaimTemplates", [])}
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                yield from there("ConfigMap", volume["configMap"]["name"])
            if "secret" in volume:
                yield from there("Secret", volume["secret"]["secretName"])
        for container in spec.get("initContainers", []) + spec["containers"]:
            for source in container.get("envFrom", []):
                yield from there("ConfigMap", source["configMapRef"]["name"])
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{where}: {container['name']} mounts {mount['name']}, which is no volume"
            yield from variables_are_known(thing, container, found)
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                port = container.get(probe, {}).get("httpGet", {}).get("port")
                if isinstance(port, str) and port not in ports:
                    yield f"{where}: {probe} asks port {port}, which is none"


def variables_are_known(thing, container, found):
    known = {variable["name"] for variable in container.get("env", [])}
    for source in container.get("envFrom", []):
        settings = found.get(("ConfigMap", thing["metadata"]["namespace"], source["configMapRef"]["name"]), {})
        known |= set(settings.get("data", {}))
    for argument in container.get("args", []):
        for name in re.findall(r"\$\((\w+)\)", argument):
            if name not in known:
                yield f"{name_of(thing)}: {container['name']} is given $({name}), which nothing sets"


def selectors_select(things):
    by_namespace = [(thing["metadata"]["namespace"], spec, labels) for thing, spec, labels in pods(things)]
    for thing in things:
        if thing["kind"] not in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            continue
        selector = {"Service": lambda s: s.get("selector"), "PodDisruptionBudget": lambda s: s["selector"]["matchLabels"],
                    "NetworkPolicy": lambda s: s["podSelector"]["matchLabels"]}[thing["kind"]](thing["spec"])
        chosen = [spec for namespace, spec, labels in by_namespace
                  if namespace == thing["metadata"]["namespace"] and selector.items() <= labels.items()]
        if len(chosen) != 1:
            yield f"{name_of(thing)} selects {len(chosen)} workloads"
            continue
        ports = {port["name"]: port["containerPort"] for c in chosen[0]["containers"] for port in c.get("ports", [])}
        if thing["kind"] == "Service":
            for port in thing["spec"]["ports"]:
                if port["targetPort"] not in ports:
                    yield f"{name_of(thing)} leads to port {port['targetPort']}, which is none"
        if thing["kind"] == "NetworkPolicy":
            allowed = {port["port"] for rule in thing["spec"]["ingress"] for port in rule["ports"]}
            if allowed != set(ports.values()):
                yield f"{name_of(thing)} lets {sorted(allowed)} in, but the pods serve {sorted(ports.values())}"


def permissions_are_exact(things):
    found = by_key(things)
    for thing in things:
        if thing["kind"] in ("ClusterRole", "Role"):
            for rule in thing["rules"]:
                for part in rule:
                    if "*" in rule[part]:
                        yield f"{name_of(thing)} has * in {part}"
                if {"secrets", "mutatingwebhookconfigurations"} & set(rule.get("resources", [])) and rule["verbs"] != ["create"]:
                    if not rule.get("resourceNames"):
                        yield f"{name_of(thing)} reaches every object of {rule['resources']}"
                if "mutatingwebhookconfigurations" in rule.get("resources", []):
                    for name in rule.get("resourceNames", []):
                        if ("MutatingWebhookConfiguration", "", name) not in found:
                            yield f"{name_of(thing)} names {name}, which is not there"
        if thing["kind"] in ("ClusterRoleBinding", "RoleBinding"):
            namespace = thing["metadata"].get("namespace", "") if thing["roleRef"]["kind"] == "Role" else ""
            if (thing["roleRef"]["kind"], namespace, thing["roleRef"]["name"]) not in found and not thing["roleRef"]["name"].startswith("system:"):
                yield f"{name_of(thing)} gives {thing['roleRef']['name']}, which is not there"
            for subject in thing["subjects"]:
                if (subject["kind"], subject["namespace"], subject["name"]) not in found:
                    yield f"{name_of(thing)} gives to {subject['name']}, which is not there"


def nothing_waits_for_itself(things):
    """The webhook must not be asked for the pods that bring it up, and must be reachable where it is configured."""
    found = by_key(things)
    own = {thing["metadata"]["namespace"] for thing, _, _ in pods(things)}
    for thing in things:
        if thing["kind"] != "MutatingWebhookConfiguration":
            continue
        for hook in thing["webhooks"]:
            where = f"{name_of(thing)}: {hook['name']}"
            service = hook["clientConfig"]["service"]
            target = found.get(("Service", service["namespace"], service["name"]))
            if not target or service["port"] not in {port["port"] for port in target["spec"]["ports"]}:
                yield f"{where} calls a service that is not there"
            out = {value for term in hook["namespaceSelector"]["matchExpressions"]
                   if term["key"] == "kubernetes.io/metadata.name" and term["operator"] == "NotIn" for value in term["values"]}
            for namespace in (own | {"kube-system"}) - out:
                yield f"{where} is asked for pods of {namespace}"
            if {"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"} not in hook["objectSelector"]["matchExpressions"]:
                yield f"{where} has no way round it for a pod"
            if hook["reinvocationPolicy"] != "IfNeeded" or not 1 <= hook["timeoutSeconds"] <= 10:
                yield f"{where}: reinvocation or timeout"


def namespaces_enforce_pod_security(things):
    for thing in things:
        if thing["kind"] == "Namespace":
            wanted = "privileged" if thing["metadata"]["name"] in PRIVILEGED_NAMESPACES else "restricted"
            if thing["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != wanted:
                yield f"{name_of(thing)} does not enforce {wanted}"


RULES = [containers_have_limits_and_probes, pods_may_do_nothing_more_than_needed, the_agent_claims_no_port, references_are_kept,
         selectors_select, permissions_are_exact, nothing_waits_for_itself, namespaces_enforce_pod_security]


def findings(things):
    return [finding for rule in RULES for finding in rule(things)]
