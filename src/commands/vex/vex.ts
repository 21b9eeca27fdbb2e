import { resolve } from 'node:path';
import {
  type OpenVexDocument,
  openVexDocument,
  type VexClaim,
} from '../../attestations/openvex.ts';
import { signedType } from '../../attestations/predicate-name.ts';
import { vexProducts } from '../../attestations/vex-products.ts';
import { EXIT, UserError } from '../../model/errors.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { parseReference, withDefaultTag } from '../../model/reference.ts';
import { attachStatements } from '../../pipeline/attach/attach-statements.ts';
import { writeFileBeside } from '../../pipeline/write-file-beside.ts';
import { jsonText } from '../../reporters/json-text.ts';
import { attachTarget } from '../attest/attach-target.ts';
import { attachedJson, attachedText } from '../attest/attached-text.ts';
import { withProgress } from '../conversation.ts';
import { command } from '../flags.ts';
import { namedSigners } from '../shared-flags.ts';
import { wantedPlatform } from '../wanted-platform.ts';
import { vexClaim } from './vex-claim.ts';
import { VEX, type VexFlags } from './vex-flags.ts';

/** `scoville vex`. */
export const vex = command(VEX, async (flags, [text = ''], io) => {
  const claim = vexClaim(flags, io);
  const { document, attached } = await withProgress(
    io,
    async (context) => {
      const named = { ...flags, signers: namedSigners(flags) };
      const target = await attachTarget(context, text, named, io);
      const make = (image: OpenedImage): OpenVexDocument =>
        documentOf(claim, target.name, image, flags);
      if (!flags.attach) {
        const image = await target.open();
        try {
          return { document: make(image), attached: undefined };
        } finally {
          await image.close();
        }
      }
      let made: OpenVexDocument | undefined;
      const done = await attachStatements(context, target, (image) => {
        const predicate = (made = make(image));
        const predicateType = signedType('openvex', undefined) ?? '';
        return subjectsOf(image, flags).map((subject) => ({ predicateType, predicate, subject }));
      });
      return { document: made, attached: done };
    },
    flags.attach ? 'auto' : 'quiet',
  );
  const written = jsonText(document ?? {});
  if (flags.output !== undefined) await writeFileBeside(resolve(io.cwd, flags.output), written);
  if (attached !== undefined)
    io.writeOut(
      flags.json
        ? jsonText(attachedJson(text, attached))
        : attachedText(attached.digest, attached.scorecard),
    );
  else if (flags.output === undefined) io.writeOut(written);
  else
    io.writeOut(flags.json ? jsonText({ image: text, file: flags.output }) : `${flags.output}\n`);
  return EXIT.met;
});

/** What it is attached to: the image as a whole, or the platform that was asked for. */
function subjectsOf({ root, platforms }: OpenedImage, { platform }: VexFlags) {
  return wantedPlatform(platform).platform === undefined
    ? [root]
    : platforms.map(({ descriptor }) => descriptor);
}

function documentOf(
  claim: VexClaim,
  name: string,
  image: OpenedImage,
  flags: VexFlags,
): OpenVexDocument {
  const parsed = parseReference(name);
  if (!parsed.ok) throw new UserError(parsed.error);
  const { tag, ...untagged } = withDefaultTag(parsed.value);
  const isWhole = flags.platform === undefined;
  const platforms = image.platforms.map(({ descriptor }) => descriptor);
  const about = isWhole ? [image.root, ...platforms, ...image.absent] : platforms;
  return openVexDocument(
    claim,
    vexProducts(
      {
        // A tag means all platforms.
        reference: isWhole && tag !== undefined ? { ...untagged, tag } : untagged,
        digests: about.map(({ digest }) => digest),
      },
      flags.package,
    ),
  );
}
