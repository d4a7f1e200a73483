// Browsers take no text as HTML, script or the address of a script on these
// pages, but by the one policy of Trusted Types that is made here. It lets
// through only what our own templates write: text with anything in it that could
// run, fetch or lead away by itself is refused, and the page stays as it was.
import htmx from 'htmx.org'

const refused = new Set(['script', 'iframe', 'frame', 'object', 'embed', 'base', 'meta', 'link', 'style', 'portal', 'foreignobject', 'animate', 'set'])
const addresses = new Set(['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'poster', 'srcset', 'ping'])

// harmless throws unless nothing below a node does anything by itself.
function harmless(node) {
  for (const element of node.querySelectorAll('*')) {
    const name = element.localName.toLowerCase()
    if (refused.has(name)) throw new TypeError(`<${name}> is no part of a page here`)
    for (const { name: attribute, value } of element.attributes) {
      const a = attribute.toLowerCase()
      if (a.startsWith('on') || a.startsWith('hx-on') || a === 'srcdoc' || a === 'style') throw new TypeError(`${a} is no part of a page here`)
      if (addresses.has(a) && new URL(value, location.href).origin !== location.origin) throw new TypeError(`${a} leads away`)
    }
    if (name === 'template') harmless(element.content)
  }
}

let reading = false // to look at it, text is parsed where nothing runs
function look(text) {
  reading = true
  try {
    harmless(new DOMParser().parseFromString(policy.createHTML(text), 'text/html'))
  } finally {
    reading = false
  }
}

const never = () => { throw new TypeError('text is never run here') }
const rules = {
  createHTML(text) {
    if (!reading) look(text)
    return text
  },
  createScript: never,
  createScriptURL: never
}
// Where a browser has no Trusted Types, the same rules hold for htmx at least.
export const policy = window.trustedTypes ? window.trustedTypes.createPolicy('sallyport', rules) : rules

htmx.registerExtension('trusted', { init: api => api.initSecurity(policy, never, never) })
