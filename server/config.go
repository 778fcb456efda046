package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// Config is the settings. Each is a flag, an environment variable and a key of finco.yml.
type Config struct {
	DatabaseURL    string   `name:"database-url" env:"DATABASE_URL" help:"Postgres to use. Empty: a private one under the data directory."`
	MigrateURL     string   `name:"migrate-url" env:"FINCO_MIGRATE_URL" help:"Connects as the owner of the tables, for migrations. Empty: the database URL."`
	Addr           string   `name:"addr" env:"FINCO_ADDR" default:"127.0.0.1:8080" help:"Address to serve HTTP on."`
	DataDir        string   `name:"data-dir" env:"FINCO_DATA_DIR" default:".finco" help:"Directory of everything FinCo keeps on disk." type:"path"`
	Secret         string   `name:"secret" env:"FINCO_SECRET" help:"Signs access tokens, at least 32 characters. Empty: made once and kept in the data directory."`
	LogLevel       string   `name:"log" env:"FINCO_LOG" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
	AnalyzersDir   string   `name:"analyzers-dir" env:"FINCO_ANALYZERS_DIR" help:"Directory of the built-in analyzers. Empty: analyzers, beside the program." type:"path"`
	TrustedProxies []string `name:"trusted-proxies" env:"FINCO_TRUSTED_PROXIES" help:"Addresses or networks of proxies whose X-Forwarded-For is believed."`
}

// Validate refuses what could only fail later, naming the setting.
func (c *Config) Validate() error {
	var faults domain.Faults
	if c.Secret != "" && len(c.Secret) < 32 {
		faults.Add("FINCO_SECRET", "has fewer than 32 characters")
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		faults.Add("FINCO_ADDR", "%q is no address such as 127.0.0.1:8080", c.Addr)
	}
	for _, p := range c.TrustedProxies {
		if _, err := proxyPrefix(p); err != nil {
			faults.Add("FINCO_TRUSTED_PROXIES", "%q is neither an address nor a network", p)
		}
	}
	return faults.Err()
}

func proxyPrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(s)
}

// Logger writes structured lines to standard error.
func (c *Config) Logger() *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(strings.ToUpper(c.LogLevel))) != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// secret is the setting's, else the one kept in the data directory, made at the first start.
func (c *Config) secret() ([]byte, error) {
	if c.Secret != "" {
		return []byte(c.Secret), nil
	}
	path := filepath.Join(c.DataDir, "secret")
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) >= 32 {
		return kept, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, domain.Errorf(domain.KindInternal, "the secret cannot be read: %w", err)
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	secret := []byte(hex.EncodeToString(raw))
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		return nil, domain.Errorf(domain.KindInternal, "the secret cannot be kept: %w", err)
	}
	return secret, nil
}

func (c *Config) analyzersDir() (string, error) {
	if c.AnalyzersDir != "" {
		return c.AnalyzersDir, nil
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(program), "analyzers"), nil
}
