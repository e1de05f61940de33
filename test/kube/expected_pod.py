"""What the webhook makes of a pod, told a second time: section by section what AWS documents and the known webhook does.

Written for reading, from the rules, not from the program. A change here needs a rule that says so.
"""

import copy

POD_IDENTITY = {
    "volume": "eks-pod-identity-token",
    "audience": "pods.eks.amazonaws.com",
    "file": "eks-pod-identity-token",
    "mount": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
}
WEB_IDENTITY = {
    "volume": "aws-iam-token",
    "audience": "sts.amazonaws.com",
    "file": "token",
    "mount": "/var/run/secrets/eks.amazonaws.com/serviceaccount",
}
LABEL = {"eks.amazonaws.com/pod-identity": "enabled"}
SKIP_LABEL = "eks.amazonaws.com/skip-pod-identity-webhook"
JITTERED_SECONDS = range(79_200, 86_401)  # of a pod identity token whose life is the default


def pod_identity(pod, region=None, defaulted=True):
    """The pod with EKS Pod Identity. The token's life stands as "jittered" where chance decides it.

    `defaulted`: the API server completes what was added, as it does with all that it stores.
    """
    variables = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{POD_IDENTITY['mount']}/{POD_IDENTITY['file']}",
    }
    seconds = token_seconds(pod)
    made = _with_token(pod, POD_IDENTITY, "jittered" if seconds == 86_400 else seconds, _regions(region), variables, defaulted)
    made["metadata"]["labels"] = {**made["metadata"].get("labels", {}), **LABEL}
    return made


def web_identity(pod, role_arn, region=None):
    """The pod with IAM roles for service accounts."""
    variables = {"AWS_ROLE_ARN": role_arn, "AWS_WEB_IDENTITY_TOKEN_FILE": f"{WEB_IDENTITY['mount']}/{WEB_IDENTITY['file']}"}
    return _with_token(pod, WEB_IDENTITY, token_seconds(pod), _regions(region), variables, True)


def token_seconds(pod):
    return max(600, int(pod["metadata"].get("annotations", {}).get("eks.amazonaws.com/token-expiration", "86400")))


def _regions(region):
    return {"AWS_DEFAULT_REGION": region, "AWS_REGION": region} if region else {}


def _with_token(pod, token, seconds, regions, variables, defaulted):
    made = copy.deepcopy(pod)
    spec = made["spec"]
    volumes = spec.setdefault("volumes", [])
    if token["volume"] not in [volume["name"] for volume in volumes]:
        source = {"audience": token["audience"], "expirationSeconds": seconds, "path": token["file"]}
        projected = {"sources": [{"serviceAccountToken": source}], **({"defaultMode": 420} if defaulted else {})}
        volumes.insert(0, {"name": token["volume"], "projected": projected})
    skipped = [name.strip() for name in made["metadata"].get("annotations", {}).get("eks.amazonaws.com/skip-containers", "").split(",")]
    for container in spec["containers"] + spec.get("initContainers", []):
        if container["name"] not in skipped:
            for group in (regions, variables):  # each is added as a whole or not at all
                _add_variables(container, group)
            _add_mount(container, token)
    return made


def _add_variables(container, variables):
    names = [variable["name"] for variable in container.get("env", [])]
    if variables and not set(variables) & set(names):
        container.setdefault("env", []).extend({"name": name, "value": value} for name, value in variables.items())


def _add_mount(container, token):
    mounts = container.setdefault("volumeMounts", [])
    if token["volume"] not in [mount["name"] for mount in mounts]:
        mounts.append({"name": token["volume"], "readOnly": True, "mountPath": token["mount"]})
