// Every page works without this script. It brings NHS.UK components to life,
// lets htmx refresh guidance while somebody writes, and brings the place that a
// link names into the middle of the sheet it lies in.
import { initAll } from 'nhsuk-frontend'
import 'htmx.org'

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()

// The flagged place may lie outside of the scrolled sheet on both axes.
const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
if (target && target.closest('.app-sheet')) target.scrollIntoView({ block: 'center', inline: 'center' })
const current = document.querySelector('.app-bench__file[aria-current]')
if (current) {
  const list = current.closest('.app-bench__list')
  if (current.offsetTop > list.clientHeight) list.scrollTop = current.offsetTop - list.clientHeight / 2
}
