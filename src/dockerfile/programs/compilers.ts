import type { LocalPrograms } from './program.ts';

export const COMPILERS: readonly LocalPrograms[] = [
  {
    programs:
      'gcc g++ cc c++ clang clang++ cpp ld gold lld ar as nm objcopy objdump strip readelf size addr2line ranlib libtool pkg-config pkgconf tcc nasm yasm musl-gcc gfortran gdc rustc ghc javac kotlinc scalac ' +
      'ocamlopt ocamlc valac fpc nim crystal swiftc dmd ldc2 protoc flatc thrift bison flex yacc lex swig gperf ragel re2c xgettext patchelf chrpath upx ccache sccache distcc ' +
      'clang-format llvm-config nvcc hipcc emcc em++ wasm-opt wat2wasm jlink jdeps jdeprscan jmod javap javadoc jarsigner pack200 unpack200 scanelf execstack',
    reason: 'compiles and links what is there',
    unless: /(?:^| )(?:-fplugin|-wrapper|--wrapper|-load|-specs|-B)\S*/,
  },
  {
    programs:
      'tsc esbuild rollup webpack vite babel swc sass node-sass lessc postcss tailwindcss terser uglifyjs eslint prettier tslint svelte-check vue-tsc svgo stylelint',
    reason: 'translates the source that is there; its configuration is part of that source',
  },
  {
    programs:
      'doxygen asciidoctor a2x xmlto docbook2x-man pandoc help2man pod2man rst2man groff man nroff makeinfo texi2any convert magick identify inkscape rsvg-convert gs pdftk',
    reason: 'turns documents and pictures that are there into others',
    unless: /(?:https?|ftp):|(?:^| )(?:-F|--filter|--lua-filter)\b/,
  },
  {
    programs: 'setcap getcap paxctl paxmark prelink',
    reason: 'marks a program that is there',
  },
];
