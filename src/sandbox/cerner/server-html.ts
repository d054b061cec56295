/** Pages of the sandbox: written by the server, usable without scripts, by keyboard and by a browser under test. */

/** Markup that is safe to put into a page as it stands. */
export interface Markup {
  readonly markup: string
}

type Part = string | number | Markup | readonly Markup[]

/** Joins markup; every text put in is escaped. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const markup = texts.map((text, i) => text + (i < parts.length ? written(parts[i] ?? '') : '')).join('')
  return { markup }
}

function written(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('\n')
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLE: Markup = {
  markup: `
:root { color-scheme: light dark; --ink: #16211f; --quiet: #566561; --paper: #f4f7f6; --card: #fff; --line: #8a9995;
  --soft: #d9e2df; --brand: #0f6964; --on-brand: #fff; --warn: #7b2418; --note: #fdf5e2; --on-note: #4b3003 }
@media (prefers-color-scheme: dark) { :root { --ink: #e7efed; --quiet: #a9b8b4; --paper: #101615; --card: #19211f;
  --line: #71817d; --soft: #2c3836; --brand: #7fd6c8; --on-brand: #06211f; --warn: #f0b1a6; --note: #3a2c0a;
  --on-note: #fae9c3 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
.card { background: var(--card); border: 1px solid var(--soft); border-radius: 10px; padding: 1.25rem 1.5rem }
.sandbox { margin: 0; padding: .5rem 1rem; background: var(--note); color: var(--on-note); font-size: .9rem;
  text-align: center }
h1 { font-size: 1.35rem; margin: 0 0 .25rem } h2 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: .25rem 0 .75rem } .quiet { color: var(--quiet); font-size: .9rem }
label, legend { font-weight: 600 } fieldset { border: 0; margin: 1rem 0 0; padding: 0 }
.field { display: block; margin-top: 1rem }
input:not([type=checkbox]), select { display: block; width: 100%; margin-top: .25rem; padding: .5rem .6rem; font: inherit;
  color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px }
.check { display: flex; gap: .6rem; align-items: baseline; font-weight: 400; padding: .15rem 0 }
.check code { overflow-wrap: anywhere }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem }
button, .button { font: inherit; font-weight: 600; padding: .55rem 1.2rem; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--brand); background: var(--brand); color: var(--on-brand); text-decoration: none }
button.second { background: transparent; color: var(--brand) }
a { color: var(--brand) } :focus-visible { outline: 3px solid var(--brand); outline-offset: 2px }
[role=alert] { color: var(--warn); font-weight: 600 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0 0 }
dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
.chart { display: flex; flex-direction: column; height: calc(100vh - 2.5rem) }
.chart main { flex: 1; max-width: none; margin: 0; padding: 0 }
.chart iframe { display: block; width: 100%; height: 100%; border: 0; background: var(--card) }
.banner { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; padding: .6rem 1rem;
  background: var(--card); border-bottom: 1px solid var(--soft) } .banner strong { font-size: 1.1rem }
.banner nav { margin-left: auto; display: flex; gap: 1rem }
`,
}

const SANDBOX_NOTE = 'Sandbox. This is not a real Cerner; every person in it is invented.'

/** A page of text, in one column. */
export const page = (title: string, body: Markup): string => whole(title, html`<main>${body}</main>`)

/** A page that fills the window. */
export const whole = (title: string, body: Markup): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Cerner sandbox</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <aside class="sandbox" aria-label="Sandbox">${SANDBOX_NOTE}</aside>
        ${body}
      </body>
    </html> `.markup

export const HTML_TYPE = 'text/html; charset=utf-8'
