// Package browsertest gives the tests of every room a real browser: a headless
// Chromium with an empty profile that talks to this machine only.
//
// [Start] finds the browser (SALLYPORT_BROWSER, else chromium,
// chromium-browser or google-chrome on the path), starts it for one test and
// stops it when the test ends. Where there is none the test is skipped, unless
// SALLYPORT_BROWSER is "required": then it fails, so that a build machine
// cannot pass by lacking a browser. [Profile] opens a tab with cookies of its
// own, for a second person. [Screenshot] keeps a picture in the folder named
// by SALLYPORT_SCREENSHOTS, and does nothing when that is not set.
package browsertest
