import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { linesBehind, NOTHING, proposal, refusal } from './proposal.ts';
import { showsText } from './run-text.ts';
import {
  baseOfImage,
  baseUnknown,
  fromOf,
  inImage,
  isRootUser,
  lastAsRoot,
  lastInImage,
  usersInImage,
} from './stage-view.ts';

const COMMAND = 'find / -xdev -type f -perm /6000 -exec chmod a-s {} +';
/** Programs that do nothing without their bit. */
const NEEDS_BIT = /(?:^|[\s"'/])(?:sudo|su|ping|doas|passwd|mount|chsh|newgrp)(?:$|[\s"'])/;
/** Sets the bit on purpose. */
const SETS_BIT = /\bchmod\s+(?:-\w+\s+)*(?:[ugoa]*\+[rwxX]*s|0?[2467][0-7]{3}\b)/;
const INSTALLS = /\b(?:apt|apt-get|apk|dnf|yum|microdnf|zypper)\b[^&|;]*\b(?:install|add)\b/;

/** True where a RUN takes the bits away, and nothing behind it installs packages as root. */
function isStripped(input: FixInput): boolean {
  const runs = inImage(input).filter(({ keyword }) => keyword === 'RUN');
  const at = runs.findLastIndex(({ instruction }) =>
    /\bfind\b[\s\S]*\bchmod\s+(?:-R\s+)?(?:a-s|u-s|-s|ug-s|u-s,g-s)\b/.test(
      instruction.rawArguments,
    ),
  );
  const users = usersInImage(input);
  const installs = runs
    .slice(at + 1)
    .filter((run) => isRootUser(users.get(run) ?? '') && showsText(run, INSTALLS));
  return at >= 0 && installs.length === 0;
}

function isOwnRuntime({ model, imageStages, options }: FixInput): boolean {
  const [first] = imageStages;
  const base = first === undefined ? undefined : model.stages[first]?.base;
  return base?.kind === 'image' && base.image.text.startsWith(`${options.distroless}/`);
}

function plan(input: FixInput): FixPlan {
  const { model, source } = input;
  const from = fromOf(input, model.target);
  if (from === undefined || isStripped(input)) return NOTHING;
  // Another rule has put this one in, and settled this with it.
  if (isOwnRuntime(input)) return NOTHING;
  const base = baseOfImage(input);
  const unknown = baseUnknown(input);
  if (unknown !== undefined) return { edits: [], refusals: [refusal(from, unknown)] };
  const elevated = base?.elevated ?? [];
  if (base === undefined || elevated.length === 0) return NOTHING;
  const shown = elevated
    .slice(0, 3)
    .map((path) => `/${path}`)
    .join(', ');
  const refused = (reason: string): FixPlan => ({
    edits: [],
    refusals: [
      refusal(
        from,
        `${elevated.length} files of the base stay setuid or setgid (${shown}): ${reason}`,
      ),
    ],
  });
  if (base.has?.('bin/sh') === false) return refused('there is no shell to take the bits away');
  const starts = ['ENTRYPOINT', 'CMD'].flatMap((keyword) => lastInImage(input, keyword) ?? []);
  const needed = starts.find(({ instruction }) => NEEDS_BIT.test(instruction.rawArguments));
  if (needed !== undefined) return refused(`line ${needed.line} starts one`);
  const setter = inImage(input).find((run) => run.keyword === 'RUN' && showsText(run, SETS_BIT));
  if (setter !== undefined) return refused(`line ${setter.line} sets such a bit itself`);
  const at = lastAsRoot(input);
  const user = [...usersInImage(input).values()].at(-1) ?? base.config.config?.User ?? '';
  const edit =
    at === undefined
      ? linesBehind(source, from, ['USER root', `RUN ${COMMAND}`, `USER ${user}`])
      : linesBehind(source, at, [`RUN ${COMMAND}`]);
  if (at === undefined && isRootUser(user)) return refused('who runs the build is not known');
  return {
    edits: [
      proposal(at ?? from, {
        key: 'files',
        title: 'Take setuid and setgid bits away',
        why: `With them anybody in the container becomes root where one has a flaw: ${shown}${elevated.length > 3 ? ` and ${elevated.length - 3} more` : ''}`,
        risk: 'low',
        riskReason: 'su, passwd, mount and the like no longer work for other users than root',
        settles: ['no-elevated-files'],
        edits: [edit],
      }),
    ],
    refusals: [],
  };
}

/** Files of the base lose their setuid and setgid bits. */
export const elevatedFiles: FixRule = {
  id: 'elevated-files',
  title: 'Take setuid and setgid bits away',
  help:
    'Adds a RUN behind the last one that runs as root, which takes the setuid and setgid bits of all files away: `find / -xdev -type f -perm /6000 -exec chmod a-s {} +`. Only where the base is known to ' +
    'have such files and a shell, where the entry point is none of the programs that need their bit, and where no RUN sets one itself. File capabilities are left alone.',
  criterion: 'no-elevated-files',
  needs: ['bases'],
  plan,
};
