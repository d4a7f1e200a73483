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
import { startAgain } from './again.js'
import { startKeeping, bringBack } from './keep.js'
import { startLeaving } from './leave.js'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()
offerPasskeys()
startTips()
offerZone()
ready()
startBench(side => { // the panel beside the contents, where nothing else is new
  initAll({ scope: side ?? document.querySelector('#maincontent') })
  side ? panels() : ready()
  bringBack()
})
startAgain(() => {
  initAll({ scope: document.querySelector('#maincontent') })
  ready()
  bringBack()
})
startKeeping()
startLeaving()
arrive()

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
  if (!response.raw.redirected && response.raw.ok) return
  if (sourceElement.dataset.sends) notSaved(e)
  else if (sourceElement.id === 'guidance') e.preventDefault() // what stood there stays; the field says that it was not saved
})
document.addEventListener('htmx:error', e => {
  if (e.detail.ctx?.sourceElement?.dataset.sends) notSaved(e)
})

// One box chooses all files of a folder; it is ticked while all of them are.
document.addEventListener('change', e => {
  const boxes = [...(e.target.closest('table')?.querySelectorAll('input[name=file]') || [])]
  const all = e.target.closest('table')?.querySelector('[data-all]')
  if (!all) return
  if (e.target === all) for (const box of boxes) box.checked = all.checked
  else all.checked = boxes.every(box => box.checked)
})

// ready brings to life what lies in the main part of a page, which the workbench
// replaces.
function ready() {
  startGrid(document)
  // The flagged place may lie outside of the scrolled sheet on both axes.
  const target = aim()
  if (target?.closest('.app-sheet')) target.scrollIntoView({ block: 'center', inline: 'center' })
  for (const pair of document.querySelectorAll('[data-together]')) together([...pair.querySelectorAll('.app-sheet')])
  panels()
  within('.app-bench__side', '.app-finding--chosen')
}

function panels() {
  keepPlace('.app-bench__list', 'list ' + location.pathname.split('/files/')[0])
  keepPlace('.app-bench__side', 'side ' + location.pathname)
  within('.app-bench__list', '[aria-current]')
}

// aim is the place that the address of the page names: by its own name, as a cell,
// or as what the finding chosen points at.
function aim() {
  const name = location.hash.slice(1) || new URLSearchParams(location.search).get('cell')
  const place = name && document.getElementById(decodeURIComponent(name))
  return place && place.matches('.app-sheet *, .app-finding') ? place : document.querySelector('.app-sheet .app-cell--chosen')
}

// arrive puts the focus on the place that somebody's link leads to, so that keys
// and screen readers go on from there.
function arrive() {
  const place = aim()
  if (!place || !document.querySelector('#bench')) return
  const link = place.matches('.app-finding') && place.querySelector('.app-finding__head a')
  if (!link) place.tabIndex = -1
  ;(link || place).focus({ preventScroll: true })
  place.scrollIntoView({ block: 'center', inline: 'center' })
}

// together scrolls two versions of one file as one.
function together(sheets) {
  if (sheets.length !== 2) return
  let led = null
  sheets.forEach((sheet, i) => sheet.addEventListener('scroll', () => {
    if (led === sheet) { led = null; return }
    const other = sheets[1 - i]
    if (other.scrollTop === sheet.scrollTop && other.scrollLeft === sheet.scrollLeft) return
    led = other
    other.scrollTo(sheet.scrollLeft, sheet.scrollTop)
  }, { passive: true }))
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
