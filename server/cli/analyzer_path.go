package cli

import (
	"os"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// executable refuses a path that cannot be an analyzer before anything is started, saying what to give instead.
func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return domain.Errorf(domain.KindInvalid, "there is no file %s", path)
	case err != nil:
		return domain.Errorf(domain.KindInvalid, "the analyzer cannot be read: %w", err)
	case info.IsDir():
		return domain.Errorf(domain.KindInvalid, "%s is a folder: give the executable file that building makes, such as bin/NAME in it", path)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return domain.Errorf(domain.KindInvalid, "%s is not an executable file; where it should be one: chmod +x %s", path, path)
	}
	return nil
}

// noAnalyzer is the error of a program that does not speak the contract, with how to see what it says instead. Other errors stay.
func noAnalyzer(err error, path string) error {
	if err == nil {
		return nil
	}
	_, why, found := strings.Cut(err.Error(), "no handshake: ")
	if !found {
		return err
	}
	return domain.Errorf(domain.KindInvalid, "%s is no analyzer: it printed no handshake (%s); finco analyzer test --show-log %s shows what it says",
		path, strings.Join(strings.Fields(why), " "), path)
}
