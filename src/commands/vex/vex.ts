import { resolve } from 'node:path';
import {
  type OpenVexDocument,
  openVexDocument,
  type VexClaim,
  type VexHead,
} from '../../attestations/openvex.ts';
import { signedType } from '../../attestations/predicate-name.ts';
import type { NamedImage } from '../../attestations/vex-products.ts';
import { EXIT, UserError } from '../../model/errors.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { parseReference, withDefaultTag } from '../../model/reference.ts';
import { type Attached, attachStatements } from '../../pipeline/attach/attach-statements.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { writeFileBeside } from '../../pipeline/write-file-beside.ts';
import { jsonText } from '../../reporters/json-text.ts';
import { askingSigner } from '../asking-signer.ts';
import { attachTarget } from '../attest/attach-target.ts';
import { attachedExit, attachedJson, attachedText } from '../attest/attached-text.ts';
import { withProgress } from '../conversation.ts';
import { command } from '../flags.ts';
import type { CommandIo } from '../io.ts';
import { namedSigners } from '../shared-flags.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import { checkUntil, vexClaims, vexHead } from './vex-claim.ts';
import { VEX, type VexFlags } from './vex-flags.ts';
import { reviewImage } from './vex-review.ts';

/** `scoville vex`. */
export const vex = command(VEX, async (flags, [text = ''], io) => {
  const head = vexHead(flags, io);
  checkUntil(flags.until, io.now());
  const shown = { style: 'auto', interactive: true, json: flags.json } as const;
  const { value: claims, io: answered } = flags.review
    ? await askingSigner(io, shown, (own) => reviewImage(text, flags, own))
    : { value: vexClaims(flags), io };
  if (claims.length === 0) {
    io.writeErr('scoville: nothing is said, so nothing is written\n');
    return EXIT.met;
  }
  const { value: said } = await askingSigner(answered, shown, (own) =>
    withProgress(
      own,
      (context) => writeClaims(context, text, flags, own, head, claims),
      flags.attach ? 'auto' : 'quiet',
    ),
  );
  const { document, attached } = said;
  const written = jsonText(document ?? {});
  if (flags.output !== undefined) await writeFileBeside(resolve(io.cwd, flags.output), written);
  if (attached !== undefined)
    io.writeOut(flags.json ? jsonText(attachedJson(text, attached)) : attachedText(attached));
  else if (flags.output === undefined) io.writeOut(written);
  else
    io.writeOut(flags.json ? jsonText({ image: text, file: flags.output }) : `${flags.output}\n`);
  if (claims.some(({ packages }) => packages.length === 0))
    io.writeErr(
      `scoville: it applies to ${text} alone; with --package PURL@VERSION later tags keep it\n`,
    );
  return attachedExit(attached?.kept);
});

/** Makes the document, and attaches it where that is asked for. */
async function writeClaims(
  context: PipelineContext,
  text: string,
  flags: VexFlags,
  io: CommandIo,
  head: VexHead,
  claims: readonly VexClaim[],
): Promise<{ readonly document: OpenVexDocument | undefined; readonly attached?: Attached }> {
  const target = await attachTarget(context, text, { ...flags, signers: namedSigners(flags) }, io);
  const make = (image: OpenedImage): OpenVexDocument =>
    openVexDocument(head, claims, namedImage(target.name, image, flags));
  if (!flags.attach) {
    const image = await target.open();
    try {
      return { document: make(image) };
    } finally {
      await image.close();
    }
  }
  let document: OpenVexDocument | undefined;
  const attached = await attachStatements(context, target, (image) => {
    const predicate = (document = make(image));
    const predicateType = signedType('openvex', undefined) ?? '';
    return subjectsOf(image, flags).map((subject) => ({ predicateType, predicate, subject }));
  });
  return { document, attached };
}

/** What it is attached to: the image as a whole, or the platform that was asked for. */
function subjectsOf({ root, platforms }: OpenedImage, { platform }: VexFlags) {
  return wantedPlatform(platform).platform === undefined
    ? [root]
    : platforms.map(({ descriptor }) => descriptor);
}

/** By which digests and which name statements are to mean it. */
function namedImage(name: string, image: OpenedImage, { platform }: VexFlags): NamedImage {
  const parsed = parseReference(name);
  if (!parsed.ok) throw new UserError(parsed.error);
  const { tag, ...untagged } = withDefaultTag(parsed.value);
  const isWhole = platform === undefined;
  const platforms = image.platforms.map(({ descriptor }) => descriptor);
  const about = isWhole ? [image.root, ...platforms, ...image.absent] : platforms;
  return {
    // A tag means all platforms.
    reference: isWhole && tag !== undefined ? { ...untagged, tag } : untagged,
    digests: about.map(({ digest }) => digest),
  };
}
