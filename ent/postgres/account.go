package postgres

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/fincokpi/finco/domain"
)

// account is the operating system's user that Postgres runs as. Postgres refuses to run as root.
type account struct {
	name     string
	uid, gid int
	// switched says that it is not the user of this process.
	switched bool
}

// serverAccount is this process's own user, or for root the user postgres, else nobody.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "this user", uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil {
			return account{name: name, uid: uid, gid: gid, switched: true}, nil
		}
	}
	return account{}, domain.Errorf(domain.KindUnavailable, "Postgres does not run as root, and this machine has neither a user postgres nor nobody: start finco as an ordinary user.")
}

// attr detaches the server from the terminal, so that a Ctrl-C reaches it only through Stop.
func (a account) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// own makes dir with mode 0700 if it is missing, and the account's.
func (a account) own(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if int(stat.Uid) != a.uid && int(stat.Uid) != os.Geteuid() {
		return domain.Errorf(domain.KindUnavailable, "The folder %s belongs to another user: remove it or name another one.", dir)
	}
	if a.switched && int(stat.Uid) != a.uid {
		if err := os.Chown(dir, a.uid, a.gid); err != nil {
			return err
		}
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// reach says which folder above dir the account cannot enter.
func (a account) reach(dir string) error {
	if !a.switched {
		return nil
	}
	real, err := filepath.EvalSymlinks(filepath.Dir(dir))
	if err != nil {
		return err
	}
	for at := real; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		if !a.enters(info) {
			return domain.Errorf(domain.KindUnavailable,
				"Postgres runs as the user %s, which cannot enter %s (mode %04o): put the data elsewhere (FINCO_DATA_DIR=/var/lib/finco) or allow it with chmod o+x %s.",
				a.name, at, info.Mode().Perm(), at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

func (a account) enters(info os.FileInfo) bool {
	stat := info.Sys().(*syscall.Stat_t)
	switch {
	case int(stat.Uid) == a.uid:
		return info.Mode()&0o100 != 0
	case int(stat.Gid) == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}
