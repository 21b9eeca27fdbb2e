import type { Answer, EngineAnswers, SeenPlace, SeenTree } from './seen-tree.ts';

const EXECUTE = 0o111;
const ELEVATED = 0o6000;

/**
 * What is wrong with our answer, one line each. A store's tree is what we are to show. Where a
 * store refuses a stack, or the stores show different trees, we are to refuse it, or to show all
 * that either shows.
 */
export function differences(ours: Answer, engines: EngineAnswers): readonly string[] {
  const answers = [engines.containerd, engines.overlay2].filter((answer) => answer !== undefined);
  const trees = answers.flatMap((answer) => ('tree' in answer ? [answer.tree] : []));
  if ('refused' in ours) return trees.length === answers.length ? agreed(trees, ours.refused) : [];
  if (trees.length === 0 && answers.length > 0)
    return isRefusedForLower(engines) ? [] : ['every store refuses it, and we take it'];
  const missing = trees.flatMap((tree) => wrongPlaces(ours.tree, tree));
  const extra = Object.keys(ours.tree).filter(
    (path) => !trees.some((tree) => Object.hasOwn(tree, path)),
  );
  return [...new Set([...missing, ...extra.map((path) => `${JSON.stringify(path)} is not there`)])];
}

/**
 * True where containerd refuses a folder that no entry names since a layer below has a file or a
 * loop of links in its path, which is no harm, and the other store refuses the layer for reasons
 * that do not count in containerd.
 */
function isRefusedForLower({ containerd, overlay2 }: EngineAnswers): boolean {
  const is = (answer: Answer | undefined, reason: RegExp): boolean =>
    answer !== undefined && 'refused' in answer && reason.test(answer.refused);
  return (
    is(containerd, /layer sha256:\w+: (?:lstat \S*\/snapshots\/\d+\/fs|too many links)/) &&
    (overlay2 === undefined || 'refused' in overlay2)
  );
}

/** Reasons for which we refuse what both stores take: what no image maker writes. */
const STRICTER =
  /outside the image|is too large|longer than|overlay|engines|no octal number|not by Docker|sparse/;

function agreed(trees: readonly SeenTree[], refused: string): readonly string[] {
  const [one, other] = trees;
  if (one === undefined || STRICTER.test(refused)) return [];
  if (other !== undefined && JSON.stringify(sorted(one)) !== JSON.stringify(sorted(other)))
    return [];
  return [`the stores take it, and we refuse it: ${refused}`];
}

/**
 * The stores differ in what they make of folders that no entry lists: no container sees other files
 * for it.
 */
function sorted(tree: SeenTree): unknown {
  const places = Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1));
  return places.map(([path, place]) => [path, place.kind === 'd' ? { kind: 'd' } : place]);
}

function wrongPlaces(ours: SeenTree, theirs: SeenTree): readonly string[] {
  return Object.entries(theirs).flatMap(([path, place]) => {
    const own = Object.hasOwn(ours, path) ? ours[path] : undefined;
    if (own === undefined) return [`${JSON.stringify(path)} is missing`];
    return wrongFields(own, place).map(
      (field) =>
        `${JSON.stringify(path)}: ${field} ${JSON.stringify(own[field])}, not ${JSON.stringify(place[field])}`,
    );
  });
}

function wrongFields(own: SeenPlace, place: SeenPlace): readonly (keyof SeenPlace)[] {
  const fields: readonly (keyof SeenPlace)[] = [
    'kind',
    'target',
    'size',
    'content',
    'capabilities',
  ];
  const wrong = fields.filter(
    (field) => own[field] !== place[field] && !(field === 'content' && own.content === undefined),
  );
  // Of a file of no note, and a folder that no entry lists, nothing but its place is kept.
  const isOfNote = place.kind === 'f' && ((place.mode ?? 0) & (EXECUTE | ELEVATED)) !== 0;
  const more: readonly (keyof SeenPlace)[] = ['mode', 'uid', 'gid'];
  if (own.mode === undefined && !isOfNote) return wrong;
  return [...wrong, ...more.filter((field) => own[field] !== place[field])];
}
