// Reads one object as any program in a pod would: with the SDK's default credential chain and nothing configured.
//   node read_object.cjs BUCKET KEY
const { S3Client, GetObjectCommand } = require('@aws-sdk/client-s3');
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');

async function main(bucket, key) {
  const identity = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  const s3 = new S3Client({ forcePathStyle: true });
  try {
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    console.log(JSON.stringify({ arn: identity.Arn, body: await object.Body.transformToString() }));
  } catch (error) {
    console.log(JSON.stringify({ arn: identity.Arn, error: error.name, message: error.message }));
  }
}

main(...process.argv.slice(2));
