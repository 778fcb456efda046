// Package process owns one analyzer plugin as one subprocess, from the checksum of its file to the reaping of its
// children: plugins/host keeps several alive with it, plugins/analyzertest examines one.
//
// What always holds:
//   - The file is started only if its SHA-256 is the pinned one.
//   - The plugin gets a short list of environment variables, no descriptor and no standard input of the host's.
//   - It dies with the host, kill -9 included (Linux: Pdeathsig, from a thread that lives as long as the host). Whenever
//     it ends while the host lives, its children, which share its process group, are killed; those that left the group too,
//     if it is the host that ends it. After a kill -9 of the host they are told by nothing but the end of their pipes.
//   - Nobody but the host's user can reach it: it serves on a unix socket in a folder made for it alone with mode 0700,
//     and no other address is dialled. There are no certificates; what go-plugin would do with one is not reached.
//   - Memory is limited twice: the resident memory of plugin and children is looked at ten times a second, and the
//     kernel refuses a data segment of more than four times the limit (RLIMIT_DATA), which bounds what fits in between.
//     Pages shared between plugin and children count once. The plugin and its children are at most 64 processes.
//   - Every call has a deadline and a size limit, and an answer that breaks the contract is an error, never a result.
//   - What the plugin prints becomes log lines, shortened, limited in rate, and withheld when they repeat the text of a
//     message that was handed to it lately.
//
// It refuses to restart anything or to keep score of failures; that is plugins/host.
package process
