import { type Manifest, MEDIA_TYPE } from '../model/oci.ts';
import { quoted } from './quoted-text.ts';

/** Types of config or layer that tell what an artifact is. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^application\/vnd\.cncf\.helm\./, 'a Helm chart'],
  [/^application\/vnd\.(?:wasm|bytecodealliance|w3c\.wasm)/, 'a WebAssembly module'],
  [/^application\/wasm$/, 'a WebAssembly module'],
  [/^application\/vnd\.dev\.cosign\.simplesigning\./, 'a cosign signature'],
  [/^application\/vnd\.dev\.sigstore\.bundle/, 'a sigstore bundle'],
  [/^application\/vnd\.dsse\.envelope\./, 'a cosign attestation'],
  [/^application\/vnd\.in-toto/, 'attestations of a build'],
  [/^application\/vnd\.cncf\.notary\./, 'a notation signature'],
  [/^application\/vnd\.docker\.plugin\./, 'a Docker plugin'],
  [/^application\/vnd\.sylabs\.sif\./, 'a Singularity image'],
  [/^application\/vnd\.cncf\.flux\./, 'a Flux artifact'],
  [/^application\/vnd\.cncf\.(?:openpolicyagent|kyverno|gatekeeper)\./, 'a policy bundle'],
  [/^application\/vnd\.(?:cncf|docker)\.(?:ai\.)?model\./, 'an AI model'],
  [/^application\/vnd\.(?:cyclonedx|syft)|^application\/spdx|^text\/spdx/, 'an SBOM'],
  [/^application\/vnd\.docker\.compose|^application\/vnd\.docker\.app/, 'a Compose application'],
];

const CONFIG_TYPES: readonly string[] = [MEDIA_TYPE.config, MEDIA_TYPE.dockerConfig];
const FILE_SYSTEM =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](?:gzip|zstd))?$/;

/**
 * What a manifest is that is not a container image, in words; undefined where it is one. Artifacts
 * use the same form (image-spec, manifest.md).
 */
export function artifactKind(manifest: Manifest): string | undefined {
  const { artifactType, config, layers } = manifest;
  const others = layers.map((layer) => layer.mediaType).filter((type) => !FILE_SYSTEM.test(type));
  const isConfig = CONFIG_TYPES.includes(config.mediaType);
  if (isConfig && (others.length === 0 || others.length < layers.length)) return undefined;
  const types = [
    ...(artifactType === undefined ? [] : [artifactType]),
    config.mediaType,
    ...others,
  ];
  for (const type of types)
    for (const [pattern, kind] of KINDS) if (pattern.test(type)) return kind;
  const type = artifactType ?? (isConfig ? (others[0] ?? '') : config.mediaType);
  return `an artifact of type ${quoted(type)}`;
}
