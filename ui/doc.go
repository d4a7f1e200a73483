// Package ui shows the service in a browser and takes what people type. It
// holds no rules of its own: every page asks a [Service], which authorises each
// call, and shows what comes back.
package ui
