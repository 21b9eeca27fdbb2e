import { DARK, LIGHT, themeProperties, TONES } from './palette.ts';

const BASE = `
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main{max-width:68rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
a{color:inherit;text-decoration-color:var(--control);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{color:var(--accent);text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
h1,h2,h3,h4,p,ul,ol,dl,dd,pre{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:clamp(1.5rem,4.2vw,2.25rem);line-height:1.2;font-weight:680;letter-spacing:-.015em;max-width:100%}
h2{font-size:1.25rem;line-height:1.3;font-weight:660;letter-spacing:-.008em;margin:0 0 1rem}
h3{font-size:1rem;font-weight:640;margin:1.75rem 0 .5rem}
h3 small,h2 small{font-weight:400;font-size:.875rem;color:var(--muted);margin-left:.4em}
h4{font-size:.8125rem;font-weight:600;color:var(--muted);margin:1rem 0 .35rem}
section{margin-top:3.25rem}
code,pre,.digest{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8125rem}
pre{background:var(--sunken);border-radius:6px;padding:.6rem .8rem;margin:.5rem 0 0;overflow-x:auto;white-space:pre-wrap}
.muted,.of,.rests,.figures,.digest{color:var(--muted)}
em{font-style:normal;font-size:.75rem;font-weight:600;color:var(--muted);border:1px solid var(--control);border-radius:3px;padding:0 .35em;white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.small{font-size:.8125rem;margin-top:.5rem}
.symbols{position:absolute}
.num{text-align:right;white-space:nowrap}
`;

const TOP = `
.brand{font-weight:680;color:var(--accent);margin-bottom:1.75rem}
.brand span{font-weight:400;color:var(--muted)}
.digest{margin-top:.5rem}
.figures{margin-top:.35rem;font-size:.9375rem}
.verdict{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:2.5rem;align-items:center;background:var(--raised);border:1px solid var(--line);border-radius:12px;padding:2rem 2.25rem;margin-top:2rem}
.chillis{display:flex;gap:.3rem;color:var(--control)}
.chilli{width:2.1rem;height:2.1rem}
.chilli.hot{color:var(--accent)}
.level .name{font-size:clamp(1.75rem,4vw,2.5rem);line-height:1.15;font-weight:690;letter-spacing:-.02em;margin-top:.75rem}
.level .name small{display:block;margin-bottom:.15rem;font-size:.9375rem;font-weight:400;letter-spacing:0;color:var(--muted)}
.level .next{margin-top:.75rem;font-size:.9375rem;color:var(--muted)}
.level .next a{color:var(--ink)}
.scores{width:100%;border-collapse:collapse}
.scores th{font-weight:400;text-align:left;padding:.4rem .9rem .4rem 0;white-space:nowrap}
.scores td{padding:.4rem 0 .4rem .75rem}
.scores .wide{width:100%;padding-left:0}
.scores .overall>*{padding-bottom:.8rem}
.scores .overall th{font-weight:640}
.heat{display:flex;gap:2px;height:.75rem}
.heat i{flex:1;border-radius:2px;background:var(--sunken);box-shadow:inset 0 0 0 1px var(--line)}
.grade{display:inline-block;min-width:2.1em;padding:.05em .4em;border-radius:5px;text-align:center;white-space:nowrap;font-weight:700;font-size:.9375rem;line-height:1.5}
.tag{display:inline-block;padding:0 .45em;border-radius:4px;font-weight:620;font-size:.8125rem;line-height:1.6;white-space:nowrap}
`;

const MATRIX = `
.matrix{width:100%;border-collapse:collapse;table-layout:fixed;font-size:.9375rem}
.matrix th{text-align:left;font-weight:400;vertical-align:top}
.matrix thead th{color:var(--muted);font-size:.875rem;padding:0 .75rem .5rem 0}
.matrix th:first-child{width:10.5rem}
.matrix tbody th,.matrix td{border-top:1px solid var(--line);padding:.7rem .75rem .7rem 0;vertical-align:top}
.matrix .lv{display:grid;grid-template-columns:auto 1fr;column-gap:.6rem;align-content:start;line-height:1.55}
.matrix tbody th b{width:1.6rem;height:1.6rem;text-align:center;line-height:1.5rem;border:1px solid var(--control);border-radius:5px;font-weight:640}
.matrix .reached th b{background:var(--accent);border-color:var(--accent);color:var(--raised)}
.matrix tbody th small{grid-column:2;color:var(--muted);font-size:.8125rem}
.matrix li+li{margin-top:.4rem}
.chip{display:flex;gap:.5rem;align-items:flex-start;text-decoration:none;line-height:1.35}
.chip:hover span{text-decoration:underline}
.chip.pass,.chip.not-applicable{color:var(--muted)}
.chip.fail{font-weight:600}
.icon{flex:none;width:1rem;height:1rem;margin-top:.12rem}
`;

const STEPS = `
.steps>li{padding:1.1rem 0;border-top:1px solid var(--line);scroll-margin-top:4rem}
.steps h3{margin:0}
.steps h3::first-letter{text-transform:uppercase}
.steps .for{font-size:.8125rem;margin-top:.4rem;color:var(--muted)}
.problems li{display:grid;grid-template-columns:1rem 13rem minmax(0,1fr) auto;gap:.1rem .75rem;padding:.5rem 0;border-top:1px solid var(--line)}
.problems .icon{margin-top:.25rem}
.problems code{color:var(--muted)}
.problems .by{font-size:.8125rem}
.gate{margin-top:1.5rem;border-radius:8px;padding:.75rem 1rem;background:var(--sunken);border-left:4px solid var(--cool-edge)}
.gate.fail{border-left-color:var(--hot-edge)}
.gate .icon{vertical-align:-.16em}
.gate li{margin:.25rem 0 0 1.4rem;list-style:disc}
nav{position:sticky;top:0;z-index:1;display:flex;gap:1.25rem;overflow-x:auto;white-space:nowrap;margin:-1rem -1.5rem 1.5rem;padding:.6rem 1.5rem;background:var(--page);border-bottom:1px solid var(--line);font-size:.875rem}
nav a{text-decoration:none;color:var(--muted)}
h2,h3,.finding{scroll-margin-top:4rem}
.ids li{padding:.1rem 0}
.ids small{color:var(--muted)}
.filter{display:flex;flex-wrap:wrap;gap:.4rem;margin:.25rem 0 .5rem}
.filter button{font:inherit;font-size:.875rem;color:var(--ink);background:var(--raised);border:1px solid var(--control);border-radius:6px;padding:.15rem .6rem;cursor:pointer}
.filter button[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--raised)}
summary{cursor:pointer}
.more>summary,.table>summary{color:var(--muted);padding:.6rem 0}
.more>summary:hover,.table>summary:hover,.finding>summary:hover .title{color:var(--accent)}
.finding{border-top:1px solid var(--line)}
.finding>summary{display:grid;grid-template-columns:1rem 15rem 4rem minmax(0,1fr);gap:.1rem .75rem;padding:.65rem 0;list-style:none;align-items:baseline}
.finding>summary::-webkit-details-marker{display:none}
.finding>summary .icon{align-self:start;margin-top:.28rem}
.finding .title{font-weight:600}
.finding .lvl{color:var(--muted);font-size:.8125rem}
.finding .sum{color:var(--muted)}
.finding.fail .sum{color:var(--hot-text)}
.finding.unknown .sum{color:var(--warm-text)}
.finding .body{padding:0 0 1.5rem 1.75rem}
.finding h4:first-child{margin-top:.25rem}
.evidence li{display:grid;grid-template-columns:5rem minmax(0,1fr);gap:.75rem;padding:.15rem 0}
.evidence .about{color:var(--muted);font-size:.875rem}
.evidence .kind{color:var(--muted);font-size:.8125rem}
.remedies li{max-width:46rem}
.remedies li+li{margin-top:.9rem}
.rests{font-size:.8125rem;margin-top:1.1rem}
.waiver,.unknown-note{background:var(--sunken);border-radius:6px;padding:.6rem .8rem;margin-top:.25rem}
.unknown-note pre{background:var(--raised)}
.waivers li{padding:.5rem 0;border-top:1px solid var(--line)}
.waivers a{font-weight:600;margin-right:.75rem}
`;

const TABLES = `
.scroll{overflow-x:auto}
.data,.layers{border-collapse:collapse;width:100%;font-size:.875rem}
.data th,.layers th{text-align:left;font-weight:600;padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--control);white-space:nowrap}
.data td,.layers td,.data tbody th{padding:.3rem 1rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
.data tbody th small{color:var(--muted);font-family:ui-monospace,Menlo,Consolas,monospace}
.data td:first-child{font-weight:560}
.data .num,.layers th.num{text-align:right}
.data th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}
.data th button::after{content:"\\2195";color:var(--control);margin-left:.35em;font-weight:400}
.data th[aria-sort=ascending] button::after{content:"\\2191";color:var(--accent)}
.data th[aria-sort=descending] button::after{content:"\\2193";color:var(--accent)}
.search{display:block;color:var(--muted);font-size:.875rem;margin:.25rem 0 .75rem}
.search input{font:inherit;color:var(--ink);background:var(--raised);border:1px solid var(--control);border-radius:6px;padding:.35rem .6rem;margin-left:.4rem;width:min(20rem,60vw)}
.layers .bar{width:10rem;min-width:6rem}
.layers svg{display:block;width:100%;height:.6rem;margin-top:.4rem}
.layers .own{fill:var(--accent)}
.layers .base{fill:var(--control)}
.layers .by{width:60%;min-width:18rem}
.severities{display:flex;flex-wrap:wrap;gap:.4rem 1.25rem}
.platform{border-top:1px solid var(--line);margin-top:.75rem}
.platform>summary{font-weight:600;padding:.65rem 0}
footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--muted);font-size:.8125rem}
footer code{font-size:.75rem}
`;

const SEVERAL = `
.compare{border-collapse:collapse;min-width:100%}
.compare th,.compare td{text-align:left;vertical-align:top;padding:.5rem 1.75rem .5rem 0;border-bottom:1px solid var(--line);font-weight:400;min-width:9rem}
.compare thead th .name{display:block;font-weight:640}
.compare thead th code{display:block;color:var(--muted);margin:.1rem 0 .6rem}
.compare small{color:var(--muted);font-size:.8125rem}
.compare thead .chilli{width:1.25rem;height:1.25rem}
.compare .overall>*{font-weight:640}
.compare .heat{margin-top:.4rem;height:.5rem;max-width:9rem}
.compare .group th{padding-top:1.75rem;font-weight:640}
.o{white-space:nowrap}
.o .icon{vertical-align:-.16em}
.compare .o span{color:var(--muted);font-size:.875rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
.card{background:var(--raised);border:1px solid var(--line);border-radius:12px;padding:1.25rem 1.5rem}
.card .name{font-weight:640;font-size:1.125rem}
.card .chillis{margin:.75rem 0 .25rem}
.card .chilli{width:1.5rem;height:1.5rem}
`;

const NARROW = `
@media (max-width:46rem){
main{padding:1.5rem 1rem 3rem}
section{margin-top:2.5rem}
.verdict{grid-template-columns:minmax(0,1fr);gap:1.75rem;padding:1.25rem;margin-top:1.5rem}
.scores tbody,.scores tr{display:block}
.scores tr{display:grid;grid-template-columns:minmax(0,1fr) auto auto;align-items:center;padding:.35rem 0}
.scores th,.scores td,.scores .overall>*{padding:0 0 0 .75rem}
.scores th,.scores .overall th{padding-left:0}
.scores .wide{grid-row:2;grid-column:1/-1;padding:.3rem 0 0}
.matrix,.matrix tbody,.matrix tr,.matrix th,.matrix td{display:block;width:auto}
.matrix thead,.matrix .none{display:none}
.matrix th:first-child{width:auto}
.matrix tbody tr{border-top:1px solid var(--line);padding:.75rem 0}
.matrix tbody th,.matrix td{border:0;padding:0}
.matrix tbody th{margin-bottom:.5rem}
.matrix .lv{grid-template-columns:auto auto 1fr;align-items:center}
.matrix tbody th small{grid-column:auto}
.matrix td+td{margin-top:.75rem}
.matrix td::before{content:attr(data-vector);display:block;font-size:.8125rem;color:var(--muted);margin-bottom:.2rem}
nav{margin:-.5rem -1rem 1rem;padding:.6rem 1rem}
.problems li{grid-template-columns:1rem minmax(0,1fr) auto}
.problems li p:nth-of-type(2){grid-column:2/-1;grid-row:2}
.data,.data tbody,.data tr,.data td,.data tbody th,.layers,.layers tbody,.layers tr,.layers td{display:block;width:auto}
.data thead,.layers thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.data tr,.layers tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
.data tr[hidden]{display:none}
.data td,.data tbody th,.layers td{position:relative;border:0;padding:.1rem 0 .1rem 7.75rem;text-align:left}
.data .num,.layers .num{text-align:left;white-space:normal}
.data td::before,.data tbody th::before,.layers td::before{content:attr(data-name);position:absolute;left:0;color:var(--muted);font-weight:400}
.layers .bar{display:none}
.layers .by{min-width:0;width:auto}
.finding>summary{grid-template-columns:1rem minmax(0,1fr) auto}
.finding .sum{grid-column:2/-1}
.finding .body{padding-left:0}
.evidence li{grid-template-columns:minmax(0,1fr);gap:0}
}`;

const PAPER = `
@media print{
@page{margin:16mm}
html{font-size:12px;color-scheme:light}
body{font-size:.875rem;background:#fff}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:none;padding:0}
section{margin-top:1.75rem}
.verdict{padding:1rem 1.25rem;gap:1.5rem}
h2,h3,h4,summary{break-after:avoid}
.verdict,.steps>li,.matrix tr,.data tr,.layers tr,.evidence li{break-inside:avoid}
thead{display:table-header-group}
.search,.data th button::after{display:none}
details::details-content{content-visibility:visible;display:block}
.table:not([open])::details-content{display:none}
.scroll{overflow:visible}
}`;

function tones(): string {
  return TONES.map(
    (name) =>
      `.grade.${name},.tag.${name}{background:var(--${name}-fill);color:var(--${name}-ink)}.heat.${name} .on{background:var(--${name}-fill);box-shadow:inset 0 0 0 1px var(--${name}-edge)}`,
  ).join('\n');
}

/** The page's whole style: light, dark where the reader's system is, and light on paper. */
export function style(): string {
  return `:root{${themeProperties(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${themeProperties(DARK)}}}${BASE}${TOP}${MATRIX}${STEPS}${TABLES}${SEVERAL}${tones()}${NARROW}${PAPER}`;
}
