// Package disktest is a disk that fails, for tests. A test runs in a process of
// its own, whose system calls on files pass by the test that started it: that one
// lets each through, answers it with an error in the kernel's place, or writes
// half. Nothing of the program under test is replaced, so SQLite's own reads,
// writes and flushes are among the calls as much as those of Go, and those of the
// programs that it starts.
//
// What was let through can be recorded ([Disk.Record]). From the record the files
// can be made as a power cut would have left them after any call, by what the
// interfaces promise and no more: written bytes are there for certain once their
// file was flushed, names once their folder was ([Record.Crash]).
//
// It works by seccomp's notifications, which need Linux 5.19 and no rights. Where
// they are not to be had, tests are skipped, or fail when SALLYPORT_DISKTEST is
// "required".
package disktest
