"""What a test makes in a running Podpass."""

import itertools
import json

from podpass_server import CLUSTER, REGION, TRUST, Keys


class World:
    """Makes what a test needs, with root's credentials."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.iam = server.client("iam")
        self.eks = server.client("eks")
        self.s3 = server.client("s3")
        self._count = itertools.count(1)

    def new(self, what):
        return f"{self.name}-{what}-{next(self._count)}"

    def role(self, trust=None, policy=None):
        """A role that pods may use, with one inline policy; its ARN."""
        role = self.iam.create_role(RoleName=self.new("role"), AssumeRolePolicyDocument=json.dumps(trust or TRUST))["Role"]
        if policy:
            self.iam.put_role_policy(RoleName=role["RoleName"], PolicyName="inline", PolicyDocument=json.dumps(policy))
        return role["Arn"]

    def user(self, policy=None):
        """A user's keys and ARN."""
        user = self.iam.create_user(UserName=self.new("user"))["User"]
        if policy:
            self.iam.put_user_policy(UserName=user["UserName"], PolicyName="inline", PolicyDocument=json.dumps(policy))
        return Keys.of(self.iam.create_access_key(UserName=user["UserName"])["AccessKey"]), user["Arn"]

    def associate(self, role_arn, service_account="sa", namespace=None, cluster=CLUSTER, **more):
        return self.eks.create_pod_identity_association(clusterName=cluster, namespace=namespace or self.name,
                                                        serviceAccount=service_account, roleArn=role_arn, **more)["association"]

    def bucket(self, **objects):
        bucket = self.new("bucket")
        self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, body in objects.items():
            self.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return bucket
