/** The style of the pages for people. It stands in each page, and its digest in the Content-Security-Policy. */
export const pageStyle = `:root{color-scheme:light dark;--ink:#1c2024;--soft:#60646c;--line:#e2e4e8;--paper:#fff;--shade:#f6f7f9;--mark:#b4540a;--code:#0b4f6c}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa0a8;--line:#2d3238;--paper:#131518;--shade:#1b1e22;--mark:#f5a04a;--code:#8fd3f0}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--mark);text-underline-offset:2px}
.top{border-bottom:1px solid var(--line);padding:.9rem 1.5rem;display:flex;flex-wrap:wrap;gap:.6rem 1.5rem;align-items:center}
.top .name{font-weight:650;font-size:1.05rem;color:var(--ink);text-decoration:none;margin-right:auto}
.top form{display:flex;gap:.4rem}
.top input,.top button{font:inherit;font-size:.9rem;color:inherit;background:var(--shade);border:1px solid var(--line);border-radius:6px;padding:.3rem .6rem}
.top input{width:16rem;max-width:60vw}
.frame{display:flex;gap:3rem;max-width:76rem;margin:0 auto;padding:0 1.5rem}
nav{flex:0 0 13rem;padding:2rem 0;font-size:.92rem}
nav ul{list-style:none;margin:0 0 1.2rem;padding:0}
nav li{margin:.15rem 0}
nav a{color:var(--soft);text-decoration:none}
nav a:hover,nav a[aria-current]{color:var(--mark)}
nav h2{font-size:.74rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:0 0 .3rem;border:0;padding:0}
main{flex:1;min-width:0;padding:2rem 0 4rem;max-width:52rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 1rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:2.6rem 0 .7rem;padding-top:1.4rem;border-top:1px solid var(--line);overflow-wrap:anywhere}
h3{font-size:1.02rem;margin:1.8rem 0 .5rem}
table{border-collapse:collapse;width:100%;font-size:.92rem;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.45rem .8rem .45rem 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:550}
code{font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--code);overflow-wrap:anywhere}
pre{background:var(--shade);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto}
pre code{color:inherit;overflow-wrap:normal}
blockquote{margin:1rem 0;padding:.1rem 1rem;border-left:3px solid var(--mark);color:var(--soft)}
img{max-width:100%}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.85rem;padding:1.2rem 1.5rem;text-align:center}
footer a{color:inherit}
@media(max-width:48rem){.frame{display:block}nav{padding:1.2rem 0 0}main{padding-top:1rem}}
@media print{.top form,nav,footer{display:none}.frame{display:block;padding:0}a{color:inherit}pre{white-space:pre-wrap}}
`;
