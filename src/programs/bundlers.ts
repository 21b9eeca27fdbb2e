/** Parted by blanks. */
function names(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** Packages that a configuration may load and call: they translate and bundle. None fetches, starts a program, or runs a file that its options or the sources name. */
export const CONFIG_MODULES = names(
  'vite vitest/config @vitejs/plugin-react @vitejs/plugin-react-swc @vitejs/plugin-vue @vitejs/plugin-vue-jsx @vitejs/plugin-legacy @vitejs/plugin-basic-ssl vite-plugin-solid @preact/preset-vite vite-plugin-vuetify ' +
    'vite-tsconfig-paths vite-plugin-svgr vite-svg-loader vite-plugin-compression vite-plugin-compression2 vite-plugin-dts vite-plugin-static-copy vite-plugin-node-polyfills vite-plugin-vue-devtools vite-plugin-top-level-await vite-plugin-wasm ' +
    'rollup-plugin-visualizer unplugin-auto-import/vite unplugin-vue-components/vite unplugin-vue-components/resolvers unplugin-vue-router/vite @tanstack/router-plugin/vite @tanstack/router-vite-plugin lovable-tagger vite-plugin-pwa ' +
    '@tailwindcss/vite tailwindcss tailwindcss/plugin tailwindcss/defaultTheme tailwindcss/colors tailwindcss-animate @tailwindcss/postcss @tailwindcss/nesting tailwindcss/nesting @tailwindcss/forms @tailwindcss/typography ' +
    '@tailwindcss/aspect-ratio @tailwindcss/container-queries @tailwindcss/line-clamp daisyui autoprefixer cssnano postcss-nested postcss-nesting postcss-preset-env postcss-flexbugs-fixes postcss-simple-vars postcss-preset-mantine tailwind-scrollbar ' +
    'tailwind-scrollbar-hide tailwind-merge',
);
/** Of `vite`, these alone: others start builds and servers. */
export const VITE_NAMES = names(
  'type as defineConfig defineProject loadEnv mergeConfig splitVendorChunkPlugin searchForWorkspaceRoot normalizePath configDefaults coverageConfigDefaults defaultExclude UserConfig UserConfigExport UserConfigFn ConfigEnv Plugin PluginOption ProxyOptions AliasOptions BuildOptions',
);
/** Plugins that load what a string or an option names, so that they take no options but those in place. */
export const LOADING_MODULES = names('tailwindcss cssnano');
/** Of Node’s own. */
export const NODE_MODULES = names('path node:path url node:url');

/** Functions and methods that a configuration may call besides those: they give a value. */
export const CONFIG_CALLS = names(
  'resolve join dirname basename extname relative normalize sep cwd fileURLToPath URL includes startsWith endsWith split replace replaceAll test match slice substring toLowerCase toUpperCase toString trim map filter some every find concat ' +
    'keys values entries log warn info String Number Boolean parseInt RegExp Date now toISOString Set Map has rem theme defineConfig loadEnv mergeConfig splitVendorChunkPlugin addUtilities addComponents addBase ' +
    'addVariant matchUtilities matchComponents matchVariant config e if for while switch catch function return',
);

/** Words by which JavaScript gets at more than its text names. */
export const REFUSED_WORDS = names(
  'eval Function constructor prototype __proto__ globalThis global window self this arguments fetch XMLHttpRequest WebSocket EventSource WebAssembly Worker Reflect Proxy Symbol child_process mainModule getBuiltinModule binding dlopen ' +
    'createRequire module exec execSync spawn spawnSync fork with yield bind call apply then async await import require ' +
    // Options by which a bundler loads what a string names.
    'babel svgrOptions babelOptions configFile root postcss preprocessorOptions less stylus functions importer importers parser syntax stringifier ssr prerender prerenderer configResolved configureServer configurePreviewServer ' +
    'runnerImport ssrLoadModule loadConfigFromFile createServer importFrom exportTo pwaAssets jsPlugin jsPlugins eslint stylelint',
);
/** Options of a command line by which it stays what the configuration makes it. */
export const VITE_OPTIONS =
  /^(?:--(?:emptyOutDir|minify|sourcemap|manifest|ssrManifest|force|clearScreen|debug|logLevel|mode|base|outDir|assetsDir|target)(?:=\S+)?|-m|-l|-d|-f)$/;
export const VITE_VALUED = names('--mode -m --base --outDir --assetsDir --target --logLevel -l');

/** Names of a bundler’s own configuration, before the end of each. */
export const SCRIPT_ENDS = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'] as const;
/** Stylesheets and templates that run code, or name a file of code that is run. */
export const RUNNING_SOURCES =
  /@(?:plugin|config)\b|\blang\s*=\s*["']?(?:less|styl|stylus|pug|jade)/;
export const SOURCES = /\.(?:css|pcss|postcss|scss|sass|vue|svelte|html?)$/;
export const RUNNING_NAMES = /\.(?:less|styl|stylus|pug|jade)$/;
export const SKIPPED = /^(?:node_modules|\.git|dist|build|coverage|\.\w+)$/;
