"""The S3 operations through boto3, the CLI and presigned URLs: bytes, checksums, conditions, listing, permissions."""

import base64
import hashlib
import json
import os
import urllib.parse
import zlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from podpass_server import REGION, allow


def test_buckets(world, refused):
    bucket = world.bucket()
    assert world.s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert bucket in [b["Name"] for b in world.s3.list_buckets()["Buckets"]]
    assert world.s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION
    with pytest.raises(world.s3.exceptions.BucketAlreadyOwnedByYou) as error:
        world.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    refused(error, "BucketAlreadyOwnedByYou", 409)
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.delete_bucket(Bucket=bucket)
    refused(error, "BucketNotEmpty", 409)
    world.s3.delete_object(Bucket=bucket, Key="k")
    world.s3.delete_object(Bucket=bucket, Key="k")  # what is not there is deleted too
    world.s3.delete_bucket(Bucket=bucket)
    with pytest.raises(world.s3.exceptions.NoSuchBucket) as error:
        world.s3.list_objects_v2(Bucket=bucket)
    refused(error, "NoSuchBucket", 404)


@pytest.mark.parametrize("name", ["UPPER-case", "has_underscore", "192.168.1.1", "double..dot", "-begins"])
def test_bucket_names(server, refused, name):
    answer = server.signed("s3", "PUT", f"/{name}")
    assert answer.status == 400 and "<Code>InvalidBucketName</Code>" in answer.text


@pytest.mark.parametrize("size", [0, 1, 65_536, 300_001])
def test_bodies(world, size):
    body = os.urandom(size)
    bucket = world.bucket()
    etag = world.s3.put_object(Bucket=bucket, Key="k", Body=body)["ETag"]
    assert etag == f'"{hashlib.md5(body).hexdigest()}"'
    got = world.s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body and got["ContentLength"] == size and got["ETag"] == etag
    head = world.s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == size and head["ETag"] == etag


@pytest.mark.parametrize("key", ["plain", "with space", "a/b/c", "//double//", "../up", "ünïcödé/☃", "q?x=1&y=2#f", "plus+percent%20%", "a" * 1024, ".", "..x"])
def test_keys(world, key):
    bucket = world.bucket()
    world.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert world.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [o["Key"] for o in world.s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_metadata(world):
    bucket = world.bucket()
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain; charset=utf-8", CacheControl="no-store",
                        ContentDisposition="attachment", Metadata={"owner": "team blue"})
    head = world.s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentType"] == "text/plain; charset=utf-8" and head["CacheControl"] == "no-store"
    assert head["ContentDisposition"] == "attachment" and head["Metadata"] == {"owner": "team blue"}


@pytest.mark.parametrize("wanted, slice_", [("bytes=0-3", slice(0, 4)), ("bytes=4-", slice(4, None)), ("bytes=-3", slice(-3, None)),
                                            ("bytes=2-1000", slice(2, None)), ("bytes=-1000", slice(0, None))])
def test_ranges(world, wanted, slice_):
    bucket = world.bucket(k=b"0123456789")
    got = world.s3.get_object(Bucket=bucket, Key="k", Range=wanted)
    assert got["Body"].read() == b"0123456789"[slice_] and got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"].endswith("/10")


def test_a_range_outside(world, refused):
    bucket = world.bucket(k=b"0123456789")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")
    refused(error, "InvalidRange", 416)


def test_conditions(world):
    bucket = world.bucket(k=b"x")
    etag = world.s3.head_object(Bucket=bucket, Key="k")["ETag"]
    assert world.s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"x"
    for condition, status in (({"IfMatch": '"other"'}, 412), ({"IfNoneMatch": etag}, 304)):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            world.s3.get_object(Bucket=bucket, Key="k", **condition)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_checksums(world, refused):
    bucket = world.bucket()
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        put = world.s3.put_object(Bucket=bucket, Key="k", Body=b"checked", ChecksumAlgorithm=algorithm)
        got = world.s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert got["Body"].read() == b"checked" and got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    for wrong, code in (({"ChecksumCRC32": "AAAAAA=="}, "BadDigest"), ({"ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest")):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            world.s3.put_object(Bucket=bucket, Key="k", Body=b"other", **wrong)
        refused(error, code, 400)
    assert world.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"checked"  # a refused body replaces nothing


def test_a_changed_body_is_refused(server, world):
    """The body is not what was signed: nothing is stored."""
    bucket = world.bucket()
    headers = server.sign("s3", "PUT", f"/{bucket}/k", b"signed")
    answer = server.send("PUT", f"/{bucket}/k", b"change", headers)
    assert answer.status == 400 and "<Code>XAmzContentSHA256Mismatch</Code>" in answer.text
    assert "Contents" not in world.s3.list_objects_v2(Bucket=bucket)


def test_listing(world):
    keys = sorted(["a/1", "a/2", "a/b/3", "b", "c/4", "d e", "ü"])
    bucket = world.bucket(**{key: b"x" for key in keys})
    assert [o["Key"] for o in world.s3.list_objects_v2(Bucket=bucket)["Contents"]] == keys
    top = world.s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in top["CommonPrefixes"]] == ["a/", "c/"] and [o["Key"] for o in top["Contents"]] == ["b", "d e", "ü"]
    below = world.s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")
    assert [p["Prefix"] for p in below["CommonPrefixes"]] == ["a/b/"] and [o["Key"] for o in below["Contents"]] == ["a/1", "a/2"]
    paged = []
    for page in world.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2}):
        paged += [o["Key"] for o in page["Contents"]]
    assert paged == keys
    assert [o["Key"] for o in world.s3.list_objects_v2(Bucket=bucket, StartAfter="b")["Contents"]] == [k for k in keys if k > "b"]
    assert world.s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0


def test_presigned_urls(server, world):
    bucket = world.bucket(k=b"presigned")

    def get(url):
        parts = urllib.parse.urlsplit(url)
        return server.send("GET", f"{parts.path}?{parts.query}")

    url = server.client("s3", signature_version="s3v4").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    assert get(url).body == b"presigned"
    refused = get(url[:-4] + ("0000" if not url.endswith("0000") else "1111"))
    assert refused.status == 403 and "<Code>SignatureDoesNotMatch</Code>" in refused.text
    longer = get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))
    assert longer.status == 403 and "<Code>SignatureDoesNotMatch</Code>" in longer.text


def test_virtual_host_style(server, world):
    """The bucket in the Host header, signed as such."""
    bucket = world.bucket(k=b"by host")
    port = urllib.parse.urlsplit(server.endpoint).port
    keys = server.root_keys()
    request = botocore.awsrequest.AWSRequest("GET", f"http://{bucket}.localhost:{port}/k")
    botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(keys.access_key, keys.secret_key), "s3", REGION).add_auth(request)
    answer = server.send("GET", "/k", headers={**dict(request.headers.items()), "Host": f"{bucket}.localhost:{port}"})
    assert (answer.status, answer.body) == (200, b"by host"), answer.text


def test_the_cli_copies(server, world):
    bucket = world.bucket()
    (server.directory / f"{world.name}.txt").write_text("by the CLI\n")
    server.aws(f"s3 cp {world.name}.txt s3://{bucket}/dir/file.txt")
    assert server.aws(f"s3 cp s3://{bucket}/dir/file.txt -").stdout == "by the CLI\n"
    assert "dir/file.txt" in server.aws(f"s3 ls s3://{bucket} --recursive").stdout
    server.aws(f"s3 rm s3://{bucket}/dir/file.txt")
    server.aws(f"s3 rb s3://{bucket}")


def test_anonymous_callers(server, world):
    bucket = world.bucket(**{"open/k": b"for all", "shut/k": b"not for all"})
    refused = server.send("GET", f"/{bucket}/open/k")
    assert refused.status == 403 and "<Code>AccessDenied</Code>" in refused.text
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/open/*", Principal="*")))
    assert server.send("GET", f"/{bucket}/open/k").body == b"for all"
    assert server.send("GET", f"/{bucket}/shut/k").status == 403
    assert server.send("PUT", f"/{bucket}/open/k", b"mine now").status == 403


def test_what_one_may_know(server, world, refused):
    """A missing key is a missing key to those who may list, and a refusal to others."""
    bucket = world.bucket()
    reader, _ = world.user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        server.client("s3", reader).get_object(Bucket=bucket, Key="missing")
    refused(error, "AccessDenied", 403)
    lister, _ = world.user(allow(["s3:GetObject", "s3:ListBucket"], "*"))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        server.client("s3", lister).get_object(Bucket=bucket, Key="missing")
    refused(error, "NoSuchKey", 404)


def test_listing_by_prefix(server, world, refused):
    bucket = world.bucket(**{"home/k": b"x", "other/k": b"x"})
    keys, arn = world.user(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "home/*"}}))
    s3 = server.client("s3", keys)
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="home/")["Contents"]] == ["home/k"]
    for arguments in ({}, {"Prefix": "other/"}):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            s3.list_objects_v2(Bucket=bucket, **arguments)
        assert refused(error, "AccessDenied", 403).startswith(f"User: {arn} is not authorized to perform: s3:ListBucket")


def test_bucket_policies(world, refused):
    bucket = world.bucket()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.get_bucket_policy(Bucket=bucket)
    refused(error, "NoSuchBucketPolicy", 404)
    policy = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*")
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert json.loads(world.s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    for bad in ("{", json.dumps(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")),
                json.dumps(allow("s3:GetObject", "arn:aws:s3:::somebody-elses/*", Principal="*"))):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            world.s3.put_bucket_policy(Bucket=bucket, Policy=bad)
        refused(error, "MalformedPolicy", 400)
    assert json.loads(world.s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    world.s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.get_bucket_policy(Bucket=bucket)
    refused(error, "NoSuchBucketPolicy", 404)


def test_what_is_not_there_yet_says_so(server, world):
    bucket = world.bucket()
    answer = server.signed("s3", "GET", f"/{bucket}?accelerate")
    assert answer.status == 501 and "<Code>NotImplemented</Code>" in answer.text


def test_crc32_of_an_unchunked_body(server, world):
    """The checksum in a header, as older SDKs send it."""
    bucket = world.bucket()
    checksum = base64.b64encode(zlib.crc32(b"body").to_bytes(4, "big")).decode()
    assert server.signed("s3", "PUT", f"/{bucket}/k", b"body", {"x-amz-checksum-crc32": checksum}).status == 200
    bad = server.signed("s3", "PUT", f"/{bucket}/k", b"body", {"x-amz-checksum-crc32": "AAAAAA=="})
    assert bad.status == 400 and "<Code>BadDigest</Code>" in bad.text


@pytest.mark.parametrize("prefix", ["s3-data", "s3.data", "a.s3.b", "a.s3-b"])
def test_virtual_host_names_the_whole_bucket(world, prefix):
    """Whatever a bucket's name looks like, a request to its host is about it and no other."""
    bucket = f"{prefix}-{world.new('v')}"
    other = world.bucket(inner=b"other's")
    world.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    world.s3.put_object(Bucket=bucket, Key="inner", Body=b"its own")
    host = f"{bucket}.localhost:{urllib.parse.urlsplit(world.server.endpoint).port}"

    def send(method, path):
        request = botocore.awsrequest.AWSRequest(method, f"http://{host}{path}", headers={"Host": host})
        keys = world.server.root_keys()
        botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(keys.access_key, keys.secret_key), "s3", REGION).add_auth(request)
        return world.server.send(method, path, headers=dict(request.headers.items()))

    assert send("GET", "/inner").body == b"its own"
    assert send("PUT", f"/{other}/inner").status == 200
    assert send("DELETE", f"/{other}").status == 204
    assert world.s3.get_object(Bucket=other, Key="inner")["Body"].read() == b"other's"
    assert world.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2


def test_keys_that_look_like_the_servers_own_paths(world):
    bucket = world.bucket()
    host = f"{bucket}.localhost:{urllib.parse.urlsplit(world.server.endpoint).port}"
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]}))
    for key in ("_podpass/health", "id/x/keys"):
        world.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert world.server.send("GET", f"/{key}", headers={"Host": host}).body == key.encode()
    assert world.server.send("GET", "/_podpass/health").json == {"status": "ok"}


def test_a_bucket_called_like_a_service(world):
    world.s3.create_bucket(Bucket="iam", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.s3.put_object(Bucket="iam", Key="k", Body=b"public")
    world.s3.put_bucket_policy(Bucket="iam", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::iam/*"}]}))
    assert world.server.send("GET", "/k", headers={"Host": "iam.localhost"}).body == b"public"
    world.s3.delete_object(Bucket="iam", Key="k")
    world.s3.delete_bucket(Bucket="iam")


def bucket_policy(bucket, effect, principal, action="s3:GetObject", resource="/*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Principal": principal, "Action": action, "Resource": f"arn:aws:s3:::{bucket}{resource}"}]})


def test_a_bucket_policy_put_back_lets_no_namesake_in(world, refused):
    """What names a user that is gone shows its unique id, so reading and writing the policy gives nothing to who has the name now."""
    bucket = world.bucket(k=b"x")
    name = world.new("user")
    arn = world.iam.create_user(UserName=name)["User"]["Arn"]
    world.s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "Allow", {"AWS": arn}))
    assert json.loads(world.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Principal"] == {"AWS": arn}
    renamed = world.new("renamed")
    world.iam.update_user(UserName=name, NewUserName=renamed)
    assert json.loads(world.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Principal"]["AWS"].endswith(f"user/{renamed}")
    world.iam.delete_user(UserName=renamed)
    world.iam.create_user(UserName=renamed)
    shown = world.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert json.loads(shown)["Statement"][0]["Principal"]["AWS"].startswith("AIDA")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.put_bucket_policy(Bucket=bucket, Policy=shown)
    refused(error, "MalformedPolicy", 400)


def test_a_canonical_user_is_the_account(world, refused):
    bucket = world.bucket(k=b"x")
    owner = world.s3.list_buckets()["Owner"]["ID"]
    keys, _ = world.user(allow("s3:*", "*"))
    user = world.server.client("s3", keys)
    assert user.get_object(Bucket=bucket, Key="k")
    world.s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "Deny", {"CanonicalUser": owner}))
    for client in (user, world.s3):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            client.get_object(Bucket=bucket, Key="k")
        assert "explicit deny in a resource-based policy" in refused(error, "AccessDenied", 403)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "Deny", {"CanonicalUser": "0" * 64}))
    assert refused(error, "MalformedPolicy", 400) == "Invalid principal in policy"


@pytest.mark.parametrize("action, resource, message", [
    ("s3:DeleteObject", "", "Action does not apply to any resource(s) in statement"),
    ("s3:ListBucket", "/*", "Action does not apply to any resource(s) in statement"),
    (["s3:GetObject", "s3:ListBucket"], "/*", "Action does not apply to any resource(s) in statement"),
    ("s3:Bogus", "/*", "Policy has invalid action"),
    ("s3:Get*", "/*", None),
    ("s3:GetBucket*", "/*", "Action does not apply to any resource(s) in statement"),
    ("s3:GetObject", "*", None),
    ("s3:ListBucket", "*", None),
])
def test_a_bucket_policy_that_could_never_apply(world, refused, action, resource, message):
    bucket = world.bucket()
    policy = bucket_policy(bucket, "Deny", "*", action, resource)
    if message is None:
        world.s3.put_bucket_policy(Bucket=bucket, Policy=policy)
        return
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert refused(error, "MalformedPolicy", 400) == message


def test_version_2_signatures_are_refused(world):
    bucket = world.bucket(k=b"x")
    world.s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "Allow", "*"))
    answer = world.server.send("GET", f"/{bucket}/k?AWSAccessKeyId=AKIAX&Signature=zzz&Expires=1")
    assert answer.status == 400 and "Please use AWS4-HMAC-SHA256" in answer.text


def test_a_body_cut_off(world):
    bucket = world.bucket()
    headers = world.server.sign("s3", "PUT", f"/{bucket}/k", b"whole")
    head = f"PUT /{bucket}/k HTTP/1.1\r\nHost: {urllib.parse.urlsplit(world.server.endpoint).netloc}\r\nContent-Length: 5\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() not in ("host", "content-length"))
    answer = world.server.raw(head.encode() + b"\r\nwh")
    assert b" 400 " in answer.split(b"\r\n")[0] and b"<Code>IncompleteBody</Code>" in answer
    assert world.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
