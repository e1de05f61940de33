"""What arrives broken, forged or too large: a clear AWS error each time, nothing changed, and the server goes on."""

import base64
import datetime
import hashlib
import hmac
import json
import re
import time
import urllib.parse
from unittest import mock

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from podpass_server import CLUSTER, TRUST, Keys

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
ASSOCIATIONS = f"/clusters/{CLUSTER}/pod-identity-associations"
EXCHANGE = f"/clusters/{CLUSTER}/assume-role-for-pod-identity"


@pytest.fixture(autouse=True)
def nothing_changed(server):
    """No test of this file adds a role, a cluster or an association."""

    def state():
        return (server.client("iam").list_roles()["Roles"], server.client("eks").list_clusters()["clusters"],
                server.client("eks").list_pod_identity_associations(clusterName=CLUSTER, namespace="bad-input")["associations"])

    before = state()
    yield
    assert state() == before


# --- bodies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'"text"', b"{'namespace': 'bad-input'}", b'{"namespace": "bad-input"', b'{"namespace": 7, "serviceAccount": "sa", "roleArn": "x"}',
    b'{"namespace": {"a": "b"}, "serviceAccount": "sa", "roleArn": "x"}', b'{"namespace": "\xff\xfe"}', b'{"a":' * 5000, b"[" * 100_000,
    b'{"namespace": "bad-input"} trailing', b'{"namespace": "\\ud800"}', b"\x00\x01\x02", b'{"namespace": null, "serviceAccount": null}',
    b'{"tags": {"a": 1e999}}', b'{"tags": [["a", "b"]]}',
])
def test_malformed_json(server, body):
    answer = server.signed("eks", "POST", ASSOCIATIONS, body, JSON)
    assert answer.status == 400, answer.text
    assert answer.error_type in ("InvalidParameterException", "SerializationException", "InvalidRequestException"), answer.headers
    assert answer.json.get("message")


@pytest.mark.parametrize("body, codes", [
    (b"", {"MissingAction", "InvalidAction"}),
    (b"Version=2010-05-08", {"MissingAction", "InvalidAction"}),
    (b"Action=NoSuchAction&Version=2010-05-08", {"InvalidAction"}),
    (b"Action=CreateRole&Version=2010-05-08", {"ValidationError", "MissingParameter"}),
    (b"Action=CreateRole&Version=2010-05-08&RoleName=%", {"ValidationError", "MalformedQueryString", "MissingParameter"}),
    (b"Action=CreateRole&Version=2010-05-08&RoleName=%FF%FE&AssumeRolePolicyDocument=%7B", {"ValidationError", "MalformedPolicyDocument", "MalformedQueryString"}),
    (b"Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.99999999=x", {"ValidationError", "MalformedQueryString", "MalformedInput"}),
    (b"Action=CreateRole&Version=2010-05-08&RoleName=r&RoleName.member.1=s&AssumeRolePolicyDocument=%7B%7D",
     {"ValidationError", "MalformedQueryString", "MalformedInput", "MalformedPolicyDocument"}),
    (b"&" * 50_000, {"MissingAction", "InvalidAction", "ValidationError", "MalformedQueryString"}),
])
def test_malformed_forms(server, body, codes):
    answer = server.signed("iam", "POST", "/", body, FORM)
    code = re.search(r"<Code>(\w+)</Code>", answer.text)
    assert answer.status == 400 and code and code.group(1) in codes, answer.text
    assert "<Message>" in answer.text and "<RequestId>" in answer.text


@pytest.mark.parametrize("body", [
    b"<", b"<CreateBucketConfiguration", b"<a></b>", b"not xml at all", b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
    b"<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>", b"<a>" * 20_000, b"\xff\xfe\x00",
])
def test_malformed_xml(server, body):
    answer = server.signed("s3", "PUT", "/bad-input-bucket", body)
    assert answer.status == 400 and "<Code>MalformedXML</Code>" in answer.text, answer.text
    assert server.signed("s3", "HEAD", "/bad-input-bucket").status == 404


@pytest.mark.parametrize("service, path, headers", [("eks", ASSOCIATIONS, JSON), ("iam", "/", FORM), ("eks-auth", EXCHANGE, JSON), ("s3", "/bad-input-bucket", {})])
def test_oversized_bodies(server, service, path, headers):
    body = b'{"namespace": "' + b"x" * (16 << 20) + b'"}'
    method = "PUT" if service == "s3" else "POST"
    sent = server.sign(service, method, path, body, headers)
    head = f"{method} {path} HTTP/1.1\r\nHost: {urllib.parse.urlsplit(server.endpoint).netloc}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in sent.items() if name.lower() not in ("host", "content-length"))
    answer = server.raw(head.encode() + b"\r\n" + body[: 64 << 10], end=False)  # refused by its length: the rest need not be sent
    assert re.match(rb"HTTP/1\.1 (413|400) ", answer), answer[:500]


@pytest.mark.parametrize("request_bytes, status", [
    (b"GARBAGE\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"(400|505)"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"400"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: sts.x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (1 << 20) + b"\r\n\r\n", b"431"),
    (b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"(414|431)"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", b"431"),
])
def test_broken_requests(server, request_bytes, status):
    answer = server.raw(request_bytes)
    assert re.match(rb"HTTP/1\.[01] " + status + rb" ", answer), answer[:300]


def test_truncated_bodies(server):
    """The connection ends before the body does."""
    body = b'{"namespace": "bad-input", "serviceAccount": "sa", "roleArn": "x"}'
    sent = server.sign("eks", "POST", ASSOCIATIONS, body, JSON)
    head = f"POST {ASSOCIATIONS} HTTP/1.1\r\nHost: {urllib.parse.urlsplit(server.endpoint).netloc}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in sent.items() if name.lower() not in ("host", "content-length"))
    answer = server.raw(head.encode() + b"\r\n" + body[:20])
    assert b" 200 " not in answer[:20]


# --- signatures ------------------------------------------------------------------------------------------------------------


def code_of(answer):
    """The error code, whatever the protocol."""
    found = re.search(r"<Code>(\w+)</Code>", answer.text)
    return found.group(1) if found else answer.error_type


SIGNED = [("eks", "GET", "/clusters"), ("iam", "POST", "/"), ("sts", "POST", "/"), ("s3", "GET", "/")]
LIST_ROLES = b"Action=ListRoles&Version=2010-05-08"
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


def body_of(service):
    return {"iam": LIST_ROLES, "sts": IDENTITY}.get(service, b"")


@pytest.mark.parametrize("service, method, path", SIGNED)
def test_unknown_keys(server, service, method, path):
    keys = Keys("AKIA" + "Z" * 16, "secret")
    answer = server.signed(service, method, path, body_of(service), FORM if method == "POST" else {}, keys)
    assert answer.status == 403
    assert code_of(answer) == {"eks": "UnrecognizedClientException", "s3": "InvalidAccessKeyId"}.get(service, "InvalidClientTokenId")


@pytest.mark.parametrize("service, method, path", SIGNED)
def test_wrong_signatures(server, service, method, path):
    root = server.root_keys()
    wrong_secret = Keys(root.access_key, root.secret_key[::-1])
    answer = server.signed(service, method, path, body_of(service), FORM if method == "POST" else {}, wrong_secret)
    assert answer.status == 403
    assert code_of(answer) == ("InvalidSignatureException" if service == "eks" else "SignatureDoesNotMatch")
    assert root.secret_key not in answer.text


@pytest.mark.parametrize("service, method, path", SIGNED)
def test_unsigned_requests(server, service, method, path):
    answer = server.send(method, path, body_of(service), FORM if method == "POST" else {})
    assert answer.status in (400, 403, 404) and code_of(answer), answer.text


@pytest.mark.parametrize("minutes", [-16, 16, -24 * 60, 24 * 60])
@pytest.mark.parametrize("service, method, path", SIGNED)
def test_skewed_clocks(server, service, method, path, minutes):
    when = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(minutes=minutes)
    with mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: when):
        headers = server.sign(service, method, path, body_of(service), FORM if method == "POST" else {})
    assert when.strftime("%Y%m%dT%H%M") in headers["X-Amz-Date"]
    answer = server.send(method, path, body_of(service), headers)
    assert answer.status == 403
    assert code_of(answer) == {"eks": "InvalidSignatureException", "s3": "RequestTimeTooSkewed"}.get(service, "SignatureDoesNotMatch")


def test_a_signature_covers_what_it_says(server):
    """Another path, query, header, body or region with a good signature is refused."""
    headers = server.sign("eks", "GET", "/clusters", b"", {})
    assert server.send("GET", "/clusters", headers=headers).status == 200
    assert server.send("GET", "/clusters?maxResults=1", headers=headers).status == 403
    assert server.send("GET", f"/clusters/{CLUSTER}", headers=headers).status == 403
    assert server.send("DELETE", "/clusters", headers=headers).status in (403, 404)
    assert server.send("GET", "/clusters", headers={**headers, "X-Amz-Target": "not.Signed"}).status == 403
    assert server.send("GET", "/clusters", headers={**headers, "Host": "eks.example.com"}).status == 403
    headers = server.sign("iam", "POST", "/", LIST_ROLES, FORM)
    assert server.send("POST", "/", b"Action=ListUsers&Version=2010-05-08", headers).status == 403


@pytest.mark.parametrize("authorization", ["", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "Basic cm9vdDpyb290", "Bearer x.y.z", "AWS AKIA:sig",
                                           "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=zz",
                                           "AWS4-HMAC-SHA256 Credential=a/20200101/r/eks/aws4_request, SignedHeaders=, Signature=" + "0" * 64,
                                           "AWS4-HMAC-SHA512 Credential=a/20200101/r/eks/aws4_request, SignedHeaders=host, Signature=" + "0" * 64])
def test_malformed_authorization(server, authorization):
    answer = server.send("GET", "/clusters", headers={"Authorization": authorization, "X-Amz-Date": "20260101T000000Z"})
    assert answer.status in (400, 403, 404) and code_of(answer), answer.text


# --- tokens ------------------------------------------------------------------------------------------------------------------


def encode(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="module")
def good(server):
    """A good token of a service account with an association, and its parts."""
    iam, eks = server.client("iam"), server.client("eks")
    role = iam.create_role(RoleName="bad-input-tokens", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    eks.create_pod_identity_association(clusterName=CLUSTER, namespace="tokens", serviceAccount="sa", roleArn=role)
    token = server.token("tokens", "sa")
    header, claims, _ = token.split(".")
    return {"token": token, "header": decode(header), "claims": decode(claims)}


def signed_by(key, header, claims):
    signing = f"{encode(header)}.{encode(claims)}"
    return f"{signing}.{encode(key.sign(signing.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def exchange(server, token, cluster=CLUSTER):
    return server.signed("eks-auth", "POST", f"/clusters/{cluster}/assume-role-for-pod-identity", json.dumps({"token": token}), JSON)


def public_pem(server):
    """The cluster's public key as anybody can fetch it."""
    issuer = server.client("eks").describe_cluster(name=CLUSTER)["cluster"]["identity"]["oidc"]["issuer"]
    document = server.send("GET", urllib.parse.urlsplit(issuer).path + "/.well-known/openid-configuration").json
    jwk = server.send("GET", urllib.parse.urlsplit(document["jwks_uri"]).path).json["keys"][0]
    number = lambda text: int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    key = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_podpass_token_is_good(server, good):
    answer = exchange(server, good["token"])
    assert answer.status == 200, answer.text
    claims = good["claims"]
    assert claims["aud"] == ["pods.eks.amazonaws.com"] and claims["sub"] == "system:serviceaccount:tokens:sa"
    assert claims["kubernetes.io"]["pod"]["name"] and claims["kubernetes.io"]["serviceaccount"]["name"] == "sa"
    assert claims["iat"] <= time.time() < claims["exp"] <= time.time() + 86_400 + 5
    assert good["header"]["alg"] == "RS256"


@pytest.mark.parametrize("forge", ["hs256", "none", "none_with_signature", "own_key", "own_key_without_kid", "embedded_key", "changed_claims", "changed_signature",
                                   "no_signature_bytes", "crit"])
def test_forged_tokens(server, good, forge):
    header, claims, token = good["header"], good["claims"], good["token"]
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = token.split(".")[2]
    if forge == "hs256":
        signing = f'{encode({**header, "alg": "HS256"})}.{encode(claims)}'
        forged = f"{signing}.{encode(hmac.new(public_pem(server), signing.encode(), hashlib.sha256).digest())}"
    elif forge == "none":
        forged = f'{encode({**header, "alg": "none"})}.{encode(claims)}.'
    elif forge == "none_with_signature":
        forged = f'{encode({**header, "alg": "none"})}.{encode(claims)}.{signature}'
    elif forge == "own_key":
        forged = signed_by(own, header, claims)
    elif forge == "own_key_without_kid":
        forged = signed_by(own, {"alg": "RS256"}, claims)
    elif forge == "embedded_key":
        numbers = own.public_key().public_numbers()
        jwk = {"kty": "RSA", "e": "AQAB", "n": encode(numbers.n.to_bytes(256, "big"))}
        forged = signed_by(own, {"alg": "RS256", "jwk": jwk}, claims)
    elif forge == "changed_claims":
        forged = f'{token.split(".")[0]}.{encode({**claims, "sub": "system:serviceaccount:tokens:admin"})}.{signature}'
    elif forge == "changed_signature":
        forged = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    elif forge == "no_signature_bytes":
        forged = token[: token.rindex(".") + 1] + "AA"
    else:
        forged = f'{encode({**header, "crit": ["exp"]})}.{token.split(".")[1]}.{signature}'
    answer = exchange(server, forged)
    assert answer.status == 400, answer.text
    assert answer.error_type in ("InvalidTokenException", "InvalidParameterException")
    assert signature[:40] not in answer.text
    assert "credentials" not in answer.json


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "a.b.c.d", "....", "é.é.é", "Bearer a.b.c", "x" * 30_000, 7, None, {"a": "b"}])
def test_what_is_no_token(server, token):
    answer = exchange(server, token)
    assert answer.status in (400, 413) and answer.error_type, answer.text


def test_foreign_tokens(server, good, world):
    """Of another cluster, for another audience, and of a service account without an association."""
    other = f"{world.name}-other"
    world.eks.create_cluster(name=other, roleArn="arn:aws:iam::111122223333:role/bad-input-tokens", resourcesVpcConfig={})
    foreign = exchange(server, server.mint("tokens", "sa", other))
    world.eks.delete_cluster(name=other)
    assert (foreign.status, foreign.error_type) == (400, "InvalidTokenException"), foreign.text
    audience = exchange(server, server.mint("tokens", "sa", audience="sts.amazonaws.com"))
    assert (audience.status, audience.error_type) == (400, "InvalidTokenException"), audience.text
    nobody = exchange(server, server.mint("tokens", "nobody"))
    assert (nobody.status, nobody.error_type) == (404, "ResourceNotFoundException"), nobody.text
    unknown = exchange(server, good["token"], "no-such-cluster")
    assert (unknown.status, unknown.error_type) == (404, "ResourceNotFoundException"), unknown.text


# --- the agent ---------------------------------------------------------------------------------------------------------------


def test_agent_answers(server, good):
    answer = server.ask_agent(good["token"])
    assert answer.status == 200 and answer.headers["content-type"].startswith("application/json")
    assert set(answer.json) == {"AccessKeyId", "SecretAccessKey", "Token", "AccountId", "Expiration"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer.json["Expiration"]) and answer.json["AccountId"] == "111122223333"
    again = server.ask_agent(good["token"], method="POST")
    assert again.json["AccessKeyId"] == answer.json["AccessKeyId"]  # from the cache; any method


@pytest.mark.parametrize("token, text", [
    (None, "cannot be empty"), ("", "cannot be empty"), ("garbage", "cannot be parsed"), ("a.b.c", "cannot be parsed"), ("Bearer a.b.c", "cannot be parsed"),
])
def test_agent_refuses_what_is_no_token(server, token, text):
    answer = server.ask_agent(token)
    assert answer.status == 400 and f"Service account token {text}" in answer.text


@pytest.mark.parametrize("claims, text", [({"exp": 1_700_000_000}, "token is expired"), ({"nbf": 4_000_000_000}, "token is not valid yet")])
def test_agent_checks_the_time(server, good, claims, text):
    token = f'{encode(good["header"])}.{encode({**good["claims"], **claims})}.{encode(b"x" * 256)}'
    answer = server.ask_agent(token)
    assert answer.status == 400 and f"Service account token failed basic claim validations: {text}" in answer.text


def test_agent_passes_errors_on(server, good):
    forged = good["token"][:-10] + ("A" if good["token"][-10] != "A" else "B") + good["token"][-9:]
    answer = server.ask_agent(forged)
    assert answer.status == 400 and "(InvalidTokenException)" in answer.text and "fault: client" in answer.text


def test_agent_checks_the_host(server, good):
    """A web page that has its name resolved to the agent's address gets nothing."""
    answer = server.ask_agent(good["token"], Host="attacker.example.com")
    assert answer.status == 403 and answer.text.startswith("Access Denied. Called agent through invalid address")


@pytest.mark.parametrize("path", ["/", "/v1/credentials/", "/v1", "/v2/credentials", "/v1/credentials/../credentials"])
def test_agent_has_one_path(server, good, path):
    assert server.ask_agent(good["token"], path).status == 404
