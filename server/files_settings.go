package server

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/bot"
	"github.com/fincokpi/finco/domain"
)

// leastKeep is how long files are kept at least: a shorter time could take away what is still to be listened to.
const leastKeep = 24 * time.Hour

// checkFiles tells what is wrong with the settings of files.
func (c *Config) checkFiles(faults *domain.Faults) {
	if keep, ok := parseKeep(c.FilesKeep); !ok || keep != 0 && keep < leastKeep {
		faults.Add("FINCO_FILES_KEEP", "%q is neither 0 nor a time of a day or more, such as 90d", c.FilesKeep)
	}
	if c.TelegramFilesDir != "" && !filepath.IsAbs(c.TelegramFilesDir) {
		faults.Add("FINCO_TELEGRAM_FILES_DIR", "must be an absolute path, as the Bot API server names it")
	}
	c.checkS3(faults)
}

// parseKeep reads days (90d) or hours (2160h); 0 and nothing mean for ever.
func parseKeep(text string) (time.Duration, bool) {
	if text == "" || text == "0" {
		return 0, true
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err == nil && n >= 0 && n <= 36500
	}
	keep, err := time.ParseDuration(text)
	return keep, err == nil && keep >= 0
}

// keepFiles is how long files are kept, 0 for ever. The setting was checked.
func (c *Config) keepFiles() time.Duration {
	keep, _ := parseKeep(c.FilesKeep)
	return keep
}

// files is the store that the settings name.
func (c *Config) files() (placedStore, error) {
	folder, err := newFileStore(c.DataDir)
	if err != nil || c.S3Endpoint == "" {
		return folder, err
	}
	bucket, err := newS3Store(c, folder.dir)
	return movedStore{bucket, folder}, err
}

// downloads fetches from Telegram, in every process that knows the bot's token; nil without one.
func (p *Parts) downloads() (app.Downloads, error) {
	if p.cfg.TelegramToken == "" {
		return nil, nil
	}
	return bot.NewDownloader(bot.DownloadConfig{Log: p.Log, Token: p.cfg.TelegramToken, URL: p.cfg.TelegramURL, FilesDir: p.cfg.TelegramFilesDir})
}

// fileWorkers is how many files this process fetches at once: none without the bot's token.
func (p *Parts) fileWorkers() int {
	if p.cfg.TelegramToken == "" {
		return 0
	}
	return 4
}
