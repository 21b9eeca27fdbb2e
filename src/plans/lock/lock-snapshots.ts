import type { DockerfileModel, Instruction } from '../../model/dockerfile.ts';

const MIRROR =
  /\b(snapshot\.(?:debian\.org|ubuntu\.com))\/(?:archive\/)?([a-z][a-z-]*)\/(\d{8}(?:T\d{6}Z?)?)/g;
/** apt 3: `--snapshot DATE`, `APT::Snapshot "DATE";`. */
const APT = /(?:--snapshot[= ]|APT::Snapshot[\s="']+)(\d{8}T\d{6}Z)/g;
const MOST = 100;

/** The dates at which the Dockerfile freezes package mirrors, in the stages that are built: `snapshot.debian.org/debian 20260301T000000Z`, sorted. */
export function snapshotsOf(model: DockerfileModel | undefined): readonly string[] {
  if (model === undefined) return [];
  const texts = model.reached.flatMap((i) =>
    (model.stages[i]?.instructions ?? []).flatMap(textsOf),
  );
  const found = texts.flatMap((text) => [
    ...[...text.matchAll(MIRROR)].map(
      ([, host = '', archive = '', date = '']) => `${host}/${archive} ${date}`,
    ),
    ...[...text.matchAll(APT)].map(([, date = '']) => `apt ${date}`),
  ]);
  return [...new Set(found)].sort().slice(0, MOST);
}

/** As written, and with ARG and ENV put in where they are known. */
function textsOf({ rawArguments, heredocs, commands, arguments: words }: Instruction): string[] {
  const values = commands.flatMap((command) => command.words.map(({ value }) => value ?? ''));
  return [
    rawArguments,
    ...heredocs.map(({ content }) => content),
    ...words,
    ...values,
    values.join(' '),
  ];
}
