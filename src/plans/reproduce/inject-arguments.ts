import type { DockerfileModel, Stage } from '../../model/dockerfile.ts';

/** A Dockerfile as it is sent, and where each of its lines comes from. */
export interface InjectedDockerfile {
  readonly text: string;
  /** By line as sent, from index 0: the line as written (from 1), undefined for an added one. */
  readonly lines: readonly (number | undefined)[];
}

/**
 * Declares the arguments that `namesOf` a stage gives behind the FROM of each stage that runs
 * something and does not
 * declare them, since BuildKit hands a value to no other. Undefined where there is nothing to add.
 * Nothing else of the text changes.
 */
export function injectArguments(
  text: string,
  model: DockerfileModel,
  namesOf: (stage: Stage) => readonly string[],
): InjectedDockerfile | undefined {
  const after = new Map(
    model.stages.map((stage) => [
      stage.range.endLine,
      namesOf(stage).filter((name) => isMissing(stage, name)),
    ]),
  );
  if (![...after.values()].some((missing) => missing.length > 0)) return undefined;
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const sent: string[] = [];
  const lines: (number | undefined)[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    sent.push(line);
    lines.push(i + 1);
    for (const name of after.get(i + 1) ?? []) {
      sent.push(`ARG ${name}`);
      lines.push(undefined);
    }
  });
  return { text: sent.join(ending), lines };
}

/** One that declares or sets it means what it says. */
function isMissing({ instructions }: Stage, name: string): boolean {
  const runs = instructions.some(({ keyword }) => keyword === 'RUN');
  const isKnown = instructions.some(
    ({ keyword, rawArguments }) =>
      (keyword === 'ARG' || keyword === 'ENV') && new RegExp(`\\b${name}\\b`).test(rawArguments),
  );
  return runs && !isKnown;
}

/**
 * A line of what BuildKit says of a mistake, with line numbers as the user's file has them:
 * `Dockerfile:12`, and the excerpt's ` 12 | >>> RUN …`. Undefined for a line about an added one.
 */
export function asWritten(
  line: string,
  { lines }: Pick<InjectedDockerfile, 'lines'>,
  fileName: string,
): string | undefined {
  const place = /^(.*):(\d+)$/.exec(line);
  if (place?.[1] === fileName) return `${fileName}:${lines[Number(place[2]) - 1] ?? place[2]}`;
  const excerpt = /^( *)(\d+)( \|.*)$/.exec(line);
  if (excerpt === null) return line;
  const [, indent = '', number = '', rest = ''] = excerpt;
  const original = lines[Number(number) - 1];
  if (original === undefined) return Number(number) > lines.length ? line : undefined;
  return `${String(original).padStart(indent.length + number.length)}${rest}`;
}
