// Package durable makes files and folders that are there after a power cut once
// the function has returned, and are there whole or not at all if it did not.
//
// A file system promises little: bytes are on the disk once their file was
// flushed, and a name once its folder was. So a file is written under another
// name, flushed and given its name, and then the folder is flushed; and a new
// folder's own name is flushed before anything rests on what lies in it.
package durable
