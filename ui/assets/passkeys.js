// Passkeys are the one thing that needs script: a place marked data-passkey
// begins at one address, asks the device, and sends its answer to another.
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

async function send(address, body) {
  const response = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const answer = response.headers.get('Content-Type')?.startsWith('application/json') ? await response.json() : {}
  if (!response.ok && !answer.next) throw new Error(answer.problem || 'That did not work. Reload the page and try again.')
  return answer
}

// What the device says, in the form that servers read.
function plain(credential) {
  const from = credential.response
  const response = { clientDataJSON: text(from.clientDataJSON) }
  for (const key of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) if (from[key]) response[key] = text(from[key])
  if (from.getTransports) response.transports = from.getTransports()
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults(), authenticatorAttachment: credential.authenticatorAttachment ?? undefined }
}

const listed = list => (list || []).map(item => ({ ...item, id: bytes(item.id) }))

async function create(place) {
  const name = place.querySelector('input').value
  const { publicKey: o, next } = await send(place.dataset.begin, {})
  if (next) return { next }
  const publicKey = { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: listed(o.excludeCredentials) }
  return send(place.dataset.finish, { name, response: plain(await navigator.credentials.create({ publicKey })) })
}

async function get(place) {
  const { publicKey: o } = await send(place.dataset.begin, {})
  const publicKey = { ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials) }
  return send(place.dataset.finish, plain(await navigator.credentials.get({ publicKey })))
}

export function offerPasskeys() {
  if (!window.PublicKeyCredential) return
  for (const place of document.querySelectorAll('[data-passkey]')) {
    place.hidden = false
    const button = place.querySelector('button')
    const status = place.querySelector('[data-passkey-status]')
    button.addEventListener('click', async () => {
      button.disabled = true
      status.textContent = ''
      try {
        const { next } = await (place.dataset.passkey === 'create' ? create(place) : get(place))
        location.assign(next)
      } catch (e) {
        status.textContent = e instanceof DOMException ? 'The device did not give a passkey. Nothing was changed.' : e.message
        button.disabled = false
      }
    })
  }
}
