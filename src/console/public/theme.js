// Sets the colour scheme before the first paint. A file of its own, because the content security policy allows
// no inline script.
;(function () {
  var stored = null
  try {
    stored = window.localStorage.getItem('practice-studio.theme')
  } catch {
    // Storage may be blocked; the system's scheme is used then.
  }
  var dark =
    stored === 'dark' || (stored !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
