import { SecretMask } from '../../attestations/masked-secrets.ts';
import type { PipelineEvent } from '../../model/events.ts';
import type { ParsedBuild } from '../../plans/buildx/parse-build-args.ts';
import { givenArguments } from './read-build-file.ts';

/**
 * BuildKit puts the values of build arguments into the names of its steps, and a RUN may print them: those whose names say that they hold a
 * secret are masked in what people read.
 */
export function progressMask(
  parsed: ParsedBuild,
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const given = Object.entries(givenArguments(parsed, env));
  const mask = new SecretMask(
    Object.fromEntries(given.map(([name, value]) => [`build-arg:${name}`, value])),
  );
  return (text) => mask.known(text);
}

/** An event of a build with its texts masked. */
export function maskedEvent(event: PipelineEvent, mask: (text: string) => string): PipelineEvent {
  if (event.kind === 'build-log' || event.kind === 'build-warning' || event.kind === 'raw')
    return { ...event, text: mask(event.text) };
  if (event.kind !== 'build-step') return event;
  const { step } = event;
  const error = step.error === undefined ? {} : { error: mask(step.error) };
  return { ...event, step: { ...step, name: mask(step.name), ...error } };
}
