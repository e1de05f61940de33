"""Reads one object as any program in a pod would: with the SDK's default credential chain and nothing configured.

  python read_object.py BUCKET KEY
"""

import json
import sys

import boto3
import botocore.exceptions


def main(bucket, key):
    session = boto3.session.Session()
    result = {"method": session.get_credentials().method, "arn": session.client("sts").get_caller_identity()["Arn"]}
    try:
        result["body"] = session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except botocore.exceptions.ClientError as error:
        result["error"] = error.response["Error"]["Code"]
        result["message"] = error.response["Error"]["Message"]
    print(json.dumps(result))


main(*sys.argv[1:])
