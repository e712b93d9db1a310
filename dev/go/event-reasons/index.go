package main

import (
	"go/ast"
	"go/types"
)

// A term is an expression and the package it stands in. Of a call with several
// results, result says which is meant.
type term struct {
	expr   ast.Expr
	result int
	path   string
}

// A call of a function or method, and the package it stands in.
type call struct {
	*ast.CallExpr
	path string
}

// An index says where variables get their values and functions are called.
type index struct {
	*sources
	given   map[types.Object][]term         // by assignments, of variables and fields
	calls   map[types.Object][]call         // by what is named: a function, a method, a variable that holds one
	passed  map[types.Object][]types.Object // of a function, the variables that hold it
	bodies  map[*types.Func]*ast.FuncDecl   // of functions and methods
	paths   map[*types.Func]string          // the package of each
	owners  map[types.Object]types.Object   // of a parameter, its function or the variable that holds it
	places  map[types.Object]int            // of a parameter, its place
	methods map[string][]*types.Func        // by name, also those of interfaces
}

func newIndex(loaded *sources) *index {
	made := &index{
		sources: loaded,
		given:   make(map[types.Object][]term),
		calls:   make(map[types.Object][]call),
		passed:  make(map[types.Object][]types.Object),
		bodies:  make(map[*types.Func]*ast.FuncDecl),
		paths:   make(map[*types.Func]string),
		owners:  make(map[types.Object]types.Object),
		places:  make(map[types.Object]int),
		methods: make(map[string][]*types.Func),
	}
	for path, files := range loaded.files {
		for _, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				made.note(node, path)
				return true
			})
		}
	}
	for called := range made.calls {
		if function, ok := called.(*types.Func); ok && function.Signature().Recv() != nil {
			made.methods[function.Name()] = append(made.methods[function.Name()], function)
		}
	}
	made.notePassed()
	return made
}

// notePassed follows functions into the variables and parameters that they are
// given to.
func (x *index) notePassed() {
	for variable, terms := range x.given {
		for _, each := range terms {
			x.pass(each.expr, variable)
		}
	}
	for called, calls := range x.calls {
		function, ok := called.(*types.Func)
		if !ok {
			continue
		}
		for _, body := range x.alike(function) {
			for _, each := range calls {
				for i, argument := range each.Args {
					if parameters := body.Signature().Params(); i < parameters.Len() {
						x.pass(argument, parameters.At(i))
					}
				}
			}
		}
	}
}

func (x *index) pass(value ast.Expr, variable types.Object) {
	if literal, ok := value.(*ast.FuncLit); ok {
		x.noteParameters(literal.Type, variable)
	} else if function, ok := x.object(value).(*types.Func); ok {
		x.passed[function] = append(x.passed[function], variable)
	}
}

// noteParameters says whose the parameters of a function are.
func (x *index) noteParameters(function *ast.FuncType, owner types.Object) {
	place := 0
	for _, field := range function.Params.List {
		for _, name := range field.Names {
			x.owners[x.info.Defs[name]], x.places[x.info.Defs[name]] = owner, place
			place++
		}
		if len(field.Names) == 0 {
			place++
		}
	}
}

func (x *index) note(node ast.Node, path string) {
	switch node := node.(type) {
	case *ast.FuncDecl:
		x.noteFunction(node, path)
	case *ast.CallExpr:
		switch called := x.object(node.Fun).(type) {
		case *types.Func:
			x.calls[called.Origin()] = append(x.calls[called.Origin()], call{node, path})
		case *types.Var:
			x.calls[called] = append(x.calls[called], call{node, path})
		}
	case *ast.AssignStmt:
		x.noteValues(node.Lhs, node.Rhs, path)
	case *ast.ValueSpec:
		names := make([]ast.Expr, len(node.Names))
		for i, name := range node.Names {
			names[i] = name
		}
		x.noteValues(names, node.Values, path)
	case *ast.CompositeLit:
		x.noteFields(node, path)
	}
}

func (x *index) noteFunction(declared *ast.FuncDecl, path string) {
	function, ok := x.info.Defs[declared.Name].(*types.Func)
	if !ok {
		return
	}
	x.bodies[function], x.paths[function] = declared, path
	x.noteParameters(declared.Type, function)
	if x.calls[function] == nil {
		x.calls[function] = []call{}
	}
}

func (x *index) noteValues(names, values []ast.Expr, path string) {
	for i, name := range names {
		variable := x.object(name)
		if variable == nil || len(values) == 0 {
			continue
		}
		if len(values) == len(names) {
			x.given[variable] = append(x.given[variable], term{values[i], 0, path})
		} else {
			x.given[variable] = append(x.given[variable], term{values[0], i, path})
		}
	}
}

func (x *index) noteFields(literal *ast.CompositeLit, path string) {
	for i, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				if field, ok := x.info.Uses[key].(*types.Var); ok && field.IsField() {
					x.given[field] = append(x.given[field], term{pair.Value, 0, path})
				}
			}
		} else if made := x.info.Types[literal].Type; made != nil {
			if fields, ok := made.Underlying().(*types.Struct); ok && i < fields.NumFields() {
				x.given[fields.Field(i)] = append(x.given[fields.Field(i)], term{element, 0, path})
			}
		}
	}
}

// object is what an expression names, nil if it names nothing.
func (x *index) object(expr ast.Expr) types.Object {
	switch expr := expr.(type) {
	case *ast.ParenExpr:
		return x.object(expr.X)
	case *ast.SelectorExpr:
		return x.object(expr.Sel)
	case *ast.Ident:
		if used := x.info.Uses[expr]; used != nil {
			return used
		}
		return x.info.Defs[expr]
	}
	return nil
}

// alike are the functions that a call of this one may mean: itself, and for a
// method those of interfaces that its receiver implements, or that implement
// its interface.
func (x *index) alike(function *types.Func) []*types.Func {
	found := []*types.Func{function}
	if function.Signature().Recv() == nil {
		return found
	}
	for _, each := range x.methods[function.Name()] {
		if implements(each, function) || implements(function, each) {
			found = append(found, each)
		}
	}
	return found
}

// implements says whether a method is one of those that a method of an
// interface stands for.
func implements(method, abstract *types.Func) bool {
	receiver := method.Signature().Recv().Type()
	face, ok := abstract.Signature().Recv().Type().Underlying().(*types.Interface)
	return ok && !types.IsInterface(receiver) && (types.Implements(receiver, face) || types.Implements(types.NewPointer(receiver), face))
}
