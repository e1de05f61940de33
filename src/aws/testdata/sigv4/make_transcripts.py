#!/usr/bin/env python3
"""Writes the transcripts beside it: requests signed by botocore, which the checking side must accept.

Run it again only to add cases: python3 make_transcripts.py. Needs botocore (the aws CLI brings it).
"""
import datetime
import json
import pathlib
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
ACCESS_KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzE//token+with=signs/and spaces"
REGION = "us-west-2"

botocore.auth.get_current_datetime = lambda *args, **kwargs: NOW


def transcript(name, service, signer, method, url, headers, body, token, path_is_rewritten):
    credentials = Credentials(ACCESS_KEY_ID, SECRET, TOKEN if token else None)
    request = AWSRequest(method=method, url=url, data=b"" if name.startswith("presigned") else body.encode())
    for key, value in headers:
        request.headers.add_header(key, value) if key in request.headers else request.headers.__setitem__(key, value)
    signer(credentials).add_auth(request)
    parts = urlsplit(request.url)
    sent = [[key, value] for key, value in request.headers.items()]
    if "host" not in [key.lower() for key, _ in sent]:
        sent.append(["Host", parts.netloc])
    sent.append(["User-Agent", "not signed"])
    return {
        "name": name,
        "service": service,
        "region": REGION,
        "secret": SECRET,
        "access_key_id": ACCESS_KEY_ID,
        "session_token": TOKEN if token else "",
        "now": NOW.strftime("%Y%m%dT%H%M%SZ"),
        "path_is_rewritten": path_is_rewritten,
        "method": method,
        "target": parts.path + ("?" + parts.query if parts.query else ""),
        "headers": sent,
        "body": body,
    }


HOST = "http://127.0.0.1:4566"
FORM = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
JSON = [("Content-Type", "application/json")]

# name, service, method, path and query, headers, body, session token, has the path segments that the signer removes
CASES = [
    ("get", "eks", "GET", "/clusters", [], "", False, False),
    ("get with a token", "eks", "GET", "/clusters?maxResults=10", [], "", True, False),
    ("post json", "eks", "POST", "/clusters/my-cluster/pod-identity-associations", JSON,
     '{"namespace":"default","serviceAccount":"s","roleArn":"arn:aws:iam::111122223333:role/r"}', True, False),
    ("encoded label", "eks", "GET", "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fmy-cluster", [], "", False, False),
    ("encoded letters of other languages", "eks", "GET", "/clusters/%E4%BD%A0%E5%A5%BD%20x", [], "", False, False),
    ("bare reserved letters in the path", "eks", "GET", "/a:b@c=d(e)!'*~", [], "", False, False),
    ("dots in the path", "eks", "GET", "/clusters/./a/../b//c/", [], "", False, True),
    ("query order", "eks", "GET", "/x?b=2&a=1&B=3&a=0&aa=&-=5", [], "", False, False),
    ("query encoding", "eks", "DELETE", "/x?tagKeys=a%20b&tagKeys=%2B%2F%3D&tagKeys=%E2%82%AC&empty=", [], "", False, False),
    ("header spaces", "eks", "GET", "/x", [("X-Amz-Meta", "  a   b  "), ("My-Header", "\"a   b\"   c")], "", False, False),
    ("header twice", "eks", "GET", "/x", [("My-Header", "one"), ("My-Header", "two  three"), ("my-header", "four")], "", False, False),
    ("date header", "eks", "GET", "/x", [("Date", "overwritten")], "", False, False),
    ("query protocol", "sts", "POST", "/", FORM, "Action=GetCallerIdentity&Version=2011-06-15", False, False),
    ("query protocol with a token", "iam", "POST", "/", FORM, "Action=ListRoles&Version=2010-05-08&PathPrefix=%2Fa+b%2F", True, False),
    ("s3 list", "s3", "GET", "/bucket?list-type=2&prefix=a%2Fb%20c&delimiter=%2F&encoding-type=url", [], "", False, False),
    ("s3 sub-resource", "s3", "PUT", "/bucket?policy", JSON, '{"Version":"2012-10-17"}', False, False),
    ("s3 key with dots and empty segments", "s3", "GET", "/bucket/a/../b//./c", [], "", True, False),
    ("s3 odd key", "s3", "PUT", "/bucket/%E4%BD%A0%2B%20%26%3D%40%24%21%27%28%29~_-.txt",
     [("x-amz-meta-name", "v  w"), ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")], "hello", False, False),
    ("s3 declared checksum", "s3", "PUT", "/bucket/key", [("x-amz-checksum-crc32", "NhCmhg=="), ("x-amz-storage-class", "STANDARD")],
     "hello", True, False),
]

PRESIGNED = [
    ("presigned sts", "sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", [("x-k8s-aws-id", "my-cluster")], "", False, False),
    ("presigned sts with a token", "sts", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", [], "", True, False),
    ("presigned s3 get", "s3", "GET", "/bucket/a%20b/%E2%82%AC.txt?versionId=x%2By", [], "", False, False),
    ("presigned s3 get with a token", "s3", "GET", "/bucket/key?response-content-type=text%2Fplain", [], "", True, False),
    ("presigned s3 put", "s3", "PUT", "/bucket/key", [("x-amz-meta-a", "b"), ("content-type", "text/plain")], "any body", True, False),
]


def main():
    header, query = [], []
    for name, service, method, target, headers, body, token, rewritten in CASES:
        kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer = lambda c, kind=kind, service=service: kind(c, service, REGION)
        header.append(transcript(name, service, signer, method, HOST + target, headers, body, token, rewritten))
    for name, service, method, target, headers, body, token, rewritten in PRESIGNED:
        kind = botocore.auth.S3SigV4QueryAuth if service == "s3" else botocore.auth.SigV4QueryAuth
        signer = lambda c, kind=kind, service=service: kind(c, service, REGION, expires=900)
        query.append(transcript(name, service, signer, method, HOST + target, headers, body, token, rewritten))
    here = pathlib.Path(__file__).parent
    for name, transcripts in (("header.json", header), ("presigned.json", query)):
        (here / name).write_text(json.dumps(transcripts, indent=1, ensure_ascii=False) + "\n")


main()
