import type { FinalPlatform } from '../build/image-under-build.ts';
import type { Build } from '../build/states.ts';
import { inspectPlatform } from '../grade/inspect-layers.ts';
import { MissingLayerError } from '../image/attachments.ts';
import { openStored } from '../image/layout/open-layout.ts';
import { listField, textField } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import { type Descriptor, MEDIA_TYPE } from '../model/image.ts';
import { digestHex } from '../model/reference.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { canonicalJson } from '../normalize/rebuild.ts';
import { BUILDER_ID, unreadable } from './identity.ts';
import { OF_THE_RUN } from './provenance-read.ts';
import { spdxDocument } from './sbom.ts';
import { imageSource, madeProvenance, platformContent, rulesOf, sourceOf } from './sign.ts';

type Building = Pick<Build, 'plan' | 'store'>;

interface Predicate {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/**
 * Attestations in BuildKit's form (moby/buildkit, docs/attestations/attestation-storage.md): for
 * each platform a manifest that the index lists. `docker buildx imagetools inspect` and Docker
 * Scout read these alone. The same inputs give the same bytes, since the index's digest has them in
 * it (decisions/0044). None unless a flag asked for them.
 */
export async function indexAttestations(
  context: PipelineContext,
  build: Building,
  platforms: readonly FinalPlatform[],
): Promise<readonly Descriptor[]> {
  const { provenance, sbom } = build.plan.attest.inIndex;
  const manifests: Descriptor[] = [];
  for (const platform of platforms) {
    const made = [
      ...(sbom ? await sbomOf(context, build, platform) : []),
      ...(provenance ? provenanceOf(build, platform) : []),
    ];
    const within = made.filter(({ predicateType, predicate }) => {
      const reason = unreadable(Buffer.byteLength(JSON.stringify(predicate)));
      if (reason !== undefined)
        context.emit({
          kind: 'warning',
          text: `the document of type ${predicateType} is not in the index: it has ${reason}`,
        });
      return reason === undefined;
    });
    if (within.length > 0) manifests.push(await writeManifest(build, platform, within));
  }
  return manifests;
}

async function writeManifest(
  { store: { blobs } }: Building,
  { descriptor: { digest: subject } }: FinalPlatform,
  predicates: readonly Predicate[],
): Promise<Descriptor> {
  const write = async (mediaType: string, document: unknown): Promise<Descriptor> => ({
    mediaType,
    ...(await blobs.write(Buffer.from(canonicalJson(document)))),
  });
  const layers: Descriptor[] = [];
  for (const { predicateType, predicate } of predicates) {
    const written = await write(MEDIA_TYPE.inToto, {
      _type: 'https://in-toto.io/Statement/v0.1',
      // Not by its name: the same image under another tag has the same digest.
      subject: [{ name: '_', digest: { sha256: digestHex(subject) } }],
      predicateType,
      predicate,
    });
    layers.push({ ...written, annotations: { 'in-toto.io/predicate-type': predicateType } });
  }
  const platform = { architecture: 'unknown', os: 'unknown' };
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = await write(MEDIA_TYPE.config, { ...platform, config: {}, rootfs });
  const mediaType = MEDIA_TYPE.manifest;
  const manifest = await write(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const annotations = {
    'vnd.docker.reference.digest': subject,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  return { ...manifest, annotations, platform };
}

/** None where a layer may not be distributed: the rest would say that nothing else is there. */
async function sbomOf(
  context: PipelineContext,
  { plan, store }: Building,
  platform: FinalPlatform,
): Promise<readonly Predicate[]> {
  const { digest } = platform.descriptor;
  const opened = await openStored(store.blobs, platform.descriptor);
  try {
    const { content } = await inspectPlatform(context, opened, opened.platforms[0]);
    const predicate = spdxDocument({
      // What was fetched is known of recorded builds alone.
      ...platformContent(content, []),
      image: { name: digest, digest, ...imageSource(plan, platform) },
      created: plan.created,
      toolVersion: context.version,
    });
    return [{ predicateType: PREDICATE_TYPE.spdx, predicate }];
  } catch (error) {
    if (!(error instanceof MissingLayerError && error.foreign)) throw error;
    const text = `the index lacks an SBOM: ${error.message}`;
    context.emit({ kind: 'warning', text });
    return [];
  }
}

/** Our provenance without times, ids, machines, who signed what, and steps, whose names differ. */
function provenanceOf({ plan }: Building, { built }: FinalPlatform): readonly Predicate[] {
  if (built.provenance === undefined) return [];
  const { vcs, epoch, steady } = plan;
  const { mode } = plan.settings.reproducible;
  const made = madeProvenance({
    buildkit: built.provenance.predicate,
    buildkitDigest: undefined,
    toolVersion: '',
    versions: {},
    ...(vcs === undefined ? {} : { vcs, materials: sourceOf(vcs) }),
    parameters: epoch === undefined ? {} : { sourceDateEpoch: epoch.seconds },
    normaliser: mode === 'off' ? undefined : { ...rulesOf(plan), mode, touched: [] },
    runs: steady,
  });
  const { buildDefinition: of, runDetails } = made;
  const { request, configSource } = of.externalParameters;
  const { frontend, args, secrets, ssh, locals } = request as Readonly<Record<string, unknown>>;
  const kept = Object.entries(args as object).filter(([key]) => !OF_THE_RUN.test(key));
  const { buildkit_metadata: metadata, buildkit_completeness } = runDetails.metadata;
  const infos = listField(metadata?.source, 'infos').map((info) => ({
    filename: textField(info, 'filename'),
    language: textField(info, 'language'),
    data: textField(info, 'data'),
  }));
  const predicate = {
    buildDefinition: {
      buildType: of.buildType,
      externalParameters: {
        configSource,
        request: { frontend, args: Object.fromEntries(kept), secrets, ssh, locals },
      },
      internalParameters: { scoville: of.internalParameters.scoville },
      resolvedDependencies: of.resolvedDependencies,
    },
    runDetails: {
      builder: { id: BUILDER_ID },
      metadata: {
        buildkit_metadata: {
          vcs: metadata?.vcs,
          ...(infos.length === 0 ? {} : { source: { infos } }),
        },
        buildkit_completeness,
      },
    },
  };
  return [{ predicateType: PREDICATE_TYPE.slsaProvenanceV1, predicate }];
}
