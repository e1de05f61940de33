// What the editor of a new policy begins with: the example of the EKS user guide.
export const newPolicyDocument = JSON.stringify(
  {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::my-pod-secrets-bucket/*' }],
  },
  null,
  2,
);
