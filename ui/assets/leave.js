// Whoever signs out in one tab has signed out in all: the others ask the server
// again, which shows them the page to sign in on, and nothing of a person's stays
// open for the next one at the machine. The page to sign in on is only ever shown
// to nobody, so it tells the others that there is nobody.
export function startLeaving() {
  addEventListener('pageshow', e => { if (e.persisted) location.reload() }) // out of the browser's memory, by its back button
  if (!('BroadcastChannel' in window)) return
  const tabs = new BroadcastChannel('sallyport')
  if (document.querySelector('#signed-in-as')) {
    tabs.addEventListener('message', e => { if (e.data === 'nobody is signed in') location.replace(location.pathname + location.search) })
  } else if (location.pathname === '/sign-in') {
    tabs.postMessage('nobody is signed in')
  }
}
