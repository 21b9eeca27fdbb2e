import type { Columns } from './kept-columns.ts';
import { NAME_COLUMNS } from './name-table.ts';

/** All places of some layers, for another run that puts others on them. */
export const PLACE_COLUMNS = {
  ...NAME_COLUMNS,
  kinds: 'u8',
  sizes: 'f64',
  of: 'u32',
  attributes: 'i32',
  targets: 'i32',
} as const;
export type PlaceColumns = Columns<typeof PLACE_COLUMNS>;
