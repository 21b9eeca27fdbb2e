import { join } from 'node:path';
import type { BuildPaths } from './build-plan.ts';

/** Where a build's files lie in its own folder, which is the layout too. */
export function buildPaths(directory: string): BuildPaths {
  return {
    layout: directory,
    metadataFile: join(directory, 'buildx-metadata.json'),
    sourcePolicyFile: join(directory, 'source-policy.json'),
  };
}
