import type { Plugin as Bundled } from 'esbuild';
import type { Plugin } from 'vite';

export const plugins: Bundled[];
export const vitePlugin: Plugin;
