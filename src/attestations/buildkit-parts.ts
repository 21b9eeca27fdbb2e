import { type JsonObject, objectOf } from '../model/json-value.ts';
import { textsOf } from './untrusted-json.ts';

/** Parts of BuildKit's provenance that we copy as is, found where each version has them. */
export interface BuildkitParts {
  readonly configSource: unknown;
  /** `frontend`, `args`, `secrets` (ids alone), `ssh`, `locals`. */
  readonly request: JsonObject;
  readonly args: Readonly<Record<string, string>>;
  /** The build steps (LLB), mode=max. */
  readonly buildConfig: unknown;
  /** `vcs`, `source`, `layers`. */
  readonly metadata: JsonObject;
  readonly hermetic: boolean;
  readonly materialsComplete: boolean;
}

const BUILDKIT = 'https://mobyproject.org/buildkit@v1#';

/** Takes a predicate that `parseProvenance` could read apart. */
export function buildkitParts(predicate: unknown): BuildkitParts {
  const object = objectOf(predicate);
  return 'buildDefinition' in object ? v1Parts(object) : v02Parts(object);
}

function v02Parts(predicate: JsonObject): BuildkitParts {
  const invocation = objectOf(predicate['invocation']);
  const metadata = objectOf(predicate['metadata']);
  const request = objectOf(invocation['parameters']);
  const { entryPoint, ...configSource } = objectOf(invocation['configSource']);
  return {
    configSource: entryPoint === undefined ? configSource : { ...configSource, path: entryPoint },
    request,
    args: textsOf(request['args']),
    buildConfig: predicate['buildConfig'],
    metadata: objectOf(metadata[`${BUILDKIT}metadata`]),
    hermetic: metadata[`${BUILDKIT}hermetic`] === true,
    materialsComplete: objectOf(metadata['completeness'])['materials'] === true,
  };
}

// Newer BuildKit documents `request` and `buildkit_*`; its first v1 statements kept v0.2's names.
function v1Parts(predicate: JsonObject): BuildkitParts {
  const definition = objectOf(predicate['buildDefinition']);
  const external = objectOf(definition['externalParameters']);
  const internal = objectOf(definition['internalParameters']);
  const metadata = objectOf(objectOf(predicate['runDetails'])['metadata']);
  const request = objectOf(external['request'] ?? external['parameters']);
  const completeness = objectOf(
    metadata['buildkit_completeness'] ?? metadata[`${BUILDKIT}completeness`],
  );
  return {
    configSource: external['configSource'],
    request,
    args: textsOf(request['args']),
    buildConfig: internal['buildConfig'] ?? external['buildConfig'],
    metadata: objectOf(metadata['buildkit_metadata'] ?? metadata[`${BUILDKIT}metadata`]),
    hermetic: (metadata['buildkit_hermetic'] ?? metadata[`${BUILDKIT}hermetic`]) === true,
    materialsComplete: (completeness['resolvedDependencies'] ?? completeness['materials']) === true,
  };
}
