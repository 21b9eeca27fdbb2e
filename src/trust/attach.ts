import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Registries } from '../build/registries.ts';
import type { GradeOptions } from '../grade/grade-image.ts';
import { type BlobStore, documentsOf, type ReadDocument } from '../image/blob-store.ts';
import { parseManifest, parseManifestOrIndex } from '../image/documents.ts';
import { type LayoutStore, openStore, type StoredBuild } from '../image/layout/store.ts';
import { whileAlone } from '../image/owner.ts';
import {
  readTaggedEntries,
  taggedEntries,
  type TaggedManifest,
  writeTaggedManifest,
} from '../image/referrers.ts';
import { readFrom } from '../image/registry/open-registry.ts';
import { type AttachedThere, pushReferrers, taggedSubject } from '../image/registry/push.ts';
import { distinct, given } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import { type Digest, referencesOf } from '../model/reference.ts';
import type { Scorecard } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import { publicKeyIn } from './keys.ts';
import { legacyAttestations, legacySignatures, signedAlone } from './older-form.ts';
import {
  judgeAgain,
  type Judged,
  type Lowered,
  loweredText,
  type OwnSigner,
  statementNames,
} from './renew-verdict.ts';
import { type Made, madePlaces, replacedStatements, signerIn } from './replaced.ts';
import { type SignedStatement, signStatements, type StatementToSign } from './sign.ts';
import { resolveSigner, type Signer } from './signer.ts';
import { withSigner } from './trusted-signers.ts';
import { verdictStatements } from './verdict.ts';
import { readAttachments } from './verify-attached.ts';

type Older = (there: AttachedThere) => Promise<boolean>;

/**
 * Lists referrers with the newest build of that image in the layout, under those of its names that
 * still are that image's, and no longer what is older. Does nothing where the image was not built
 * here.
 */
function keepWithBuilds(
  store: LayoutStore,
  signal: AbortSignal,
  { mediaType, digest, size }: Descriptor,
  made: Made,
  isReplaced: Older,
): Promise<void> {
  // Two at once would each write what was there, and its own.
  return whileAlone(join(store.root, 'attach.lock'), signal, async () => {
    const build = await store.lastOf(digest);
    if (build === undefined) return;
    const names: string[] = [];
    for (const name of build.names)
      if ((await store.findByName(name))?.descriptor.digest === digest) names.push(name);
    const before: Descriptor[] = [];
    for (const one of build.manifests) {
      if (one.digest === digest || one.artifactType === undefined) continue;
      const bytes = await store.blobs.readDocument(one);
      const read = parseManifestOrIndex(bytes, one.mediaType, one.digest);
      const { subject } = read.kind === 'index' ? read.index : read.manifest;
      const is = { where: 'referrer', descriptor: one } as const;
      if (subject === undefined || !(await isReplaced({ subject: subject.digest, ...is })))
        before.push(one);
    }
    const directory = await store.newBuild();
    try {
      await directory.finish({
        manifests: [{ mediaType, digest, size }],
        names: referencesOf(names),
        referrers: [
          ...distinct([...before, ...made.referrers]),
          ...taggedEntries(await mergedTags(store.blobs, build, made.tagged, isReplaced)),
        ],
      });
    } finally {
      await directory.end();
    }
  });
}

/** Signatures and attestations by tag, the build's and the new ones merged per tag. */
async function mergedTags(
  blobs: BlobStore,
  { manifests }: StoredBuild,
  made: readonly TaggedManifest[],
  isReplaced: Older,
): Promise<readonly TaggedManifest[]> {
  const layers = new Map<string, Descriptor[]>();
  for (const one of [...readTaggedEntries(manifests), ...made]) {
    const { tag } = one;
    const all = layers.get(tag) ?? [];
    layers.set(tag, all);
    const place = { subject: taggedSubject(tag), where: 'cosign-tag' } as const;
    for (const descriptor of parseManifest(await blobs.readDocument(one.descriptor), tag).layers)
      if (made.includes(one) || !(await isReplaced({ ...place, descriptor }))) all.push(descriptor);
  }
  return Promise.all(
    [...layers].map(async ([tag, all]) => ({
      tag,
      descriptor: await writeTaggedManifest(blobs, all),
    })),
  );
}

export interface AttachTarget {
  /** Opens it as it is by now, or the platform that was asked for; the caller closes it. */
  readonly open: () => Promise<OpenedImage>;
  readonly openWhole: () => Promise<OpenedImage>;
  readonly name: string;
  readonly published: { readonly registry: string; readonly repository: string } | undefined;
  readonly registries: Pick<Registries, 'client'>;
  readonly settings: Settings;
  /** Judge by the settings of the signed verdict, not by those at hand. */
  readonly inherits: boolean;
  /** Sign the new verdict where it is lower, too, by the settings at hand. */
  readonly regrade: boolean;
  /**
   * How the verdict is renewed. Asked once the signer is known, whose key may be new. Undefined: it
   * is not renewed.
   */
  readonly grading: () => Promise<GradeOptions | undefined>;
}

export interface Attached {
  readonly digest: Digest;
  readonly referrers: readonly Descriptor[];
  /** The image by all that hangs on it now; undefined where it was not graded again. */
  readonly scorecard: Scorecard | undefined;
  /** There where the verdict was not renewed, since it would be lower. */
  readonly kept?: Lowered;
}

/** How often a verdict is made again because somebody attached something meanwhile. */
const MOST_ROUNDS = 5;
/** What a statement that is attached replaces, by kind; a grade replaces verdicts. */
const REPLACED = { statements: ['second build'], verdict: ['verdict', 'tests'] } as const;

interface Attaching {
  readonly context: PipelineContext;
  readonly target: AttachTarget;
  readonly store: LayoutStore;
  readonly signer: Signer;
  readonly keys: readonly KeyObject[];
}

/**
 * Signs statements about an image that is there already, publishes them beside it and keeps them
 * with the builds of the same digest. Then it is judged again with what the signed verdict knew,
 * and the new verdict replaces the old one, unless it takes something away. `make` is given what
 * the statements are to be about. Throws UserError.
 */
export async function attachStatements(
  context: PipelineContext,
  target: AttachTarget,
  make: (image: OpenedImage) => readonly StatementToSign[],
  replaces: keyof typeof REPLACED = 'statements',
): Promise<Attached> {
  const store = await openStore(context.paths.store, context.now);
  const signer = await resolveSigner(context, target.settings.sign);
  const key = signer.kind === 'key' ? publicKeyIn(signer.publicKey) : undefined;
  const attaching = { context, target, store, signer, keys: key === undefined ? [] : [key] };
  const { published } = target;
  const place =
    published === undefined
      ? 'signed and kept with the build; scoville push publishes it'
      : `signed and published beside ${published.registry}/${published.repository}`;
  const { digest, made } = await withImage(target.open, (image) =>
    phase(
      context,
      'attest',
      async () => ({
        made: await signAndPublish(attaching, image, make(image), replaces),
        digest: image.root.digest,
      }),
      ({ made }) => ({ detail: `${quantity(made.length, 'statement')} ${place}` }),
    ),
  );
  const referrers = made.flatMap((one) => one.referrers);
  const grading = await target.grading();
  if (grading === undefined) return { digest, referrers, scorecard: undefined };
  const own = await ownSigner(attaching, referrers);
  const trusted = await withSigner(context, grading.trusted, signer);
  for (let round = 1; ; round++) {
    const { judged, renewed } = await withImage(target.openWhole, (image) =>
      renewVerdict(attaching, image, own, { ...grading, trusted }),
    );
    const { lower, graded } = judged;
    const { scorecard } = graded;
    if (renewed === undefined) return { digest, referrers, scorecard, ...given({ kept: lower }) };
    const isCurrent = await withImage(
      target.openWhole,
      async (image) => statementNames(await readAttachments(image)) === judged.statements,
    );
    // Another run that attached something meanwhile may have judged without this, too.
    if (isCurrent || round === MOST_ROUNDS)
      return {
        digest,
        scorecard,
        referrers: [...referrers, ...renewed.flatMap((one) => one.referrers)],
      };
  }
}

async function renewVerdict(
  attaching: Attaching,
  image: OpenedImage,
  own: OwnSigner,
  grading: GradeOptions,
): Promise<{ readonly judged: Judged; readonly renewed: readonly SignedStatement[] | undefined }> {
  const { context, target } = attaching;
  const { regrade } = target;
  const judged = await judgeAgain(context, image, own, { ...target, grading });
  const { lower, graded, settings, isTagged } = judged;
  if (lower !== undefined) {
    const level = lower.level === undefined ? '' : `, not ${lower.level}`;
    const why = `(level ${graded.scorecard.level}${level}): ${loweredText(lower)}`;
    context.emit({
      kind: 'warning',
      text: regrade
        ? `the new verdict is lower ${why}`
        : `the verdict stays as it was signed. Graded here, the image would have a lower one ${why}`,
      ...(regrade
        ? {}
        : { nextStep: 'give the settings of its build (--policy FILE), or --regrade to sign it' }),
    });
    if (!regrade) return { judged, renewed: undefined };
  }
  const named = { name: target.name, ...wholeOf(image) };
  const statements = verdictStatements(context, named, graded, settings);
  const renewed = await signAndPublish(attaching, image, statements, 'verdict', isTagged);
  return { judged, renewed };
}

async function ownSigner(
  { store, signer, keys }: Attaching,
  referrers: readonly Descriptor[],
): Promise<OwnSigner> {
  const read = documentsOf(store.blobs);
  const places = await madePlaces(store.blobs, { referrers, tagged: [] });
  const names = await Promise.all(places.map((one) => signerIn(one, keys, read)));
  return { kind: signer.kind, keys, name: names.find((name) => name !== undefined) };
}

export async function withImage<T>(
  open: AttachTarget['open'],
  work: (image: OpenedImage) => T | Promise<T>,
): Promise<T> {
  const image = await open();
  try {
    return await work(image);
  } finally {
    await image.close();
  }
}

/** The image as opened: its root, and its platforms if all of them are here to be judged. */
export function wholeOf({ root, absent, platforms }: OpenedImage): {
  readonly subject: Descriptor;
  readonly also: readonly Descriptor[];
} {
  const others = platforms
    .map(({ descriptor }) => descriptor)
    .filter(({ digest }) => digest !== root.digest);
  return { subject: root, also: absent.length === 0 ? others : [] };
}

async function signAndPublish(
  { context, target, store, signer, keys }: Attaching,
  image: OpenedImage,
  statements: readonly StatementToSign[],
  replaces: keyof typeof REPLACED,
  isTagged = false,
): Promise<readonly SignedStatement[]> {
  const { blobs } = store;
  // cosign signs a file: the manifest as it is published.
  const subjects = statements.flatMap(({ subject, also = [] }) => [subject, ...also]);
  for (const subject of new Map(subjects.map((one) => [one.digest, one])).values())
    await blobs.write(await image.readBlob(subject));
  const made = await signStatements(context, blobs, signer, statements);
  const { name, published, registries, settings } = target;
  const { format } = settings.sign;
  const repositories =
    published === undefined
      ? []
      : [{ client: registries.client(published.registry), repository: published.repository }];
  const place = { blobs, format, name, repositories };
  const anew = {
    referrers: made.flatMap((one) => one.referrers),
    tagged: [
      ...(await legacySignatures(context, place, signer, signedAlone(made))),
      ...(format === 'bundle' && !isTagged ? [] : await legacyAttestations(blobs, made, signer)),
    ],
  };
  const older = (read: ReadDocument): Promise<Older> =>
    replacedStatements(blobs, anew, keys, read, REPLACED[replaces]);
  for (const { client, repository } of repositories)
    await pushReferrers({
      blobs,
      client,
      repository,
      ...anew,
      attestationTags: format === 'auto' && !isTagged ? 'without-referrers' : 'always',
      isReplaced: await older(readFrom(client, repository)),
    });
  const replaced = await older(documentsOf(blobs));
  await keepWithBuilds(store, context.signal, image.root, anew, replaced);
  return made;
}
