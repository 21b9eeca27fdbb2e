import { given } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { BuildInvocation } from '../model/events.ts';
import { familiarReference, parseReference, referencesOf } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { rfc3339 } from './annotations.ts';
import type { Step } from './attest-plan.ts';
import { buildWords } from './buildx.ts';
import type { Destination } from './command-line.ts';
import { changeLines } from './lock-changes.ts';
import type { BuildPlan, PassthroughPlan } from './plan.ts';
import { maskText, shownWord } from './shown-command.ts';

export function describePlan(plan: BuildPlan | PassthroughPlan): string {
  if (plan.kind === 'passthrough')
    return text([
      ['passthrough', maskText(plan.reason)],
      ['command', commandLine(plan.invocation)],
    ]);
  const { attest, settings, epoch } = plan;
  const least = leastWords(settings.gate).join(' and ');
  const gate = least === '' ? 'on, no gate' : `on, at least ${least}`;
  return text([
    ['context', shownWord(plan.invocation.context)],
    ['names', plan.names.map(familiarName).join(', ') || 'none'],
    ...(plan.platforms.length === 0 ? [] : [['platforms', plan.platforms.join(', ')] as const]),
    ['to', plan.destinations.map(destinationText).join(', ') || 'the layout only'],
    [
      'epoch',
      epoch === undefined
        ? 'none (--repro=off)'
        : `${epoch.seconds} (${rfc3339(epoch.seconds)}; ${epoch.reason})`,
    ],
    ['created', plan.created],
    ['reproducible', settings.reproducible.mode],
    ...pinRows(plan),
    ...lockRows(plan),
    ['sbom', stepText(attest.sbom, attest.sbomFormats.join(', '))],
    ['provenance', stepText(attest.provenance, 'SLSA v1')],
    ['sign', stepText(attest.sign, signerText(plan))],
    ['verdict', stepText(attest.verdict, 'attested')],
    ['grade', plan.grade ? gate : 'off (--grade=false)'],
    ...Object.entries(plan.annotations.index).map(
      ([key, value]) => ['annotation', `${key}=${maskText(value)}`] as const,
    ),
    ...[plan.invocation, ...(plan.others === undefined ? [] : [plan.others])].map(
      (one, i) => [i === 0 ? 'command' : 'then', commandLine(one, 'rawjson')] as const,
    ),
    ...plan.notices.map((notice) => ['note', notice] as const),
  ]);
}

export function planAsJson(plan: BuildPlan | PassthroughPlan): Readonly<Record<string, unknown>> {
  const { kind, invocation } = plan;
  if (kind === 'passthrough')
    return {
      schemaVersion: '1',
      kind,
      reason: maskText(plan.reason),
      command: shownWords(invocation),
    };
  const { names, platforms, destinations, created, lock, notices, settings } = plan;
  const { sbom, provenance, sign, verdict } = plan.attest;
  const { index, manifest, labels } = plan.annotations;
  return {
    schemaVersion: '1',
    kind,
    context: shownWord(invocation.context),
    command: shownWords(invocation, 'rawjson'),
    environment: invocation.env,
    ...given({ then: plan.others && shownWords(plan.others, 'rawjson') }),
    names,
    platforms,
    destinations,
    epoch: plan.epoch ?? null,
    created,
    reproducible: settings.reproducible.mode,
    pins: plan.sourcePolicy?.pins ?? [],
    lock: lock ? { file: lock.path, found: lock.before !== undefined, drift: lock.drift } : null,
    annotations: { index: maskedValues(index), manifest: maskedValues(manifest) },
    labels: maskedValues(labels),
    steps: { sbom, provenance, sign, verdict },
    gate: settings.gate,
    notices,
  };
}

function maskedValues(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, maskText(text)]));
}

type Row = readonly [string, string];

/** Values come from the command line, git and registries; a terminal must not obey them. */
function text(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${oneLine(value)}\n`).join('');
}

function pinRows(plan: BuildPlan): readonly Row[] {
  if (!plan.settings.reproducible.pin) return [['pins', 'off']];
  return (plan.sourcePolicy?.pins ?? []).map(({ to }) => ['pin', familiarName(to)]);
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
  return keyless ? 'keyless' : 'with your own key, or keyless where CI gives an identity';
}

export function leastWords({ minLevel, minGrade }: Settings['gate']): readonly string[] {
  return [
    ...(minLevel === undefined ? [] : [`level ${minLevel}`]),
    ...(minGrade === undefined ? [] : [`grade ${minGrade}`]),
  ];
}

function destinationText(destination: Destination): string {
  const { kind } = destination;
  if (kind === 'registry') return destination.byDigest ? 'registry, by digest' : 'registry';
  if (kind === 'docker')
    return destination.context === undefined ? 'Docker' : `Docker context ${destination.context}`;
  return `${destination.format} ${destination.directory ? 'directory' : 'archive'} ${destination.path}`;
}

export function familiarName(name: string): string {
  const reference = parseReference(name);
  return reference.ok ? familiarReference(reference.value) : name;
}

function shownWords(one: BuildInvocation, progress?: 'rawjson'): readonly string[] {
  return ['docker', ...buildWords(one, progress).map(shownWord)];
}

function commandLine(one: BuildInvocation, progress?: 'rawjson'): string {
  const assignments = Object.entries(one.env).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...assignments, ...shownWords(one, progress).map(shellWord)].join(' ');
}

/** The command that completes a failed push or load from the layout; undefined if there is none. */
export function keptCommand(
  names: readonly string[],
  destination: Destination,
): string | undefined {
  if (names.length === 0 || destination.kind === 'file') return undefined;
  const named = names.map(shellWord).join(' ');
  if (destination.kind === 'docker') {
    const { context } = destination;
    const where = context === undefined ? '' : `DOCKER_CONTEXT=${shellWord(context)} `;
    return `${where}scoville load ${named}`;
  }
  // push sets the tags, which is what was not asked for.
  if (destination.byDigest) return undefined;
  const hosts = new Set(referencesOf(names).map(({ registry }) => registry));
  const flags = [...hosts].map((host) => `--plain-http ${shellWord(host)} `).join('');
  return `scoville push ${destination.plainHttp ? flags : ''}${named}`;
}
