// Package confine examines files in processes of their own, so that no file can
// take the service down with it.
//
// A [Pool] starts children of the same program, which run [Serve]: they check a
// set of files, or clean one, and speak with the pool over two pipes. A child
// has no environment, can open no file and no connection, and may use only so
// much memory; a file that takes too long has its child killed. A child that dies
// leaves the file it was at incomplete, with the reason, and another child does
// the rest. Children that are well are used again.
//
// What a child says is not believed further than it has to be: places, paths,
// versions and the digests of files are the pool's own.
//
// The pipes carry frames: a letter, the length in four bytes, and that many
// bytes. Towards a child go a job, and the bytes of files as it asks for them;
// back come its questions, what it begins and has done, and the result.
package confine
