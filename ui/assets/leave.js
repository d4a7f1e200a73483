// Whoever signs out in one tab has signed out in all: the others ask the server
// again, which shows them the page to sign in on, and nothing of a person's stays
// open for the next one at the machine. A session that merely ran out closes no
// tab: what somebody has written there can still be sent after they signed in
// again beside it.
import { forgetAll } from './keep.js'

const leaving = 'leaving'

export function startLeaving() {
  addEventListener('pageshow', e => { if (e.persisted) location.reload() }) // out of the browser's memory, by its back button
  document.addEventListener('submit', e => {
    if (e.target.matches('[action="/sign-out"]')) sessionStorage.setItem(leaving, 'yes')
  })
  if (!('BroadcastChannel' in window)) return
  const tabs = new BroadcastChannel('sallyport')
  if (document.querySelector('#signed-in-as')) {
    tabs.addEventListener('message', e => {
      if (e.data !== leaving) return
      forgetAll()
      location.replace(location.pathname + location.search)
    })
  } else if (sessionStorage.getItem(leaving)) {
    sessionStorage.removeItem(leaving)
    tabs.postMessage(leaving)
  }
}
