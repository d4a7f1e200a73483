import { initAll } from 'nhsuk-frontend'
import 'htmx.org'
document.body.classList.add('js-enabled', 'nhsuk-frontend-supported')
initAll()
