import { formatReference, parseReference } from '../../model/reference.ts';
import { sheetOf } from '../../report/compare.ts';
import { type Content, h } from '../../report/html/document.ts';
import { list, section } from '../../report/html/parts.ts';
import { sheetBody } from '../../report/html/several.ts';
import { parseImage } from '../allowed.ts';
import { imageRow, notFound, reportOf, type StoredDetail } from '../api.ts';
import { ApiProblem } from '../http.ts';
import type { AppDeps } from '../parts.ts';
import * as frame from './frame.ts';

const ROWS = 50;
/** Tags side by side; these first, as in the specification. */
const COLUMNS = 4;
const FIRST_TAGS = ['latest', 'slim', 'debug'];

/** The tags of a repository, side by side and as a list. */
export async function repository(
  { records, now }: AppDeps,
  { params: { '*': text }, query }: frame.PageRequest,
): Promise<string> {
  const read = parseReference(text);
  if (!read.ok || read.value.tag !== undefined || read.value.digest !== undefined)
    throw new ApiProblem('malformed', 'this is not the name of a repository');
  const of = { registry: read.value.registry, repository: read.value.repository };
  const { cursor } = query;
  const [tags, ...first] = await Promise.all([
    records.tags(of.registry, of.repository, { limit: ROWS, cursor }),
    ...FIRST_TAGS.map((tag) => records.image({ ...of, tag })),
  ]);
  if (tags.rows.length === 0 && cursor === undefined)
    throw notFound('nobody asked for a grade of an image of this repository');
  const rows = [...first, ...tags.rows].filter((row) => row?.goneAt === undefined);
  const ids = [...new Set(rows.flatMap((row) => row?.latest?.id ?? []))].slice(0, COLUMNS);
  const found = await Promise.all(ids.map((id) => records.detail(id)));
  const columns = found.flatMap((one) => one ?? []);
  const tagLinks = columns.map(({ image }) => h('a', { href: frame.imagePath(image) }, image.tag));
  const [before, ...others] = columns;
  const against = others.map((other) =>
    h('a', { href: comparePath(before, other) }, `${before?.image.tag} and ${other.image.tag}`),
  );
  const sheet = sheetOf({ kind: 'comparison', images: columns.map(reportOf) });
  const side = sheetBody(sheet, (_, at) => tagLinks[at]);
  const differ = [h('p.small.muted', 'What differs between'), list(against, 'ul.against')];
  const name = `${of.registry}/${of.repository}`;
  return frame.pageOf(name, [
    frame.headOf(of, 'repository', name),
    against.length > 0 && section('side', 'Side by side', side, differ),
    section(
      ...['tags', 'Tags', frame.imagesTable(tags.rows, `Tags of ${name}`, now())],
      frame.turn(frame.repositoryPath(of), query, tags),
    ),
  ]);
}

function comparePath(...two: readonly (StoredDetail | undefined)[]): string {
  const [a, b] = two.map((one) => one && formatReference(one.image));
  return frame.pathOf('/compare', { a, b });
}

export async function comparison(deps: AppDeps, { query }: frame.PageRequest): Promise<string> {
  const names = { a: 'First image', b: 'Second image' };
  const sides = [await side(deps, query.a), await side(deps, query.b)];
  const fields = Object.entries(names).map(([name, label], at) => {
    const { text, why } = sides[at] ?? {};
    const wrong = why !== undefined && { 'aria-invalid': true, 'aria-describedby': `why-${name}` };
    const placeholder = 'registry.example.com/shop/api:1';
    const input = { ...frame.FIELD, name, defaultValue: text, placeholder, ...wrong };
    const said = why !== undefined && h('span.why', { id: `why-${name}` }, why);
    return h('label.wide', h('span', label), h('input', input), said);
  });
  const form = h('form.find', { action: '/compare' }, fields, h('button', 'Compare'));
  const head = [h('h1', 'Compare two images'), form];
  const [first, second] = sides.map(({ grade }) => grade);
  if (first === undefined || second === undefined) return frame.pageOf('Compare', head, '/compare');
  const sheet = sheetOf({ kind: 'difference', before: reportOf(first), after: reportOf(second) });
  const column = (_: string, index: number): Content => {
    const { image, gradedAt } = index === 0 ? first : second;
    const when = h('small', 'graded ', frame.agoOf(gradedAt, deps.now()));
    return [frame.imageLink(image), when];
  };
  const back = h('a', { href: comparePath(second, first) }, 'The other way round');
  const body = [head, sheetBody(sheet, column), h('p.small', back)];
  return frame.pageOf('Compare', body, '/compare');
}

/** What was written in a field, and the newest grade of that image, or why there is none. */
interface Side {
  readonly text?: string;
  readonly grade?: StoredDetail;
  readonly why?: string;
}

async function side(deps: AppDeps, text: string | undefined): Promise<Side> {
  if (text === undefined) return {};
  const image = parseImage(text);
  if (!image.ok) return { text, why: image.error };
  const { latest } = (await imageRow(deps, image.value)) ?? {};
  const grade = latest && (await deps.records.detail(latest.id));
  return grade === undefined ? { text, why: 'This is not graded yet.' } : { text, grade };
}
