package scaffold

import (
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// modulesFile has the version of Go and the modules that the contract's packages stand on, one a line, as FinCo itself has
// them; go.sum beside it has their sums. A test holds both to FinCo's own.
const modulesFile = "modules.txt"

func goModules() (version string, modules []string, err error) {
	raw, err := templates.ReadFile("templates/go/" + modulesFile)
	if err != nil {
		return "", nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	version, found := strings.CutPrefix(lines[0], "go ")
	if !found || len(lines) < 2 {
		return "", nil, errors.New(modulesFile + " is damaged")
	}
	return version, lines[1:], nil
}

// addContract adds what the language needs of the contract.
func (p page) addContract(files map[string][]byte) error {
	contract, err := analyzerv1.Sources.ReadFile("analyzer.proto")
	if err != nil {
		return err
	}
	switch p.Lang {
	case "go":
		return errors.Join(
			addSources(files, analyzer.Sources, "finco/plugins/analyzer"), addSources(files, analyzerv1.Sources, "finco/plugins/proto/v1"))
	case "python":
		files["src/finco_plugin/analyzer.proto"] = contract
		files["src/finco_plugin/descriptor.py"], err = pythonDescriptor()
		return err
	default:
		files["src/finco/analyzer.proto"] = contract
		return nil
	}
}

// addSources adds a package without its tests, and without what embeds it.
func addSources(files map[string][]byte, sources embed.FS, folder string) error {
	entries, err := fs.ReadDir(sources, ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasSuffix(name, "_test.go") || name == "sources.go" {
			continue
		}
		if files[path.Join(folder, name)], err = sources.ReadFile(name); err != nil {
			return err
		}
	}
	return nil
}

// pythonDescriptor is the compiled contract, and that of health checks, as a module.
func pythonDescriptor() ([]byte, error) {
	var set descriptorpb.FileDescriptorSet
	for _, file := range []protoreflect.FileDescriptor{analyzerv1.File_v1_analyzer_proto, healthv1.File_grpc_health_v1_health_proto} {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(&set)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	out.WriteString("\"\"\"analyzer.proto and grpc.health.v1, compiled: a FileDescriptorSet in base64.\"\"\"\n\nDESCRIPTOR = (\n")
	const width = 110
	for text := base64.StdEncoding.EncodeToString(raw); text != ""; {
		n := min(width, len(text))
		fmt.Fprintf(&out, "    \"%s\"\n", text[:n])
		text = text[n:]
	}
	out.WriteString(")\n")
	return []byte(out.String()), nil
}
