package postgrestest

// copyStrategy is the faster way to copy a small template on a server that does not sync.
const copyStrategy = ` STRATEGY file_copy`

// watchdog stops the server and removes its data when for 20 seconds no process registered under $1/users was alive.
//
// A test process registers first and then looks for the file "closing"; the watchdog writes the file first and then looks at
// the processes once more. So at least one of the two sees the other, and no server is stopped under a process that joined it.
const watchdog = `
cd "$1" || exit 1
used() {
	found=1
	for user in users/*; do
		[ -e "$user" ] || continue
		if kill -0 "${user#users/}" 2>/dev/null; then found=0; else rm -f "$user"; fi
	done
	return $found
}
server() { head -n 1 server/data/postmaster.pid 2>/dev/null; }
idle=0
while [ $idle -lt 20 ] || { : >closing; used && rm -f closing; }; do
	sleep 2
	if used; then idle=0; else idle=$((idle + 2)); fi
done
patience=100
while pid=$(server) && [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null && [ $patience -gt 0 ]; do
	sleep 0.1
	patience=$((patience - 1))
done
rm -rf server watchdog
rm -f closing
`
