// A table arrives as one window of its rows. As somebody scrolls, the windows
// around it are fetched, as rows of HTML, and those far away are let go, so that
// a table of any length moves like a short one. Gaps keep the place of what is
// not there. Without this script, links lead from window to window.
import { policy } from './trusted.js'

const most = 600 // windows; a longer table is paged
const keptRows = 240 // in the page at once, which is more than any screen and its margins show
const settle = 60 // milliseconds: what flies past is not fetched

export function startGrid(root) {
  for (const sheet of root.querySelectorAll('.app-sheet--grid')) if (!sheet.dataset.live) live(sheet)
}

function live(sheet) {
  const pages = Number(sheet.dataset.pages)
  const table = sheet.querySelector('table')
  const here = table.tBodies[0]
  if (!here || pages < 2 || pages > most || !sheet.dataset.rows) return
  sheet.dataset.live = '1'
  sheet.classList.add('app-sheet--live')
  const size = Number(sheet.dataset.size)
  const total = Number(sheet.dataset.total)
  const kept = Math.max(9, Math.ceil(keptRows / size)) // windows; those of a wide table are low
  const columns = table.querySelectorAll('col').length
  const one = here.offsetHeight / here.rows.length
  const first = Number(here.dataset.page)
  const waiting = new Map()
  const seen = new IntersectionObserver(entries => {
    for (const e of entries) {
      const body = e.target.closest('tbody')
      const page = Number(body.dataset.page)
      clearTimeout(waiting.get(page))
      if (e.isIntersecting) waiting.set(page, setTimeout(fill, settle, page))
    }
  }, { root: sheet, rootMargin: '800px 0px' })

  function gap(page, height) {
    const body = document.createElement('tbody')
    body.className = 'app-gap'
    body.dataset.page = String(page)
    const cell = body.insertRow().insertCell()
    cell.colSpan = columns
    cell.style.height = height + 'px'
    seen.observe(body.rows[0])
    return body
  }
  const rowsOf = page => Math.min(size, total - (page - 1) * size)
  const bodyOf = page => table.querySelector(`tbody[data-page="${page}"]`)

  for (let p = 1; p < first; p++) table.insertBefore(gap(p, one * rowsOf(p)), here)
  for (let p = first + 1; p <= pages; p++) table.append(gap(p, one * rowsOf(p)))
  const target = location.hash.length > 1 && sheet.querySelector('#' + CSS.escape(decodeURIComponent(location.hash.slice(1))))
  if (target && target.closest('tbody')) target.scrollIntoView({ block: 'center', inline: 'center' })
  else sheet.scrollTop = here.offsetTop - table.tHead.offsetHeight

  async function fill(page) {
    const body = bodyOf(page)
    if (!body || !body.classList.contains('app-gap') || body.dataset.busy) return
    body.dataset.busy = '1'
    try {
      const answer = await fetch(sheet.dataset.rows + '&page=' + page)
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status))
      const holder = document.createElement('template')
      holder.innerHTML = policy.createHTML('<table>' + await answer.text() + '</table>')
      const rows = holder.content.querySelector('tbody')
      swap(body, rows)
    } catch {
      // The page's own links still lead there, and say what is wrong.
      delete body.dataset.busy
      body.rows[0].cells[0].textContent = 'These rows could not be fetched. Scroll away and back to try again.'
    }
    for (const far of [...table.tBodies].filter(b => !b.classList.contains('app-gap')).sort((a, b) => distance(b, page) - distance(a, page)).slice(0, -kept)) {
      if (!far.contains(document.activeElement)) swap(far, gap(far.dataset.page, far.offsetHeight))
    }
  }
  const distance = (body, page) => Math.abs(Number(body.dataset.page) - page)

  // What is above the window may turn out taller or shorter than its gap.
  function swap(old, fresh) {
    const above = old.offsetTop + old.offsetHeight <= sheet.scrollTop + table.tHead.offsetHeight
    const before = old.offsetHeight
    if (old.classList.contains('app-gap')) seen.unobserve(old.rows[0])
    old.replaceWith(fresh)
    if (above) sheet.scrollTop += fresh.offsetHeight - before
  }

  const words = sheet.parentElement.querySelector('[data-seen]')
  let ticking = false
  sheet.addEventListener('scroll', () => {
    if (ticking) return
    ticking = true
    requestAnimationFrame(() => {
      ticking = false
      const top = sheet.scrollTop + table.tHead.offsetHeight
      const body = [...table.tBodies].find(b => b.offsetTop + b.offsetHeight > top)
      if (!body || !words) return
      const height = body.offsetHeight / rowsOf(Number(body.dataset.page))
      const from = (Number(body.dataset.page) - 1) * size + Math.max(0, Math.floor((top - body.offsetTop) / height)) + 1
      const to = Math.min(total, from + Math.max(0, Math.floor((sheet.clientHeight - table.tHead.offsetHeight) / height) - 1))
      words.textContent = from.toLocaleString('en-GB') + ' to ' + to.toLocaleString('en-GB')
    })
  }, { passive: true })
}
