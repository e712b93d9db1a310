package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// sources are type-checked packages. Only those of the parts have their
// function bodies and stand in files; of the others their declarations count.
type sources struct {
	modules map[string]string
	parts   []part
	context build.Context
	fileSet *token.FileSet
	checked map[string]*types.Package
	info    *types.Info
	files   map[string][]*ast.File
}

// load type-checks all packages of the parts.
func load(modules map[string]string, parts []part) (*sources, error) {
	context := build.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = "linux", "amd64", true
	loaded := &sources{
		modules: modules,
		parts:   parts,
		context: context,
		fileSet: token.NewFileSet(),
		checked: make(map[string]*types.Package),
		files:   make(map[string][]*ast.File),
		info: &types.Info{
			Types: make(map[ast.Expr]types.TypeAndValue),
			Defs:  make(map[*ast.Ident]types.Object),
			Uses:  make(map[*ast.Ident]types.Object),
		},
	}
	for _, each := range parts {
		if err := loaded.loadBelow(each.root); err != nil {
			return nil, err
		}
		if len(loaded.files) == 0 {
			return nil, fmt.Errorf("%s: no Go packages there", each.root)
		}
	}
	return loaded, nil
}

func (s *sources) loadBelow(root string) error {
	top := s.folder(root)
	if top == "" {
		return fmt.Errorf("%s: its module is not given", root)
	}
	return filepath.WalkDir(top, func(folder string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); folder != top && (name == "testing" || name == "testdata" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		below, err := filepath.Rel(top, folder)
		if err != nil {
			return err
		}
		_, err = s.Import(path.Join(root, filepath.ToSlash(below)))
		return err
	})
}

// folder is where a package lies, "" if its module is not given.
func (s *sources) folder(path string) string {
	for module, folder := range s.modules {
		if rest, inside := strings.CutPrefix(path, module); inside && (rest == "" || rest[0] == '/') {
			return filepath.Join(folder, filepath.FromSlash(rest))
		}
	}
	return ""
}

// Import gives a package type-checked as far as the given modules go: what is
// unknown in it stays without a type.
func (s *sources) Import(path string) (*types.Package, error) {
	if known := s.checked[path]; known != nil {
		return known, nil
	}
	empty := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
	empty.MarkComplete()
	s.checked[path] = empty
	folder := s.folder(path)
	if folder == "" {
		return empty, nil
	}
	listed, err := s.context.ImportDir(folder, 0)
	if err != nil {
		// Nothing but tests, or files for other systems.
		return empty, nil
	}
	wanted := partOf(path, s.parts) != ""
	var files []*ast.File
	for _, name := range append(listed.GoFiles, listed.CgoFiles...) {
		file, err := parser.ParseFile(s.fileSet, filepath.Join(folder, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	check := types.Config{Importer: s, IgnoreFuncBodies: !wanted, FakeImportC: true, Error: func(error) {}}
	var info *types.Info
	if wanted {
		info = s.info
		s.files[path] = files
	}
	result, _ := check.Check(path, s.fileSet, files, info) // errors: what is unknown
	s.checked[path] = result
	return result, nil
}
