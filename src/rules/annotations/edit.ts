import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { linesBehind, NOTHING, proposed } from '../shared/edit/proposal.ts';
import { quoted } from '../shared/edit/run-text.ts';
import { fromOf, inImage } from '../shared/edit/stage-view.ts';

const SOURCE = 'org.opencontainers.image.source';

function plan(input: FixInput): FixPlan {
  const { model, source, facts } = input;
  const from = fromOf(input, model.target);
  const { repository } = facts;
  const has = inImage(input).some(
    ({ keyword, instruction }) =>
      keyword === 'LABEL' &&
      instruction.arguments.some((word) => word.replace(/["']/g, '').startsWith(`${SOURCE}=`)),
  );
  if (from === undefined || repository === undefined || has) return NOTHING;
  return proposed(from, {
    key: 'source',
    title: `Say where the source is: ${repository}`,
    why:
      'Registries link to it, and users of the image find its source. scoville build sets it ' +
      'automatically; other builders read it here',
    risk: 'none',
    riskReason: 'metadata only',
    edits: [linesBehind(source, from, [`LABEL ${SOURCE}=${quoted(repository, source.escape)}`])],
  });
}

export const sourceLabel: FixRule = {
  id: 'source-label',
  criterion: 'annotations',
  needs: ['git'],
  plan,
};
