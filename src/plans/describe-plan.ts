import { familiarReference, parseReference } from '../model/reference.ts';
import type { Step } from './attest-plan.ts';
import type { BuildPlan, PassthroughPlan } from './build-plan.ts';
import { cleanText } from './clean-text.ts';
import { rfc3339 } from './epoch.ts';
import { changeLines } from './lock/lock-change-text.ts';
import { maskArgument, maskText } from './mask.ts';
import type { Destination } from './output-plan.ts';

/** The plan as `--dry-run` shows it: one line a decision with its reason. Secrets are masked. Ends with a line end. */
export function describePlan(plan: BuildPlan | PassthroughPlan): string {
  if (plan.kind === 'passthrough')
    return text([
      ['passthrough', maskText(plan.reason)],
      ['command', commandLine({}, plan.argv)],
    ]);
  const { attest, settings } = plan;
  return text([
    ['context', maskText(plan.context)],
    ['names', plan.names.map(familiar).join(', ') || 'none'],
    ...when('platforms', plan.platforms.join(', ')),
    ['to', plan.destinations.map(destinationText).join(', ') || 'the layout only'],
    ['epoch', epochText(plan)],
    ['created', plan.created],
    ['reproducible', settings.reproducible.mode],
    ...pinRows(plan),
    ...lockRows(plan),
    ['sbom', stepText(attest.sbom, attest.sbomFormats.join(', '))],
    ['provenance', stepText(attest.provenance, 'SLSA v1')],
    ['sign', stepText(attest.sign, signerText(plan))],
    ['verdict', stepText(attest.verdict, 'attested')],
    ['grade', plan.own.grade ? gateText(plan) : 'off (--grade=false)'],
    ...Object.entries(plan.annotations.index).map(
      ([key, value]) => ['annotation', `${key}=${maskText(value)}`] as const,
    ),
    ['command', commandLine(plan.env, plan.argv)],
    ...(plan.others === undefined ? [] : [['then', commandLine(plan.env, plan.others)] as const]),
    ...plan.notices.map((notice) => ['note', notice] as const),
  ]);
}

/** The plan as a value for JSON, secrets masked. */
export function planAsJson(plan: BuildPlan | PassthroughPlan): Readonly<Record<string, unknown>> {
  const command = ['docker', ...plan.argv.map(maskArgument)];
  if (plan.kind === 'passthrough')
    return { schemaVersion: '1', kind: plan.kind, reason: maskText(plan.reason), command };
  const { attest } = plan;
  return {
    schemaVersion: '1',
    kind: plan.kind,
    context: maskText(plan.context),
    command,
    environment: plan.env,
    ...(plan.others === undefined ? {} : { then: ['docker', ...plan.others.map(maskArgument)] }),
    names: plan.names,
    platforms: plan.platforms,
    destinations: plan.destinations,
    epoch: plan.epoch ?? null,
    created: plan.created,
    reproducible: plan.settings.reproducible.mode,
    pins: plan.sourcePolicy?.pins ?? [],
    lock:
      plan.lock === undefined
        ? null
        : { file: plan.lock.path, found: plan.lock.before !== undefined, drift: plan.lock.drift },
    annotations: {
      index: masked(plan.annotations.index),
      manifest: masked(plan.annotations.manifest),
    },
    labels: masked(plan.annotations.labels),
    steps: {
      sbom: attest.sbom,
      provenance: attest.provenance,
      sign: attest.sign,
      verdict: attest.verdict,
    },
    gate: plan.settings.gate,
    notices: plan.notices,
  };
}

function masked(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, maskText(text)]));
}

type Row = readonly [string, string];

/** Values come from the command line, git and registries; a terminal must not obey them. */
function text(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${cleanText(value)}\n`).join('');
}

function when(name: string, value: string): readonly Row[] {
  return value === '' ? [] : [[name, value]];
}

function epochText({ epoch }: BuildPlan): string {
  return epoch === undefined
    ? 'none (--repro=off)'
    : `${epoch.seconds} (${rfc3339(epoch.seconds)}; ${epoch.reason})`;
}

function pinRows(plan: BuildPlan): readonly Row[] {
  if (!plan.settings.reproducible.pin) return [['pins', 'off']];
  return (plan.sourcePolicy?.pins ?? []).map(({ to }) => ['pin', familiar(to)]);
}

function lockRows({ lock }: BuildPlan): readonly Row[] {
  if (lock === undefined) return [];
  const { path, before, drift } = lock;
  if (before === undefined) return [['lock', `${path}, to be written`]];
  return [
    ['lock', `${path}, enforced`],
    ...changeLines(drift).map((line) => ['drift', line] as const),
  ];
}

function stepText(step: Step, detail: string): string {
  return step.on ? detail : `off (${step.offBecause})`;
}

function signerText({ settings }: BuildPlan): string {
  const { key, keyless } = settings.sign;
  if (key !== undefined) return `with ${maskText(key)}`;
  return keyless ? 'keyless' : 'with your own key, or keyless where a CI identity is at hand';
}

function gateText({ settings }: BuildPlan): string {
  const { minLevel, minGrade } = settings.gate;
  const least = [
    ...(minLevel === undefined ? [] : [`level ${minLevel}`]),
    ...(minGrade === undefined ? [] : [`grade ${minGrade}`]),
  ];
  return least.length === 0 ? 'on, no gate' : `on, at least ${least.join(' and ')}`;
}

function destinationText(destination: Destination): string {
  switch (destination.kind) {
    case 'docker':
      return destination.context === undefined ? 'Docker' : `Docker context ${destination.context}`;
    case 'registry':
      return destination.byDigest ? 'registry, by digest' : 'registry';
    case 'file':
      return `${destination.format} ${destination.directory ? 'directory' : 'archive'} ${destination.path}`;
  }
}

function familiar(name: string): string {
  const reference = parseReference(name);
  return reference.ok ? familiarReference(reference.value) : name;
}

/** The command as a POSIX shell would take it. */
function commandLine(env: Readonly<Record<string, string>>, argv: readonly string[]): string {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...assignments, 'docker', ...argv.map(maskArgument).map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
