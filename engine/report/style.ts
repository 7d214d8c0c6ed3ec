/** The style sheet of a report: light, and dark where the reader prefers that. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1d2733; --quiet: #526070; --page: #ffffff; --card: #f5f7f9; --line: #d3dae1;
  --series-0: #2f6db3; --series-1: #d9822b; --series-2: #2d8a57; --series-3: #b8405e;
  --series-4: #7b5bb0; --series-5: #8a6a2f; --series-6: #1f8a94; --series-7: #7a8794;
  --mark: #526070; --schema: #a01f6b; --stop: #e3e7eb; --failed: #c01616;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e9ee; --quiet: #a3b0bd; --page: #14191f; --card: #1c232b; --line: #36414d;
    --series-0: #6aa5e8; --series-1: #f0a35c; --series-2: #5fc38c; --series-3: #ea7f99;
    --series-4: #b59ae6; --series-5: #cfae6a; --series-6: #55c2cc; --series-7: #93a0ad;
    --mark: #a3b0bd; --schema: #f27fc0; --stop: #2a323b; --failed: #ff7b72;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1060px; padding: 24px 20px 60px;
  background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 21px; margin: 44px 0 4px; padding-top: 16px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 30px 0 6px; }
p { margin: 4px 0 10px; }
.quiet, figcaption, summary { color: var(--quiet); }
nav ul, .legend { list-style: none; margin: 4px 0; padding: 0; display: flex; flex-wrap: wrap; }
nav li, .legend li { margin-right: 18px; }
.swatch {
  display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 6px;
  vertical-align: -1px;
}
a { color: var(--series-0); }
.plot { overflow-x: auto; margin: 6px 0; }
.plot svg { min-width: 640px; width: 100%; height: auto; }
.table { overflow-x: auto; max-height: 480px; overflow-y: auto; border: 1px solid var(--line); }
details { margin: 8px 0 14px; }
summary { cursor: pointer; margin-bottom: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td {
  padding: 4px 12px; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere;
}
th { position: sticky; top: 0; background: var(--card); font-weight: 600; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number + th, td.number + td { padding-left: 36px; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
`;
