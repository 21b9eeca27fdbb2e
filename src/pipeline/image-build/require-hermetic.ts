import type { DockerfileModel } from '../../model/dockerfile.ts';
import { UserError } from '../../model/errors.ts';
import { valuesOf } from '../../plans/flags/flag-spec.ts';
import { HERMETIC_CONTEXT, PROXY_ARGUMENTS } from '../../plans/hermetic/inject-hermetic.ts';
import type { Prepared } from './prepare-build.ts';

/** Throws UserError for a build whose RUNs cannot be held to the proxy, with the reason. */
export function requireHermetic(prepared: Prepared): void {
  const { plan, source, dockerfile, elsewhere, builder } = prepared;
  const cannot = (why: string, nextStep?: string): UserError =>
    new UserError(
      `the build cannot be ${plan.hermetic === 'record' ? 'recorded' : 'replayed'}: ${why}`,
      nextStep === undefined ? {} : { nextStep },
    );
  if (dockerfile === undefined || source.dockerfileText === undefined)
    throw cannot('the Dockerfile is not known before the build', 'build from a folder');
  requireOwnLock(prepared, cannot);
  if (elsewhere !== undefined || builder !== undefined)
    throw cannot(
      `its builder ${elsewhere?.name ?? builder ?? ''} is not the engine itself`,
      'docker buildx use default',
    );
  if (plan.platforms.length > 1) throw cannot('it takes one platform at a time');
  if (plan.settings.reproducible.mode === 'off')
    throw cannot('the normalizer is off', 'leave out --repro=off');
  if (plan.others !== undefined)
    throw cannot('it has outputs that are not an image, which are built again');
  const proxied = valuesOf(plan.invocation, 'build-arg').find((given) =>
    PROXY_ARGUMENTS.includes(given.split('=', 1)[0] ?? ''),
  );
  if (proxied !== undefined)
    throw cannot(`--build-arg ${proxied.split('=', 1)[0] ?? ''} sets another proxy`);
  const named = valuesOf(plan.invocation, 'build-context');
  if (named.some((given) => given.startsWith(`${HERMETIC_CONTEXT}=`)))
    throw cannot(`a build context is called ${HERMETIC_CONTEXT}`);
}

/** Stages of two Dockerfiles have the same names. */
function requireOwnLock(
  { plan, source, parsed }: Prepared,
  cannot: (why: string, nextStep?: string) => UserError,
): void {
  if (parsed.shared !== undefined && source.dockerfilePath === undefined)
    throw cannot('its Dockerfile is in the bake definition, and has no lock', 'put it into a file');
  const { lock } = plan;
  if (plan.hermetic !== 'record' || lock === undefined) return;
  const found = parsed.shared?.get(lock.path);
  const other =
    found !== undefined && found.dockerfile !== source.dockerfilePath
      ? found.dockerfile
      : lock.drift.find(({ subject }) => subject === 'dockerfile')?.before;
  if (other !== undefined)
    throw cannot(
      `${lock.path} is of ${other}, and a lock records one Dockerfile`,
      parsed.shared === undefined
        ? '--lock=FILE names another'
        : 'put each Dockerfile into a folder of its own',
    );
}

/** What ADD takes from the network by itself: BuildKit fetches it, past any proxy. */
export function remoteAdds(
  model: DockerfileModel,
): readonly { readonly address: string; readonly line: number }[] {
  return model.reached
    .flatMap((index) => model.stages[index]?.instructions ?? [])
    .filter(({ keyword }) => keyword === 'ADD')
    .flatMap((add) =>
      add.arguments
        .slice(0, -1)
        .filter((source) => /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@)/.test(source))
        .map((address) => ({ address, line: add.range.startLine })),
    );
}
