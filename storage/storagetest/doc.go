// Package storagetest gives tests what a release is delivered to: a real
// S3-compatible server, a stand-in for the OpenSAFELY job server that follows
// its rules, the odd ones too, and a proxy that spoils the network between.
package storagetest
