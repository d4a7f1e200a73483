// The workbench stays where it is: another file, another finding and a decision
// bring the server's page in without leaving the one that is open, so panels keep
// their scroll and nothing jumps. A decision shows as being saved until the
// server has said what became of it. Single keys do what the page's own links
// and buttons do; Help lists them, and they can be turned off.
//
// Pages come as documents that the browser itself parsed from the answer, as it
// does when a link is followed: no text is made into HTML here.
import { sent } from './keep.js'

let busy = false // a page or an answer is on its way
let wanted = '' // where a link led that was followed meanwhile
const early = { keys: [], typed: '', decided: '' } // keys pressed meanwhile
let renew = () => {}
const kept = 'What you chose and wrote is still here.'
let carried = null // what became of a decision, for whoever was already on the way to another file

export function startBench(again) {
  renew = again
  document.addEventListener('click', follow)
  document.addEventListener('submit', send)
  document.addEventListener('keydown', press)
  document.addEventListener('toggle', opened, { capture: true })
  addEventListener('popstate', () => { if (bench() || location.pathname.includes('/files/')) location.reload() })
  settle()
}

const bench = () => document.querySelector('#bench')
const within = link => link.origin === location.origin && /^\/requests\/[^/]+\/(files\/[^/]+(\/vote)?|review)$/.test(link.pathname)

function follow(e) {
  const link = e.target.closest?.('#bench a[href]')
  if (!link || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || link.target || link.hasAttribute('download') || !within(link)) return
  if (link.hash && link.pathname === location.pathname && link.search === location.search) return
  if (link.getAttribute('href').startsWith('#')) return
  e.preventDefault()
  if (link.hasAttribute('data-more')) return more(link)
  go(link.href)
}

// A tree arrives in parts: what a link to another part leads to takes its place.
async function more(link) {
  if (link.dataset.busy) return
  link.dataset.busy = '1'
  const focused = document.activeElement === link
  try {
    const { page } = await ask('GET', link.href)
    const items = [...page.querySelectorAll('.app-json > details > ul > li')].map(n => document.importNode(n, true))
    if (!items.length) throw new Error('nothing')
    link.closest('li').replaceWith(...items)
    if (!focused) return
    const first = items[0].querySelector('summary, a') ?? items[0]
    if (first === items[0]) first.tabIndex = -1
    first.focus()
  } catch {
    location.assign(link.href)
  }
}

// What was left out of a tree is fetched when somebody opens it.
function opened(e) {
  if (!e.target.open || !e.target.closest?.('.app-json')) return
  const only = e.target.querySelector(':scope > ul > li:only-child > a[data-more]')
  if (only) more(only)
}

async function go(address) {
  if (busy) {
    wanted = address
    return
  }
  busy = true
  bench()?.setAttribute('aria-busy', 'true')
  try {
    const answer = await ask('GET', address)
    if (!within(new URL(answer.url))) throw new Error('elsewhere')
    show(answer, address)
    const line = document.querySelector('#flash')
    if (carried && line && !line.hasChildNodes()) line.replaceWith(carried)
  } catch {
    location.assign(address) // the browser says what is wrong
  } finally {
    busy = false
    bench()?.removeAttribute('aria-busy')
    catchUp()
  }
}

// catchUp does what was asked for while a page was on its way. Whoever is quick
// loses no key and no click; but nothing is decided on a file that was not there
// when the key was pressed.
function catchUp() {
  if (early.decided) {
    const note = document.createElement('span')
    note.id = 'too-early'
    note.textContent = ` The key ${early.decided} was pressed before this was here, and decided nothing.`
    document.querySelector('#flash')?.append(note)
    early.decided = ''
  }
  const address = wanted
  wanted = ''
  if (address) return go(address)
  while (early.keys.length && !busy) acts()[early.keys.shift()]?.()
  const field = document.activeElement
  if (!busy && early.typed && field?.matches('input, textarea')) {
    field.setRangeText(early.typed, field.selectionStart, field.selectionEnd, 'end')
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  if (busy) return
  early.typed = ''
  carried = null
}

function forgetEarly() {
  Object.assign(early, { keys: [], typed: '', decided: '' })
  wanted = ''
}

// keepEarly keeps a key for when the page is there. What follows the key of a
// field is text for it.
function keepEarly(key) {
  if (/[c/]/.test(early.keys.at(-1) ?? '')) early.typed += key
  else if (!early.decided && 'arx'.includes(key)) {
    early.decided = key
    deaf = true
  } else if (!early.decided && acts()[key] && early.keys.length < 20) early.keys.push(key)
  else return !!early.decided
  return true
}

// Somebody who decides too early and goes on to write why must not have their
// letters taken for keys once the page is there: none acts before a pause.
let deaf = false
let lastKey = 0
function heard(e) {
  if (e.timeStamp - lastKey > 800) deaf = false
  lastKey = e.timeStamp
  return !deaf
}

// ask sends a request and returns the page that came of it, wherever it led.
export function ask(method, address, body) {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest()
    x.open(method, address)
    x.responseType = 'document'
    x.timeout = 60000
    x.onload = () => x.response?.querySelector('#maincontent') ? resolve({ page: x.response, status: x.status, url: x.responseURL }) : reject(new Error('no page'))
    x.onerror = x.ontimeout = () => reject(new Error('unreachable'))
    if (body) x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded')
    x.send(body)
  })
}

// show puts a page's main part in the place of this one's.
function show({ page, url }, asked) {
  const fresh = new URL(url)
  if (fresh.origin !== location.origin) return location.assign(url)
  fresh.hash = new URL(asked, location.href).hash
  const same = fresh.pathname === location.pathname
  const scroll = scrollY
  for (const selector of ['.app-breadcrumb', '#maincontent']) {
    const old = document.querySelector(selector)
    const next = page.querySelector(selector)
    if (old && next) old.replaceWith(document.importNode(next, true))
    else old?.remove()
  }
  document.title = page.title
  // A form that was refused answers at its own address, which is no page.
  if (!fresh.pathname.endsWith('/vote')) history.pushState({ bench: true }, '', fresh.pathname + fresh.search + fresh.hash)
  renew()
  settle(same)
  if (same && !fresh.hash) scrollTo(0, scroll)
  const aim = fresh.hash.length > 1 && document.getElementById(decodeURIComponent(fresh.hash.slice(1)))
  if (aim && aim.matches('td, th, tr')) aim.scrollIntoView({ block: 'nearest' })
  else if (!same) scrollTo(0, 0)
}

// settle readies the page that is open for keys and for reading on.
function settle(same) {
  const switchOff = document.querySelector('#keys-on')
  if (switchOff) {
    switchOff.checked = keysOn()
    switchOff.addEventListener('change', () => localStorage.setItem('single keys', switchOff.checked ? 'on' : 'off'))
  }
  document.querySelector('#keys-open')?.addEventListener('click', help)
  if (same === undefined) return
  const place = same && document.querySelector('.app-finding--chosen .app-finding__head a') || document.querySelector('#maincontent h1')
  if (!place) return
  if (place.matches('h1')) place.tabIndex = -1
  place.focus({ preventScroll: true })
}

// A form that decides or says something about the file: seen through to the
// server's answer. What is not about another file leaves the contents alone.
const decisions = '#vote-form, #undo-form, #take-back-form'
const forms = decisions + ', .app-comment-form, .app-finding form, #exceptions form'
async function send(e) {
  const form = e.target
  if (!form.closest?.('#bench') || !form.matches(forms)) return
  e.preventDefault()
  if (busy) return // pressed twice
  busy = true
  const buttons = [...form.querySelectorAll('button')]
  const body = new URLSearchParams(new FormData(form, e.submitter))
  const at = document.activeElement?.id
  for (const b of buttons) b.disabled = true
  say('Saving…', 'saving')
  try {
    const answer = await ask('POST', form.action, body)
    if (!within(new URL(answer.url)) && answer.status < 400) return signedOut()
    const refused = answer.page.querySelector('#flash.app-told-line--failed')
    if (answer.status >= 400 || refused) forgetEarly()
    if (refused) return say([...refused.childNodes].map(n => n.textContent.trim()).filter(Boolean).concat(kept).join(' '), 'failed')
    if (answer.status >= 400 && answer.status !== 422) {
      const late = answer.page.querySelector('#look-again')
      if (late) return tooLate(late.querySelector('span').textContent, answer)
      const words = [...answer.page.querySelectorAll('#maincontent h1, #maincontent p')].slice(0, 2).map(n => n.textContent.trim()).join('. ')
      say(`Not saved. ${words} ${kept}`, 'failed')
      return
    }
    if (answer.status === 422) {
      showSides(answer.page)
      document.querySelector('.nhsuk-error-summary a')?.click()
      return
    }
    sent(form)
    if (new URL(answer.url).pathname === location.pathname) await stay(answer, form, e.submitter)
    else show(answer, answer.url)
    carried = document.querySelector('#flash')
  } catch {
    forgetEarly()
    await (form.matches(decisions) ? unanswered(form, body) : unheard())
  } finally {
    for (const b of buttons) b.disabled = false
    if (at && document.activeElement === document.body) document.getElementById(at)?.focus({ preventScroll: true })
    busy = false
    catchUp()
  }
}

// stay shows what became of a form beside the contents, which stay as they are
// sorted, searched and scrolled.
async function stay(answer, form, submitter) {
  const flash = answer.page.querySelector('#flash')
  if (location.search) answer = await ask('GET', location.href).catch(() => answer)
  if (flash) answer.page.querySelector('#flash')?.replaceWith(flash)
  const finding = form.closest('.app-finding')?.id
  showSides(answer.page)
  const place = finding && document.getElementById(finding)?.querySelector('.app-finding__head a') || submitter?.id && document.getElementById(submitter.id) || document.querySelector('#maincontent h1')
  if (place?.matches('h1')) place.tabIndex = -1
  place?.focus({ preventScroll: true })
}

function showSides(page) {
  for (const selector of ['.app-bench__list', '.app-bench__side']) {
    const old = document.querySelector(selector)
    const next = page.querySelector(selector)
    if (old && next) old.replaceWith(document.importNode(next, true))
  }
  renew(document.querySelector('.app-bench__side'))
  settle()
}

// No answer came to something that was written: whether it was taken is for the
// person to see, with what they wrote still there.
async function unheard() {
  try {
    const now = await ask('GET', location.pathname + (location.search || '?'))
    if (!within(new URL(now.url))) return signedOut()
    showSides(now.page)
    say(`No answer came. This is how things stand now: if what you wrote is not among it, send it again. ${kept}`, 'failed')
  } catch {
    say(`No answer: the service cannot be reached, and whether this was saved is not known. ${kept} Look before you send it again.`, 'failed')
  }
}

// No answer came, or none that is the service's: the decision may stand all the
// same. So the service is asked how things stand before anything is said.
async function unanswered(form, body) {
  try {
    const now = await ask('GET', form.action.replace(/\/vote$/, ''))
    if (!within(new URL(now.url))) return signedOut()
    const stands = now.page.querySelector('#vote-form')
    if (stands && stood(stands) === wish(body)) {
      sent(form)
      if (new URL(now.url).pathname === location.pathname) showSides(now.page)
      else show(now, now.url)
      if (!document.querySelector('#flash')?.hasChildNodes()) say('Saved: this is how your decision stands.', 'saved')
      return
    }
    say(`Not saved: the service did not answer, and has no such decision of yours. ${kept} Try again.`, 'failed')
  } catch {
    say(`No answer: the service cannot be reached, and whether this was saved is not known. ${kept} Save again once it is back, which does no harm if it was.`, 'failed')
  }
}

// stood is the decision that a page of the service shows, and wish the one that was
// sent, as the same kind of text.
const stood = form => told(form.querySelector('[name=decision]:checked')?.value, form.elements.reason.value)
const wish = body => told(body.get('decision'), body.get('reason'))
const told = (decision, reason) => (decision || 'undecided') + ' ' + (reason ?? '').replaceAll('\r\n', '\n').trim()

// The session has ended, or it must be shown anew that this is the person: the
// page stays, with what they wrote, while they sign in beside it.
function signedOut() {
  forgetEarly()
  say('Not saved: your session has ended. ' + kept + ' ', 'failed')
  const link = Object.assign(document.createElement('a'), { id: 'sign-in-again', href: '/account', target: '_blank', rel: 'noopener', textContent: 'Sign in in a new tab' })
  document.querySelector('#flash')?.append(link, ', then save again.')
  link.focus()
}

// A decision that came too late leaves the page as it is until the person asks to
// see how things stand now. What they have written goes with them.
function tooLate(words, answer) {
  say(`Not saved. ${words} ${kept} `, 'failed')
  const button = document.createElement('button')
  button.type = 'button'
  button.id = 'look-now'
  button.className = 'app-linkbutton'
  button.textContent = 'Look again'
  button.addEventListener('click', () => {
    const typed = [...document.querySelectorAll('#bench textarea')].filter(f => f.id && f.value !== f.defaultValue).map(f => [f.id, f.value])
    show(answer, answer.url)
    for (const [id, value] of typed) {
      const field = document.getElementById(id)
      if (field) field.value = value
    }
    document.querySelector('#look-again')?.scrollIntoView({ block: 'center' })
  })
  document.querySelector('#flash')?.append(button)
  button.focus()
}

function say(words, how) {
  const line = document.querySelector('#flash')
  if (!line) return
  line.className = 'app-told-line app-told-line--' + how
  line.textContent = words
}

const keysOn = () => localStorage.getItem('single keys') !== 'off'
const click = selector => { const b = document.querySelector(selector); b?.click(); return !!b }

function press(e) {
  if (e.key === 'Enter' && e.ctrlKey && e.target.closest?.('#vote-form')) {
    e.preventDefault()
    return click('#vote-next')
  }
  if (e.key === 'Enter' && e.ctrlKey && e.target.closest?.('#bench .app-comment-form')) {
    e.preventDefault()
    return e.target.form.requestSubmit()
  }
  if (!keysOn() || e.ctrlKey || e.metaKey || e.altKey || e.repeat || document.querySelector('dialog[open]')) return
  if (e.target.closest?.('input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]')) return
  if (e.key.length > 1) return
  const attentive = heard(e)
  const act = acts()[e.key]
  if (busy ? keepEarly(e.key) : attentive && act && act() !== false) e.preventDefault()
}

const acts = () => bench() ? keys : reviewKeys

const keys = {
  j: () => click('#next-file'),
  k: () => click('#prev-file'),
  n: () => finding(1),
  p: () => finding(-1),
  a: () => decide('#decision-approve'),
  r: () => decide('#decision-changes'),
  x: () => decide('#decision-reject'),
  c: () => focus('#comments textarea'),
  e: answer,
  u: () => click('#undo-form button') || click('#take-back-form button'),
  s: () => click('#go-review'),
  '/': () => focus('#table-search'),
  '?': help
}
const reviewKeys = { s: () => focus('#submit-review'), u: () => click('#undo-form button') }

function focus(selector) {
  const place = document.querySelector(selector)
  place?.focus()
  place?.scrollIntoView({ block: 'nearest' })
  return !!place
}

// finding goes on to the next finding of this file, or back.
function finding(step) {
  const all = [...document.querySelectorAll('.app-finding__head a')]
  if (!all.length) return false
  const at = all.findIndex(a => a.hasAttribute('aria-current'))
  all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length].click()
}

// answer goes to the form for an answer to the finding chosen, or about the answer
// that was given; while none is chosen, to the first that has one.
function answer() {
  const chosen = document.querySelector('.app-finding--chosen')
  const form = (chosen ?? document).querySelector(chosen ? 'form' : '.app-finding form')
  const field = form?.querySelector('input:not([type=hidden]), select, textarea')
  if (!field) return false
  form.closest('details').open = true
  field.focus()
  field.scrollIntoView({ block: 'nearest' })
}

// decide chooses, and saves at once where no reason is needed.
function decide(selector) {
  const choice = document.querySelector(selector)
  if (!choice || busy) return false
  choice.checked = true
  const reason = document.querySelector('#reason')
  const needed = selector !== '#decision-approve' || document.querySelector('#vote-form').hasAttribute('data-blocking')
  if (needed && !reason.value.trim()) {
    focus('#reason')
    return
  }
  click('#vote-next')
}

function help() {
  const box = document.querySelector('#keys')
  if (!box) return false
  box.showModal()
}
