// Package host supervises and registers analyzer plugins: it starts each from its pinned file, bounds and splits the
// calls to it, restarts it when it dies, takes it out of service when it dies too often and swaps versions under load.
//
// What always holds:
//   - A plugin's fault is a typed error that names the plugin; nothing a plugin does ends the host or blocks a caller
//     past its deadline.
//   - Three failures (an end, a missed deadline, an answer against the contract, a failed start) within 60 minutes put a
//     plugin out of service. It stays visible in Status with the reason, calls fail at once, and Reset brings it back.
//     Calls that fail together are one failure. A plugin's own typed errors, such as a model server that is away, are none.
//   - A message during which the plugin died or hung is tried once more alone, and held back with an error of its own if
//     that happens again: one poisonous message costs two failures, not the plugin.
//   - When a version takes over, calls under way end on the old process, later ones begin on the new.
//
// It refuses to know what is registered and why (app keeps the records), to retry calls (jobs do) and to see a database.
package host
