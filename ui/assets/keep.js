// What somebody has written and not sent yet is kept in the tab that it was
// written in: a reason, a comment, an answer to a finding, the ticks of a
// checklist. So going on to another file, or loading the page again, loses nothing.
// It never leaves the tab, ends with it, is one person's, and goes when it is sent,
// when they sign out, or when somebody else signs in.
const fields = '#reason, .app-comment-form textarea, .app-finding textarea, .app-judge input, #checklist input[type=checkbox]'
const prefix = 'kept '
const onItsWay = 'sent ' // sent, and no answer seen yet

const who = () => document.querySelector('#signed-in-as')?.textContent ?? ''
const name = field => `${prefix}${who()} ${location.pathname.replace(/\/vote$/, '')} ${field.id}`
const ticks = field => field.type === 'checkbox'
const version = field => field.form?.elements.permitted_results?.value ?? ''

export function startKeeping() {
  document.addEventListener('input', e => { if (e.target.matches(fields)) keep(e.target) })
  // What is sent the plain way: a form that is refused brings it back, and a page
  // that says that it was not taken (another was first, a fault) leaves it kept.
  const taken = !document.querySelector('[data-not-taken]')
  for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith(onItsWay)) continue
    if (!taken) sessionStorage.setItem(key.slice(onItsWay.length), sessionStorage.getItem(key))
    sessionStorage.removeItem(key)
  }
  document.addEventListener('submit', e => {
    if (e.defaultPrevented) return // the workbench sends it, and says when it is taken
    if (e.target.matches('[action="/sign-out"]')) return forgetAll()
    for (const f of e.target.elements) {
      const kept = f.matches(fields) && sessionStorage.getItem(name(f))
      if (!kept) continue
      sessionStorage.setItem(onItsWay + name(f), kept)
      sessionStorage.removeItem(name(f))
    }
  })
  bringBack()
}

function keep(field) {
  const same = ticks(field) ? field.checked === field.defaultChecked : field.value === field.defaultValue
  if (same) sessionStorage.removeItem(name(field))
  else sessionStorage.setItem(name(field), ticks(field) ? `${field.checked} ${version(field)}` : field.value)
}

// bringBack puts what was kept into the fields of the page that is open. Ticks
// count for the version of the policy that they were made under.
export function bringBack() {
  if (!who()) return // a session that ended: whoever signs in next is the one, or it goes
  forget(key => key.startsWith(prefix) && !key.startsWith(`${prefix}${who()} `))
  for (const field of document.querySelectorAll(fields)) {
    const kept = sessionStorage.getItem(name(field))
    if (kept === null) continue
    if (!ticks(field)) {
      field.value = kept
      field.closest('details')?.setAttribute('open', '')
    }
    else if (kept === `true ${version(field)}`) field.checked = true
  }
}

// sent forgets what was kept of a form that the server has taken.
export function sent(form) {
  for (const field of form.elements) if (field.matches(fields)) sessionStorage.removeItem(name(field))
}

// forgetAll is for a sign-out, in whichever tab.
export const forgetAll = () => forget(key => key.startsWith(prefix) || key.startsWith(onItsWay))

function forget(which) {
  for (const key of Object.keys(sessionStorage)) if (which(key)) sessionStorage.removeItem(key)
}
