// Every page works without this script. It brings NHS.UK components to life,
// lets htmx refresh guidance while somebody writes, and keeps the reader's
// place when they jump from a finding to its cell.
import { initAll } from 'nhsuk-frontend'
import 'htmx.org'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()

// A link to a place on the page that is shown already only has to go there: the
// server marks the cells of a chosen finding, the browser can just as well.
function samePage(link) {
  const to = new URL(link.href)
  const here = new URL(location.href)
  const view = u => [u.origin, u.pathname, u.searchParams.get('view') || '', u.searchParams.get('table') || '1', u.searchParams.get('page') || '1'].join(' ')
  const shown = document.querySelector('.app-tabs a[aria-current]')
  if (shown && !here.searchParams.has('view')) here.searchParams.set('view', new URL(shown.href).searchParams.get('view'))
  return view(to) === view(here)
}

document.addEventListener('click', event => {
  const link = event.target.closest('.app-findings a[href*="#"]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  const finding = link.closest('.app-finding')
  if (finding && !finding.classList.contains('app-finding--chosen')) return // the server shows what goes with it
  const target = document.getElementById(decodeURIComponent(new URL(link.href).hash.slice(1)))
  if (!target || !samePage(link)) return
  event.preventDefault()
  history.replaceState(null, '', link.href)
  location.hash = '' // so that :target moves even when the place is the same
  location.hash = new URL(link.href).hash
})

// The flagged place may lie outside of the scrolled sheet on both axes.
const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
if (target && target.closest('.app-sheet')) target.scrollIntoView({ block: 'center', inline: 'center' })
const current = document.querySelector('.app-bench__file[aria-current]')
if (current) {
  const list = current.closest('.app-bench__list')
  if (current.offsetTop > list.clientHeight) list.scrollTop = current.offsetTop - list.clientHeight / 2
}
