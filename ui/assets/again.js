// A page on which something goes on by itself (files being added, checks) asks for
// itself again until nothing does. As at the workbench it comes as a document that
// the browser parsed, since no text of a whole page is let through as HTML here.
import { ask } from './bench.js'

const pause = 2000

export function startAgain(renew) {
  if (document.querySelector('[data-again]')) setTimeout(() => once(renew), pause)
}

async function once(renew) {
  try {
    const { page, url } = await ask('GET', location.href)
    if (new URL(url).pathname !== location.pathname) return // signed out meanwhile
    if (document.activeElement?.closest('#maincontent')?.matches(':has(input:focus, textarea:focus, select:focus)')) throw new Error('somebody writes')
    const focused = document.activeElement?.id
    const open = [...document.querySelectorAll('#maincontent details[id][open]')].map(d => d.id)
    document.querySelector('#maincontent').replaceWith(document.importNode(page.querySelector('#maincontent'), true))
    renew()
    for (const id of open) document.getElementById(id)?.setAttribute('open', '')
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true })
  } catch {
    // The server is away for a moment, or somebody writes: the page stays, and it is
    // asked again.
  }
  startAgain(renew)
}
