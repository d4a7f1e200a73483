// Every page works without this script. It brings NHS.UK components to life,
// lets htmx refresh guidance while somebody writes, and brings the place that a
// link names into the middle of the sheet it lies in.
import { initAll } from 'nhsuk-frontend'
import './trusted.js'
import { offerPasskeys } from './passkeys.js'
import { startGrid } from './grid.js'
import { startTips } from './tips.js'
import { offerZone } from './zone.js'
import { startBench } from './bench.js'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()
offerPasskeys()
startTips()
offerZone()
ready()
startBench(() => {
  initAll({ scope: document.querySelector('#maincontent') })
  ready()
})

// A field saves itself when it is left: it sends what it names and nothing else
// of its form. Whatever is no plain answer (a fault, a page to sign in on) is not
// put into the page; the page says that the field was not saved.
document.addEventListener('htmx:config:request', e => {
  const { sourceElement, request } = e.detail.ctx
  if (!sourceElement.dataset.sends) return
  const wanted = sourceElement.dataset.sends.split(' ')
  for (const name of new Set(request.body.keys())) if (!wanted.includes(name)) request.body.delete(name)
})
function notSaved(e) {
  const saved = document.getElementById('saved')
  if (saved) saved.textContent = saved.dataset.unsaved
  e.preventDefault()
}
document.addEventListener('htmx:before:response', e => {
  const { sourceElement, response } = e.detail.ctx
  if (sourceElement.dataset.sends && (response.raw.redirected || !response.raw.ok)) notSaved(e)
})
document.addEventListener('htmx:error', e => {
  if (e.detail.ctx?.sourceElement?.dataset.sends) notSaved(e)
})

// ready brings to life what lies in the main part of a page, which the workbench
// replaces.
function ready() {
  startGrid(document)
  // The flagged place may lie outside of the scrolled sheet on both axes.
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (target && target.closest('.app-sheet')) target.scrollIntoView({ block: 'center', inline: 'center' })
  keepPlace('.app-bench__list', 'list ' + location.pathname.split('/files/')[0])
  keepPlace('.app-bench__side', 'side ' + location.pathname)
  within('.app-bench__list', '[aria-current]')
  within('.app-bench__side', '.app-finding--chosen')
}

// Reading on, file after file and finding after finding, keeps its place: the
// panels beside the contents scroll by themselves, and a new page would put
// them back to their tops.
function keepPlace(selector, key) {
  const panel = document.querySelector(selector)
  if (!panel) return
  const name = 'place ' + key
  panel.scrollTop = Number(sessionStorage.getItem(name)) || 0
  panel.addEventListener('scroll', () => sessionStorage.setItem(name, String(panel.scrollTop)), { passive: true })
}

// within scrolls a panel, and nothing else, until the part of it that is current
// is in sight.
function within(selector, current) {
  const panel = document.querySelector(selector)
  const part = panel?.querySelector(current)
  if (!part) return
  const frame = panel.getBoundingClientRect()
  const own = part.getBoundingClientRect()
  if (own.top < frame.top || own.top > frame.bottom - 40) panel.scrollTop += own.top - frame.top - 40
}
