import type { Project } from '../../../model/template.ts';
import { type Facts, firstFile, imageName, jsonOf, majorOf, matchIn, textAt } from './text.ts';

/** Majors that the bases are published for, the one to take by default last. */
const MAJORS = [22, 24];

/** What package.json and its neighbours say. */
export function nodeFacts(project: Project): Facts {
  const manifest = jsonOf(project, 'package.json');
  return {
    name: imageName(textAt(manifest, 'name')),
    authors: textAt(manifest, 'author') ?? textAt(manifest, 'author', 'name'),
    license: licenseOf(textAt(manifest, 'license')),
    version: nodeVersion(project, textAt(manifest, 'engines', 'node')),
    entry: entryOf(project, manifest),
    output: outputOf(project),
    pnpm: /^pnpm@(\d+\.\d+\.\d+)/.exec(textAt(manifest, 'packageManager') ?? '')?.[1],
  };
}

/** npm's word for what is not to be distributed is no license. */
function licenseOf(text: string | undefined): string | undefined {
  return text === 'UNLICENSED' || text?.startsWith('SEE LICENSE') === true ? undefined : text;
}

/** The major in .nvmrc or .node-version, or else the highest within the bounds of `engines`. */
function nodeVersion(project: Project, engines: string | undefined): string | undefined {
  const named =
    matchIn(project, '.nvmrc', /^v?(\d{1,3})\b/) ??
    matchIn(project, '.node-version', /^v?(\d{1,3})\b/);
  if (named !== undefined) return named;
  if (engines === undefined) return undefined;
  const below = /<\s*v?(\d{1,3})/.exec(engines)?.[1];
  const exact = /^[\^~=v]?\s*(\d{1,3})(?:\.|$)/.exec(engines.trim())?.[1];
  if (exact !== undefined) return exact;
  const least = Number(majorOf(engines) ?? 0);
  const most = below === undefined ? Infinity : Number(below) - 1;
  return MAJORS.filter((major) => major >= least && major <= most)
    .at(-1)
    ?.toString();
}

/** What `npm start` runs with node, else `main`, else the usual files that are there. */
function entryOf(project: Project, manifest: unknown): string | undefined {
  const start = /^node\s+(?!-)([^\s;&|]+)$/.exec(textAt(manifest, 'scripts', 'start') ?? '')?.[1];
  const named = start ?? textAt(manifest, 'main');
  return (
    named?.replace(/^\.\//, '') ??
    firstFile(
      project,
      'server.js',
      'index.js',
      'app.js',
      'src/server.js',
      'src/index.js',
      'src/main.js',
    )
  );
}

/** Where tsc writes to. */
function outputOf(project: Project): string | undefined {
  return matchIn(project, 'tsconfig.json', /"outDir"\s*:\s*"(?:\.\/)?([^"]*?)\/?"/);
}
