import type { BuildInvocation } from '../../model/build-invocation.ts';

/** How buildx shows its progress; undefined leaves it to buildx. */
type Progress = 'rawjson' | 'plain' | 'quiet' | 'auto';

/** What stands behind `docker`: the one place where an invocation becomes words. */
export function buildWords(
  { outputs, metadataFile, flags, context }: BuildInvocation,
  progress?: Progress,
): readonly string[] {
  return [
    'buildx',
    'build',
    ...(progress === undefined ? [] : [`--progress=${progress}`]),
    ...outputs.map((output) => `--output=${output}`),
    ...(metadataFile === undefined ? [] : [`--metadata-file=${metadataFile}`]),
    ...flags.flatMap((flag) =>
      flag.name === undefined ? flag.words : [`--${flag.name}=${flag.value}`],
    ),
    ...(context.startsWith('-') && context !== '-' ? ['--', context] : [context]),
  ];
}
