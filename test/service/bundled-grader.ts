import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { plugins } from '../../scripts/bundle/plugins.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

export interface BundledGrader {
  /** grader-process.js, beside the code of the thread that reads layers. */
  readonly file: URL;
  readonly remove: () => Promise<void>;
}

/** The code of a grader process, as the package has it, from the sources of now. */
export async function bundledGrader(): Promise<BundledGrader> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-grader-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: {
      'grader-process': join(ROOT, 'src/service/grader-process.ts'),
      'layer-worker': join(ROOT, 'src/grade/layer-worker.ts'),
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    jsx: 'automatic',
    absWorkingDir: ROOT,
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    plugins,
    logLevel: 'error',
  });
  return {
    file: pathToFileURL(join(folder, 'grader-process.js')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
