import { given } from '../lib/json.ts';
import type { CommandSearch, RunTool } from '../lib/run-tool.ts';
import type { EventSink, Part, Phase } from './events.ts';

/** The pipeline's access to the outside, passed in by the commands. */
export interface PipelineContext {
  readonly run: RunTool;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly now: () => number;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  readonly paths: Paths;
  readonly version: string;
  /** Replaces this user's cache of facts of layers, where several machines share them. */
  readonly layerFacts?: KeptFacts;
  /** A person is at the terminal: warnings are seen, and a login may be asked for. */
  readonly isPerson?: boolean;
}

/** Variables set where nobody watches: by most CI systems, some others, Jenkins and TeamCity. */
const CI_VARIABLES = ['CI', 'CONTINUOUS_INTEGRATION', 'BUILD_NUMBER', 'TEAMCITY_VERSION'];

export function isSet(env: PipelineContext['env'], name: string): boolean {
  return !['', '0', 'false'].includes(env[name] ?? '');
}

export function isCi(env: PipelineContext['env']): boolean {
  return CI_VARIABLES.some((name) => isSet(env, name));
}

/** Facts of layers by key, kept between runs; undefined for those that nobody has. */
export interface KeptFacts {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

export interface Paths {
  /** The OCI layout that all builds of this user share. */
  readonly store: string;
  readonly cache: string;
  readonly config: string;
  readonly dockerConfig: string;
}

export function commandSearch({ env, cwd }: Pick<PipelineContext, 'env' | 'cwd'>): CommandSearch {
  return { path: env['PATH'] ?? '', cwds: [cwd], home: env['HOME'] ?? '/' };
}

/**
 * Runs one phase. Reports its start, its subject (`about`) and its end with the seconds. A throw is
 * passed on, and the phase stays open.
 */
export async function phase<T>(
  context: PipelineContext,
  name: Phase,
  work: () => Promise<T>,
  done: (value: T) => { readonly detail: string; readonly cached?: boolean },
  about: { readonly detail?: string; readonly bytes?: number } = {},
): Promise<T> {
  context.signal.throwIfAborted();
  const started = context.now();
  context.emit({ kind: 'phase-started', phase: name, ...about });
  const value = await work();
  context.emit({
    kind: 'phase-done',
    phase: name,
    seconds: (context.now() - started) / 1000,
    ...done(value),
  });
  return value;
}

/** Runs a part of a phase, shown in a checklist, and in logs if it has a text. */
export async function part<T>(
  context: PipelineContext,
  name: Part,
  work: () => Promise<T>,
  words?: { readonly about: string; readonly done: (value: T) => string },
): Promise<T> {
  const started = context.now();
  context.emit({ kind: 'part', part: name, state: 'started', ...given({ detail: words?.about }) });
  const value = await work();
  const seconds = (context.now() - started) / 1000;
  const ended = words === undefined ? {} : { detail: words.done(value), seconds };
  context.emit({ kind: 'part', part: name, state: 'done', ...ended });
  return value;
}
