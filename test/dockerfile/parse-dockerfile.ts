import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { LineError } from '../../src/dockerfile/logical-lines.ts';
import type { DockerfileOptions } from '../../src/dockerfile/read-dockerfile.ts';
import { ok, type Result } from '../../src/lib/errors.ts';
import type { BuildAnalysis } from '../../src/model/build-analysis.ts';
import type { DockerfileModel } from '../../src/model/dockerfile.ts';
import { contextOf } from './context-of.ts';

/** The model of a Dockerfile without its analysis. */
export function parseDockerfile(
  text: string,
  options: DockerfileOptions = {},
): Result<DockerfileModel, LineError> {
  const read = analyseDockerfile(text, options);
  return read.ok ? ok(read.value.model) : read;
}

/** The analysis of a Dockerfile that must parse. */
export function analysisOf(
  text: string,
  options: DockerfileOptions = {},
  files: Readonly<Record<string, string>> = {},
): BuildAnalysis {
  const read = analyseDockerfile(text, options, contextOf(files));
  if (!read.ok) throw new Error(`line ${read.error.line}: ${read.error.message}`);
  return read.value.analysis;
}

/** Each install as `manager: name=pin, name; flags`. */
export function installs(
  run: string,
  options: DockerfileOptions = {},
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  const text = /^FROM/m.test(run) ? run : `FROM x\n${run}`;
  return analysisOf(text, options, files).installs.map((install) => {
    const packages = install.packages.map((p) =>
      p.pin === undefined ? p.name : `${p.name}=${p.pin}`,
    );
    const flags = [
      install.lockFile ? 'lock' : '',
      install.frozenRepository ? 'frozen' : '',
      install.requirementsFile === undefined ? '' : `file ${install.requirementsFile}`,
      install.unresolved ? 'unresolved' : '',
    ].filter((flag) => flag !== '');
    return [`${install.manager}: ${packages.join(', ')}`.trim(), ...flags].join('; ');
  });
}

/** Each download as one line of what was found. */
export function downloads(run: string, options: DockerfileOptions = {}): readonly string[] {
  const text = /^FROM/m.test(run) ? run : `FROM x\n${run}`;
  return analysisOf(text, options).downloads.map((d) => {
    if (d.pipedToShell) return `${d.kind}: shell`;
    if (d.open !== undefined) return `${d.kind}: open`;
    if (d.verifiedBy !== undefined) {
      const weak = d.verifiedBy.weak === undefined ? '' : ` (${d.verifiedBy.weak})`;
      return `${d.kind}: ${d.verifiedBy.method}${weak}`;
    }
    return d.ineffectiveCheck === undefined
      ? `${d.kind}: nothing`
      : `${d.kind}: not by ${d.ineffectiveCheck.method}, ${d.ineffectiveCheck.reason}`;
  });
}
