import { asError } from '../../components/use_load';
import type { Entity } from './entity';

export interface NotAttached {
  arn: string;
  error: Error;
}

// Attaches what it can, in order, and tells what it could not.
export async function attachAll(entity: Entity, arns: readonly string[]): Promise<NotAttached[]> {
  const failed: NotAttached[] = [];
  for (const arn of arns) {
    try {
      await entity.attach(arn);
    } catch (error) {
      failed.push({ arn, error: asError(error) });
    }
  }
  return failed;
}
