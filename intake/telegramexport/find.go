package telegramexport

import (
	"os"
	"path/filepath"

	"github.com/fincokpi/finco/domain"
)

// Find names the exports at a path: the file itself, a folder with result.json, or, in a folder without one, every JSON file in
// it and every folder in it that is an export, in the order of their names.
func Find(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err)
	}
	if !info.IsDir() || exists(filepath.Join(path, resultName)) || exists(filepath.Join(path, "messages.html")) {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, openError(path, err)
	}
	var found []string
	for _, e := range entries {
		inner := filepath.Join(path, e.Name())
		if e.Type().IsRegular() && filepath.Ext(e.Name()) == ".json" || e.IsDir() && exists(filepath.Join(inner, resultName)) {
			found = append(found, inner)
		}
	}
	if len(found) == 0 {
		return nil, domain.Errorf(domain.KindNotFound, "there is no export in %s: a folder of Telegram Desktop has %s", path, resultName)
	}
	return found, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
