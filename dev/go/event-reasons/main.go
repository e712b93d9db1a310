// Command event-reasons prints, as JSON, every reason of events that parts of
// Kubernetes can write, found in their sources:
//
//	event-reasons k8s.io/kubernetes=FOLDER ... -- kubelet=k8s.io/kubernetes/pkg/kubelet ...
//
// Before the dashes stand the modules and where they lie, after them the parts
// and the packages of each, with all that lie below. What a module that is not
// named declares is unknown; no reason depends on it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "event-reasons: %v\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	dashes := slices.Index(arguments, "--")
	if dashes < 0 {
		return fmt.Errorf("usage: event-reasons MODULE=FOLDER ... -- PART=PACKAGE ...")
	}
	modules := make(map[string]string)
	for _, each := range arguments[:dashes] {
		module, folder, _ := strings.Cut(each, "=")
		modules[module] = folder
	}
	var parts []part
	for _, each := range arguments[dashes+1:] {
		name, root, _ := strings.Cut(each, "=")
		parts = append(parts, part{name, root})
	}
	sources, err := load(modules, parts)
	if err != nil {
		return err
	}
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	return output.Encode(find(sources, parts))
}

// A part of Kubernetes that writes events, and the package under which its
// sources lie.
type part struct{ name, root string }

// partOf names the part with the innermost root around a package, or "".
func partOf(path string, parts []part) string {
	var best part
	for _, each := range parts {
		if (path == each.root || strings.HasPrefix(path, each.root+"/")) && len(each.root) > len(best.root) {
			best = each
		}
	}
	return best.name
}
