/** The style of the pages for people. It stands in each page, and its digest in the Content-Security-Policy. */
export const pageStyle = `:root{color-scheme:light dark;--ink:#1c2024;--soft:#5a5f67;--line:#dfe2e7;--paper:#fff;--shade:#f6f7f9;--mark:#9a4708;--on:#fff;--good:#18703c;--code:#0b4f6c}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a2a8b0;--line:#2d3238;--paper:#131518;--shade:#1b1e22;--mark:#f5a04a;--on:#131518;--good:#6fd394;--code:#8fd3f0}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--mark);text-underline-offset:2px}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.3rem .6rem;z-index:1}
header{border-bottom:1px solid var(--line);padding:.9rem 1.5rem;display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;align-items:baseline}
header .name{font-weight:650;font-size:1.05rem;color:var(--ink);text-decoration:none;margin-right:auto}
header nav{display:flex;gap:1.2rem;font-size:.92rem}
main{flex:1;width:100%;max-width:50rem;margin:0 auto;padding:2.4rem 1.5rem 4rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 .8rem;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.4rem 0 .7rem}
.lead{color:var(--soft);margin:0 0 1.6rem;font-size:1.05rem}
.ask{display:flex;flex-wrap:wrap;gap:.6rem;margin:0 0 2rem}
.ask label{flex:1 0 100%;font-weight:550}
.ask input{flex:1 1 14rem;min-width:0}
.ask input,.ask button{font:inherit;font-size:1.05rem;border-radius:8px;padding:.6rem .9rem;border:1px solid var(--soft)}
.ask input{background:var(--shade);color:var(--ink)}
.ask button{background:var(--mark);border-color:var(--mark);color:var(--on);font-weight:600;cursor:pointer}
.results{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.results li{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;padding:.85rem 0;border-bottom:1px solid var(--line)}
.results .domain{font-weight:600;font-size:1.1rem;overflow-wrap:anywhere;margin-right:auto}
.results .price{color:var(--soft)}
.state{font-size:.85rem;font-weight:600;border:1px solid currentcolor;border-radius:99px;padding:.05rem .6rem;color:var(--soft);white-space:nowrap}
.state.free{color:var(--good)}
.state.late{color:var(--mark)}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.35rem 1.5rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.94rem}
.wide{overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--soft);font-weight:550;white-space:nowrap}
td:first-child,td:nth-child(-n+3){white-space:nowrap}
code{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--code)}
pre{background:var(--shade);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;margin:.6rem 0 1rem}
pre code{color:inherit}
.said{border-left:3px solid var(--line);padding:.1rem 0 .1rem 1.2rem}
.said .whose{color:var(--soft);font-size:.9rem;margin:0 0 .6rem}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.88rem;padding:1.2rem 1.5rem;text-align:center}
footer a{color:inherit}
@media(max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.7rem}}
@media print{header nav,.ask,footer{display:none}a{color:inherit}pre{white-space:pre-wrap}}
`;
