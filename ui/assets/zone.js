// offerZone lets people take their browser's time zone: on any page while they
// have chosen none, and in the account's form.
export function offerZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!zone) return
  const form = document.getElementById('offer-zone')
  if (form && !sameClock(zone, form.dataset.shown)) {
    form.elements.zone.value = zone
    form.querySelector('[data-zone]').textContent = zone
    form.hidden = false
  }
  const own = document.getElementById('own-zone')
  const field = document.getElementById('field-zone')
  if (own && field && field.value !== zone) {
    own.querySelector('span').textContent = zone
    own.hidden = false
    own.addEventListener('click', () => {
      field.value = zone
      field.form.requestSubmit()
    })
  }
}

// sameClock tells whether two zones show the same time in winter and in summer.
function sameClock(a, b) {
  const year = new Date().getFullYear()
  return [0, 6].every(month => {
    const day = new Date(Date.UTC(year, month, 15))
    try {
      return day.toLocaleString('en', { timeZone: a }) === day.toLocaleString('en', { timeZone: b })
    } catch {
      return true // a browser that does not know the zone offers nothing
    }
  })
}
