export { DEFAULT_SETTINGS } from './schema.ts';
