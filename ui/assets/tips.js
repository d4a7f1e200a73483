// Flags in the contents say what their findings say, when pointed at or when
// they have the focus: words that the list of findings holds already. Escape
// puts them away, and they stay while pointed at. Contents that the policy does
// not let people copy are not copied.
let tip

export function startTips() {
  document.addEventListener('mouseover', e => show(flagsAt(e.target)))
  document.addEventListener('focusin', e => show(flagsAt(e.target)))
  document.addEventListener('focusout', hide)
  document.addEventListener('keydown', e => { if (e.key === 'Escape') hide() })
  document.addEventListener('scroll', e => { if (e.target !== tip) hide() }, { capture: true, passive: true })
  for (const kind of ['copy', 'cut', 'dragstart']) document.addEventListener(kind, refuse)
}

function flagsAt(target) {
  if (tip && tip.contains(target)) return null
  const own = target.closest?.('.app-flag')
  if (own) return [own]
  const cell = target.closest?.('.app-grid td, .app-grid th, .app-lines tr')
  const all = cell ? [...cell.querySelectorAll('.app-flag')] : []
  return all.length ? all : undefined
}

function show(flags) {
  if (flags === null) return
  if (!flags) return hide()
  const lines = []
  for (const f of flags.slice(0, 4)) {
    const text = document.getElementById(f.hash.slice(1))?.querySelector('.app-finding__text')?.textContent
    if (text) lines.push(f.textContent.trim().replace(/^\W/, '$& ') + '. ' + text)
  }
  if (!lines.length) return hide()
  if (!tip) {
    tip = document.createElement('div')
    tip.className = 'app-tip'
    tip.id = 'app-tip'
    tip.setAttribute('role', 'tooltip')
    tip.addEventListener('mouseleave', hide)
    document.body.append(tip)
  }
  tip.replaceChildren(...lines.map(l => Object.assign(document.createElement('p'), { textContent: l })))
  tip.hidden = false
  for (const f of flags) f.setAttribute('aria-describedby', 'app-tip')
  // Never over the cell that it speaks of, however little room there is.
  tip.style.maxHeight = ''
  const at = (flags[0].closest('td, th') || flags[0]).getBoundingClientRect()
  const own = tip.getBoundingClientRect()
  const above = at.top - 8, below = innerHeight - at.bottom - 8
  const under = own.height <= below || below >= above
  const high = Math.min(own.height, Math.max(under ? below : above, 40))
  tip.style.maxHeight = high + 'px'
  tip.style.top = (under ? at.bottom + 4 : at.top - high - 4) + 'px'
  tip.style.left = Math.max(4, Math.min(flags[0].getBoundingClientRect().left, innerWidth - own.width - 8)) + 'px'
}

function hide() {
  if (tip) tip.hidden = true
  for (const f of document.querySelectorAll('[aria-describedby="app-tip"]')) f.removeAttribute('aria-describedby')
}

function refuse(e) {
  const at = getSelection()?.anchorNode
  const within = n => (n?.nodeType === 1 ? n : n?.parentElement)?.closest('[data-no-copy] .app-sheet, [data-no-copy] .app-image')
  if (!within(e.target) && !within(at)) return
  e.preventDefault()
  const note = document.querySelector('.app-nocopy')
  if (note) {
    note.setAttribute('role', 'alert')
    note.textContent = 'Nothing was copied: the policy does not let contents be copied from this page.'
  }
}
