import { cellText, tableRows } from '../fakes/table.ts';

/** What texts of one kind are made of. */
export function pieces(of: string): readonly string[] {
  return tableRows('test/dockerfile/cases/pieces.tsv').flatMap(([kind, text = '']) =>
    kind === of ? [cellText(text)] : [],
  );
}
